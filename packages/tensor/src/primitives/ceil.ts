import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** Smallest integer ≥ x. The derivative is 0 everywhere. */
export const ceil: Primitive = elementwise({
  name: "ceil",
  domain: { ...real, kinks: [-3, -2, -1, 0, 1, 2, 3] },
  takes: "float",
  partials: [undefined],
  emit: (k, x) => k.ceil(x),
});
