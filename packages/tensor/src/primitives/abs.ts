import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** |x|. The derivative is sign(x), 0 at 0. The least int32 stays as it is. */
export const abs: Primitive = elementwise({
  name: "abs",
  domain: { ...real, kinks: [0] },
  partials: [(o, [x]) => o.sign(x!)],
  emit: (k, x) => (x.dtype === "uint32" ? x : k.abs(x)),
});
