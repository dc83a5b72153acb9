import { powerOfNegative } from "../lower/math/exponential";
import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** eˣ for x ≤ 0, but 0 where that would be less than the least normal number; 1 for positive x. */
export const decay: Primitive = elementwise({
  name: "decay",
  domain: real,
  takes: "float",
  partials: [(o, [x], y) => o.where(o.less(0, x!), 0, y)],
  emit: powerOfNegative,
});
