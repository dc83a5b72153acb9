import type { Emitter, Value } from "../emitter";
import { type ByFloat, floats, forDType, nearestInteger, powerOfBiased, scale } from "./floats";

/**
 * (eʳ − 1 − r)/r² on |r| ≤ ln2/2, minimax (Remez exchange in 45 digits, error relative to eʳ − 1), and ln2 in two parts of which the first
 * has few enough bits for exact products with any exponent. Outside the bounds eˣ/2 is 0 or infinite.
 */
const constants: ByFloat<{
  readonly quotient: readonly number[];
  readonly ln2: readonly [number, number];
  readonly bounds: readonly [number, number];
}> = {
  float32: {
    quotient: [
      0.5, 0.16666635870933533, 0.041666511446237564, 0.008341507986187935, 0.0013930543791502714,
      0.00015048305795062333,
    ],
    ln2: [0.693145751953125, 1.428606765330187e-6],
    bounds: [-106, 91],
  },
  float64: {
    quotient: [
      0.5, 0.16666666666666677, 0.041666666666666685, 0.008333333333321834, 0.001388888888889572,
      0.00019841269885131736, 2.4801587267763277e-5, 2.7557245457074103e-6, 2.755734599480209e-7, 2.5108541243661623e-8,
      2.0886335703358908e-9,
    ],
    ln2: [0.6931471805601177, -1.7239444525614835e-13],
    bounds: [-747, 712],
  },
};

/** eˣ = 2^exponent · (1 + rest), |rest| < 0.42. */
export interface Exponential {
  readonly exponent: Value;
  /** The exponent as {@link NearestInteger} has it. */
  readonly biased: Value;
  readonly rest: Value;
}

/**
 * e^(x + tail), where the tail is far smaller than x. Beyond the range of results x is clamped, unless it is known to be `inRange`:
 * clamps are branches on scalars.
 */
export function exponential(
  k: Emitter,
  x: Value,
  { tail, inRange = false }: { tail?: Value; inRange?: boolean } = {},
): Exponential {
  const f = floats(k, x.dtype);
  const { quotient, ln2, bounds } = forDType(constants, x.dtype);
  const clamped = inRange ? x : f.atLeast(f.atMost(x, bounds[1]), bounds[0]);
  const n = nearestInteger(k, f.mul(clamped, Math.LOG2E));
  const high = f.sub(clamped, f.mul(n.float, ln2[0]));
  const product = f.mul(n.float, ln2[1]);
  const low = tail === undefined ? product : f.sub(product, tail);
  const r = f.sub(high, low);
  const lost = f.sub(f.sub(high, r), low);
  const square = f.mul(r, r);
  const correction = f.add(f.mul(square, f.polynomial(r, quotient)), f.add(lost, f.mul(lost, r)));
  return { exponent: n.int, biased: n.biased, rest: f.add(r, correction) };
}

/** 2^by · eˣ. */
export function exponentialValue(k: Emitter, { biased, rest }: Exponential, by = 0): Value {
  const n = k.add(biased, k.literal("int32", by));
  return scale(k, floats(k, rest.dtype).add(rest, 1), n);
}

/** eˣ − 1 without cancellation, for 2^exponent in the range of normal numbers. */
export function exponentialMinusOne(k: Emitter, { biased, rest }: Omit<Exponential, "exponent">): Value {
  const f = floats(k, rest.dtype);
  const power = powerOfBiased(k, rest.dtype, biased);
  return f.add(f.mul(rest, power), f.sub(power, 1));
}
