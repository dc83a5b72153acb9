import { powerOfNegative } from "../lower/math/exponential";
import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** eˣ for x ≤ 0, its own derivative: 0 where it would be less than the least normal number. Of positive x it is not defined. */
export const decay: Primitive = elementwise({
  name: "decay",
  domain: real,
  takes: "float",
  partials: [(_o, _ins, y) => y],
  emit: powerOfNegative,
});
