import type { DType } from "../../dtype";
import type { Emitter, Value } from "../emitter";
import { biasOf, type ByFloat, floats, forDType, nearestInteger, powerOfBiased, scale, withExponent } from "./floats";

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
    quotient: [0.5, 0.16666531562805176, 0.04166616126894951, 0.008368046954274178, 0.0013974622124806046],
    ln2: [0.693145751953125, 1.428606765330187e-6],
    bounds: [-106, 91],
  },
  float64: {
    quotient: [
      0.5000000000000006, 0.16666666666666588, 0.04166666666657674, 0.008333333333389523, 0.001388888893156669,
      0.00019841269719068439, 2.4801505272134054e-5, 2.7557407489062606e-6, 2.7626038406087496e-7,
      2.5053791296503175e-8,
    ],
    ln2: [0.6931471805601177, -1.7239444525614835e-13],
    bounds: [-747, 712],
  },
};

/** Coefficients of (eʳ − 1 − r)/r² on |r| ≤ ln2/2. */
export const curveFor = (dtype: DType): readonly number[] => forDType(constants, dtype).quotient;

/**
 * (eʳ − 1 − r)/r² = scale·((r + a)(r² + b) + c) on |r| ≤ ln2/2: a cubic in one multiplication and that by the scale (adaptation of coefficients,
 * Knuth 1997, The Art of Computer Programming 2, §4.6.4). The sum of its error and of what rounding adds is least, 2.39 units of eʳ in the last place.
 */
const cubic = { a: 5.05708265, b: 20.1244659, c: -41.401371, scale: 0.00828218181 };

interface Options {
  /** Something to add to x, far smaller than x. */
  readonly tail?: Value;
  /** Takes into account what rounding r loses: half a unit of eˣ at most, but more of eˣ − 1. Five steps more. */
  readonly precise?: boolean;
}

interface ReducedOptions extends Options {
  readonly added?: number;
  /** In float32 three steps less, with an error of 2.4 units in place of 1.1. */
  readonly rough?: boolean;
}

/** eˣ = 2^exponent · (1 + rest), |rest| < 0.42. */
export interface Exponential {
  readonly exponent: Value;
  /** The exponent plus twice the bias, as {@link nearestInteger} has it. */
  readonly biased: Value;
  readonly rest: Value;
}

/** eʳ − 1 − r for |r| ≤ ln2/2, as two factors. */
function curveOf(k: Emitter, r: Value, rough = false): readonly [Value, Value] {
  const f = floats(k, r.dtype);
  const square = f.mul(r, r);
  if (!rough || r.dtype !== "float32") return [square, f.polynomial(r, curveFor(r.dtype))];
  const { a, b, c, scale: by } = cubic;
  return [f.addProduct(c, f.add(r, a), f.add(square, b)), f.mul(square, by)];
}

/** eˣ in parts, `biased` by what is `added`. */
function reduced(k: Emitter, x: Value, { added, tail, precise, rough }: ReducedOptions): Exponential {
  const f = floats(k, x.dtype);
  const { ln2 } = forDType(constants, x.dtype);
  const n = nearestInteger(k, f.mul(x, Math.LOG2E), added);
  const high = f.subProduct(x, n.float, ln2[0]);
  const parts = { exponent: n.int, biased: n.biased };
  if (!precise && tail === undefined) {
    const r = f.subProduct(high, n.float, ln2[1]);
    return { ...parts, rest: f.addProduct(r, ...curveOf(k, r, rough)) };
  }
  const product = f.mul(n.float, ln2[1]);
  const low = tail === undefined ? product : f.sub(product, tail);
  const r = f.sub(high, low);
  const curve = curveOf(k, r, rough);
  if (!precise) return { ...parts, rest: f.addProduct(r, ...curve) };
  const lost = f.sub(f.sub(high, r), low);
  return { ...parts, rest: f.add(r, f.add(f.mul(...curve), f.add(lost, f.mul(lost, r)))) };
}

/** eˣ in parts. Beyond the range of results x is clamped, unless it is known to be `inRange`: clamps are branches on scalars. */
export function exponential(
  k: Emitter,
  x: Value,
  { inRange = false, ...options }: Options & { readonly inRange?: boolean } = {},
): Exponential {
  const f = floats(k, x.dtype);
  const { bounds } = forDType(constants, x.dtype);
  return reduced(k, inRange ? x : f.atLeast(f.atMost(x, bounds[1]), bounds[0]), options);
}

/** 2^by · eˣ. */
export function exponentialValue(k: Emitter, { biased, rest }: Exponential, by = 0): Value {
  const n = k.add(biased, k.literal("int32", by));
  return scale(k, floats(k, rest.dtype).add(rest, 1), n);
}

function minusOne(k: Emitter, rest: Value, power: Value): Value {
  const f = floats(k, rest.dtype);
  return f.add(f.mul(rest, power), f.sub(power, 1));
}

/** eˣ − 1 without cancellation, for 2^exponent in the range of normal numbers. */
export const exponentialMinusOne = (k: Emitter, { biased, rest }: Omit<Exponential, "exponent">): Value =>
  minusOne(k, rest, powerOfBiased(k, rest.dtype, biased));

interface Bounded {
  readonly least: number;
  readonly greatest?: number;
  readonly by?: number;
  readonly rough?: boolean;
}

/** 2^by · eˣ in fewer steps, with x held between bounds (below the upper one anyway, if there is none) for which that is a normal number. */
export function boundedExponential(k: Emitter, x: Value, { least, greatest, by = 0, rough = false }: Bounded): Value {
  const f = floats(k, x.dtype);
  const low = f.atLeast(x, least);
  const held = greatest === undefined ? low : f.atMost(low, greatest);
  const { biased, rest } = reduced(k, held, { added: biasOf(x.dtype) + by, rough });
  return f.mul(f.add(rest, 1), withExponent(k, x.dtype, biased));
}

/** Below the first eˣ is taken as 0; at the second the exponent's field is 0, and so is the power. */
const floors: ByFloat<{ readonly zero: number; readonly least: number }> = {
  float32: { zero: -126.5 * Math.LN2, least: -126.99 * Math.LN2 },
  float64: { zero: -1022.5 * Math.LN2, least: -1022.99 * Math.LN2 },
};

/** eˣ for x ≤ 0, and for no other, in fewer steps: 0 where it would be less than the least normal number. */
export function powerOfNegative(k: Emitter, x: Value): Value {
  const { zero, least } = forDType(floors, x.dtype);
  if (k.target === "wasm") return boundedExponential(k, x, { least, rough: true });
  const f = floats(k, x.dtype);
  return f.select(f.less(x, zero), 0, k.math("exp", x));
}
