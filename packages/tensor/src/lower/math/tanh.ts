import type { Emitter, Value } from "../emitter";
import { biasOf, type ByFloat, floats, forDType, nearestInteger, withExponent } from "./floats";

/**
 * (tanh r − r)/r³ in powers of r² on |r| ≤ ln2/4, minimax (Remez exchange in 50 digits, error relative to tanh r), and ln2/2, in positive parts where one
 * number is not enough. From the bound on the result is 1.
 */
const constants: ByFloat<{
  readonly curve: readonly number[];
  readonly halfLn2: readonly number[];
  readonly bound: number;
}> = {
  float32: {
    curve: [-0.3333332271809417, 0.13331183598860863, -0.05272702694093596],
    halfLn2: [0.34657359027997264],
    bound: 9.1,
  },
  float64: {
    curve: [
      -0.3333333333333249, 0.13333333332783745, -0.05396825278200754, 0.021869370714323856, -0.008857308761802544,
      0.003444837728969977,
    ],
    halfLn2: [0.34657359027994517, 2.7489615093541856e-14],
    bound: 19.2,
  },
};

/**
 * Hyperbolic tangent. With x = n·ln2/2 + r, s = 2ⁿ and h = tanh r, the addition theorem gives (h(1 + s) − (1 − s)) / ((1 + s) − h(1 − s)): an odd
 * polynomial half as long as that of an exponential, no cancellation, exact for denormals and for signs of zero.
 */
export function tanh(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const { curve, halfLn2, bound } = forDType(constants, x.dtype);
  const held = f.atLeast(f.atMost(x, bound), -bound);
  const n = nearestInteger(k, f.mul(held, 2 * Math.LOG2E), biasOf(x.dtype));
  const r = halfLn2.reduce((rest, part) => f.subProduct(rest, n.float, part), held);
  const square = f.mul(r, r);
  const h = f.mul(r, f.addProduct(1, square, f.polynomial(square, curve)));
  const s = withExponent(k, x.dtype, n.biased);
  const sum = f.add(s, 1);
  const difference = f.sub(1, s);
  // Of one sign with h where s is 1, so that zeros keep theirs.
  const numerator = k.fused ? f.addProduct(k.neg(difference), h, sum) : f.sub(f.mul(h, sum), difference);
  return f.div(numerator, f.subProduct(sum, h, difference));
}
