import { adding } from "../lower/fold";
import { powerOfNegative } from "../lower/math/exponential";
import { type Primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { foldAxes } from "./accumulate";
import { along, type Axes, overAxes } from "./over-axes";
import { reduced } from "./sum";

/**
 * log Σ exp x over `axes` (ascending): m + log Σ exp(x − m) with m the greatest element, so that nothing overflows; −∞ of no elements
 * and of elements that are all −∞, where the derivative is 0.
 */
export const logsumexp: Primitive<Axes> = overAxes({
  name: "logsumexp",
  domain: real,
  // Two passes over the input.
  fusion: "expand",
  shape: ([x], { axes }) => [reduced("logsumexp", x!, axes, "float")],
  vjp: (o, [ct], [x], [out], { axes }) => [ct && o.mul(along(o, ct, x!, axes), weights(o, x!, out!, axes))],
  jvp: (o, [tangent], [x], [out], { axes }) => [tangent && o.sum(o.mul(tangent, weights(o, x!, out!, axes)), axes)],
  element: (k, [x], i, { axes }) => {
    const { dtype } = x!;
    // A NaN is passed over here, and comes out of the sum below.
    const greatest = foldAxes(k, x!, axes, i, {
      initial: -Infinity,
      combine: (_, a, b) => k.select(k.less(a, b), b, a),
    });
    // ∞ − ∞ would be NaN.
    const finite = k.less(k.abs(greatest), k.literal(dtype, Infinity));
    const zero = k.literal(dtype, 0);
    const shift = k.select(finite, greatest, zero);
    const total = foldAxes(k, x!, axes, i, adding, (value) => {
      const distance = k.sub(value, shift);
      // All are at most 0 where the greatest is finite; otherwise it alone is the result, unless a NaN is.
      return powerOfNegative(k, k.select(k.less(zero, distance), zero, distance));
    });
    return k.add(k.math("log", total), greatest);
  },
});

/** softmax of x: exp(x − logsumexp x), and 0 where that is of −∞. */
function weights(o: RuleOps, x: Tensor, out: Tensor, axes: readonly number[]): Tensor {
  const total = along(o, out, x, axes);
  const empty = o.equal(total, -Infinity);
  return o.where(empty, 0, o.exp(o.sub(x, o.where(empty, 0, total))));
}
