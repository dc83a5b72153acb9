import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** max(x, 0); NaN for NaN. The derivative at 0 is 0. */
export const relu: Primitive = elementwise({
  name: "relu",
  domain: { ...real, kinks: [0] },
  partials: [(o, [x]) => o.cast(o.less(0, x!), x!.dtype)],
  emit: (k, x) => k.max(x, k.literal(x.dtype, 0)),
});
