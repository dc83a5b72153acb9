import type { DType } from "../../dtype";
import type { Emitter, Value } from "../emitter";

/** A float in code being emitted, or a constant of the same dtype. */
export type Term = Value | number;

/** Arithmetic on one float dtype in which plain numbers are constants, so that formulas read like formulas. */
export interface Floats {
  value(a: Term): Value;
  add(a: Term, b: Term): Value;
  sub(a: Term, b: Term): Value;
  mul(a: Term, b: Term): Value;
  div(a: Term, b: Term): Value;
  /** c + a·b and c − a·b, in one rounding where {@link Emitter.fused} is there. */
  addProduct(c: Term, a: Term, b: Term): Value;
  subProduct(c: Term, a: Term, b: Term): Value;
  less(a: Term, b: Term): Value;
  equal(a: Term, b: Term): Value;
  select(condition: Value, a: Term, b: Term): Value;
  /** `coefficients[0] + coefficients[1]·x + …`, even and odd powers apart, which takes half as long where nothing else is to be done. */
  polynomial(x: Value, coefficients: readonly Term[]): Value;
  /** Keeps NaN, unlike a comparison the other way round. */
  atMost(a: Value, bound: number): Value;
  atLeast(a: Value, bound: number): Value;
}

/** Arithmetic on `dtype`, emitted through `k`. */
export function floats(k: Emitter, dtype: DType): Floats {
  const value = (a: Term): Value => (typeof a === "number" ? k.literal(dtype, a) : a);
  const horner = (x: Value, coefficients: readonly Term[]): Value =>
    coefficients.slice(0, -1).reduceRight<Value>((sum, c) => f.addProduct(c, sum, x), value(coefficients.at(-1)!));
  const f: Floats = {
    value,
    add: (a, b) => k.add(value(a), value(b)),
    sub: (a, b) => k.sub(value(a), value(b)),
    mul: (a, b) => k.mul(value(a), value(b)),
    div: (a, b) => k.div(value(a), value(b)),
    addProduct: (c, a, b) => (k.fused ? k.fused.addProduct(value(c), value(a), value(b)) : f.add(f.mul(a, b), c)),
    subProduct: (c, a, b) => (k.fused ? k.fused.subProduct(value(c), value(a), value(b)) : f.sub(c, f.mul(a, b))),
    less: (a, b) => k.less(value(a), value(b)),
    equal: (a, b) => k.equal(value(a), value(b)),
    select: (condition, a, b) => k.select(condition, value(a), value(b)),
    polynomial: (x, coefficients) => {
      if (coefficients.length < 5) return horner(x, coefficients);
      const parity = (remainder: number): Term[] => coefficients.filter((_, i) => i % 2 === remainder);
      const square = f.mul(x, x);
      const odd = horner(square, parity(1));
      return f.addProduct(horner(square, parity(0)), odd, x);
    },
    atMost: (a, bound) => f.select(f.less(bound, a), bound, a),
    atLeast: (a, bound) => f.select(f.less(a, bound), bound, a),
  };
  return f;
}

/** One entry for each float dtype: coefficients and bounds of an approximation. */
export interface ByFloat<T> {
  readonly float32: T;
  readonly float64: T;
}

/** The entry for a float dtype. */
export const forDType = <T>(table: ByFloat<T>, dtype: DType): T =>
  dtype === "float32" ? table.float32 : table.float64;

/** Is a number of this dtype an unevaluated sum of two singles? Doubles are, where there are none. */
export const isPair = (k: Emitter, dtype: DType): boolean => k.target === "webgpu" && dtype === "float64";

const int = (k: Emitter, n: number): Value => k.literal("int32", n);

/** Adding and taking away 1.5·2^(bits of the fraction) rounds to an integer, which then stands in the low bits of the sum. */
const roundingShift: ByFloat<number> = { float32: 12582912, float64: 6755399441055744 };

/** An integer as a float and as `int32`. */
export interface NearestInteger {
  readonly float: Value;
  readonly int: Value;
  /** The integer plus `added`, in the low nine (float64: twelve) bits; those above are anything. */
  readonly biased: Value;
}

/** Bias and place of the exponent in the upper word of a float. */
const exponents: ByFloat<{ readonly bias: number; readonly place: number }> = {
  float32: { bias: 127, place: 23 },
  float64: { bias: 1023, place: 20 },
};

/** The bias of exponents. */
export const biasOf = (dtype: DType): number => forDType(exponents, dtype).bias;

/** The least float that is not denormal. */
export const leastNormal = (dtype: DType): number => (dtype === "float32" ? 2 ** -126 : 2 ** -1022);

/** The upper half of the bits of x, of a double 21: the product of two halves is exact. */
export const upperHalf = (k: Emitter, x: Value): Value =>
  x.dtype === "float32"
    ? k.bitcast(k.and(k.bitcast(x, "int32"), int(k, -4096)), "float32")
    : k.fromWords(k.words(x).high, k.literal("uint32", 0));

/** The nearest integer to x, |x| < 2^21. @param added @defaultValue twice the bias of exponents */
export function nearestInteger(k: Emitter, x: Value, added: number = 2 * biasOf(x.dtype)): NearestInteger {
  const f = floats(k, x.dtype);
  if (isPair(k, x.dtype)) {
    // The sum of a pair and a large number is not rounded to an integer.
    const whole = k.cast(k.round(x), "int32");
    return { float: k.cast(whole, x.dtype), int: whole, biased: k.add(whole, int(k, added)) };
  }
  const shift = forDType(roundingShift, x.dtype) + added;
  const sum = f.add(x, shift);
  const biased = x.dtype === "float32" ? k.bitcast(sum, "int32") : k.bitcast(k.words(sum).low, "int32");
  const base = x.dtype === "float32" ? k.bitcast(f.value(shift), "int32") : int(k, added);
  return { float: f.sub(sum, shift), int: k.sub(biased, base), biased };
}

/** The float whose exponent field, and what is above it, is `field`. */
export function withExponent(k: Emitter, dtype: DType, field: Value): Value {
  const upper = k.shiftLeft(field, int(k, forDType(exponents, dtype).place));
  return dtype === "float32"
    ? k.bitcast(upper, "float32")
    : k.fromWords(k.bitcast(upper, "uint32"), k.literal("uint32", 0));
}

/** 2^n for an `int32` n in the range of normal numbers. */
export const powerOfTwo = (k: Emitter, dtype: DType, n: Value): Value =>
  withExponent(k, dtype, k.add(n, int(k, forDType(exponents, dtype).bias)));

/** The same, from n plus twice the bias. */
export const powerOfBiased = (k: Emitter, dtype: DType, biased: Value): Value =>
  withExponent(k, dtype, k.sub(biased, int(k, forDType(exponents, dtype).bias)));

/** x·2^n, rounded once, for n (plus twice the bias) up to twice the range of exponents: results may be denormal or infinite. */
export function scale(k: Emitter, x: Value, biased: Value): Value {
  const half = k.shiftRight(biased, int(k, 1));
  return k.mul(k.mul(x, withExponent(k, x.dtype, half)), withExponent(k, x.dtype, k.sub(biased, half)));
}

/** x = 2^exponent · fraction with √½ ≤ fraction < √2, for positive finite x, or only for such as are `normal`. */
export function decompose(
  k: Emitter,
  x: Value,
  { normal = false }: { readonly normal?: boolean } = {},
): { readonly exponent: Value; readonly fraction: Value } {
  if (normal) return decomposeNormal(k, x, int(k, -biasOf(x.dtype)));
  const f = floats(k, x.dtype);
  const single = x.dtype === "float32";
  const tiny = f.less(x, leastNormal(x.dtype));
  const adjust = k.select(tiny, int(k, single ? -152 : -1077), int(k, single ? -127 : -1023));
  return decomposeNormal(k, f.select(tiny, f.mul(x, single ? 2 ** 25 : 2 ** 54), x), adjust);
}

/** The same of a normal number, with `adjust` added to the exponent's field. */
function decomposeNormal(
  k: Emitter,
  normal: Value,
  adjust: Value,
): { readonly exponent: Value; readonly fraction: Value } {
  const single = normal.dtype === "float32";
  // The bits of √½; adding the distance to 1 carries into the exponent exactly when the fraction reaches √2.
  const low = int(k, single ? 0x3f3504f3 : 0x3fe6a09e);
  const one = int(k, single ? 0x3f800000 : 0x3ff00000);
  const fractionBits = single ? 23 : 20;
  const words = single ? undefined : k.words(normal);
  const bits = k.add(k.bitcast(words?.high ?? normal, "int32"), k.sub(one, low));
  const exponent = k.add(k.shiftRight(bits, int(k, fractionBits)), adjust);
  const fraction = k.add(k.and(bits, int(k, 2 ** fractionBits - 1)), low);
  return {
    exponent,
    fraction: words ? k.fromWords(k.bitcast(fraction, "uint32"), words.low) : k.bitcast(fraction, "float32"),
  };
}

/** `size`, which is not negative, with the sign of x: an instruction less than what makes a sign of any other. */
export function withSignOf(k: Emitter, size: Value, x: Value): Value {
  if (x.dtype === "float64") return k.copySign(size, x);
  const sign = k.and(k.bitcast(x, "int32"), int(k, -(2 ** 31)));
  return k.bitcast(k.or(k.bitcast(size, "int32"), sign), "float32");
}
