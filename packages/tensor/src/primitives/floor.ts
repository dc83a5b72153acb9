import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** Largest integer ≤ x. The derivative is 0 everywhere. */
export const floor: Primitive = elementwise({
  name: "floor",
  domain: { ...real, kinks: [-3, -2, -1, 0, 1, 2, 3] },
  takes: "float",
  partials: [undefined],
  emit: (k, x) => k.floor(x),
});
