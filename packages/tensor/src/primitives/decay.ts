import { powerOfNegative } from "../lower/math/exponential";
import { nowherePositive, type Primitive } from "../primitive";
import { elementwise } from "./elementwise";

/** eˣ for x ≤ 0, and for no other; 0 where that would be less than the least normal number. */
export const decay: Primitive = elementwise({
  name: "decay",
  domain: nowherePositive,
  takes: "float",
  partials: [(_o, _ins, y) => y],
  emit: powerOfNegative,
});
