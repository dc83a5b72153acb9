import type { Emitter, Value } from "../emitter";
import { fastTwoSum, type Pair } from "./double-length";
import { curveFor } from "./exponential";
import {
  biasOf,
  type ByFloat,
  decompose,
  floats,
  forDType,
  isPair,
  leastNormal,
  nearestInteger,
  scale,
  upperHalf,
  withExponent,
} from "./floats";

/**
 * (3 atanh(s)/s − 3 − s²)/s⁴ in s² for s = (m − 1)/(m + 1) and √½ ≤ m < √2, minimax (Remez exchange in 60 digits); 2/(3 ln2) and ln2 in two parts, the first with
 * so few bits that its products with upper halves are exact; and a bound beyond which 2ˣ is 0 or infinite.
 */
const constants: ByFloat<{
  readonly series: readonly number[];
  readonly log2: Pair<number>;
  readonly ln2: Pair<number>;
  readonly bound: number;
}> = {
  float32: {
    series: [0.600000226224291, 0.4284334436619372, 0.34572661579830066],
    log2: [0.961669921875, 0.0001267720509756049],
    ln2: [0.693115234375, 3.1946184945309415e-5],
    bound: 200,
  },
  float64: {
    series: [
      0.6, 0.42857142857144054, 0.333333333324828, 0.27272727503288685, 0.23076892425416548, 0.200022079054227,
      0.17559334392522963, 0.1758495105563579,
    ],
    log2: [0.9617966937366873, 1.8928830231719995e-10],
    ln2: [0.6931471803691238, 1.9082149292705877e-10],
    bound: 1100,
  },
};

/**
 * log₂(2ⁿ·m) to about 1.3 times the precision of its dtype: a relative error is multiplied by up to 1075 in the power. The first part is an upper half. What is
 * multiplied are halves of so few bits that nothing is rounded, as in Sun's fdlibm (e_pow.c, 1993).
 */
function longLogarithm(k: Emitter, n: Value, m: Value): Pair {
  const f = floats(k, m.dtype);
  const { series, log2 } = forDType(constants, m.dtype);
  const [rest, sum] = [f.sub(m, 1), f.add(m, 1)];
  const inverse = f.div(1, sum);
  const [s, divisor] = [upperHalf(k, f.mul(rest, inverse)), upperHalf(k, sum)];
  const left = f.sub(f.sub(rest, f.mul(s, divisor)), f.mul(s, f.sub(m, f.sub(divisor, 1))));
  const sLow = f.mul(left, inverse);
  const quotient = f.add(s, sLow);
  // 3 + s² + …, of which the part beyond s²
  const square = f.mul(quotient, quotient);
  const tail = f.add(f.mul(f.mul(square, square), f.polynomial(square, series)), f.mul(sLow, f.add(s, quotient)));
  const high = f.mul(s, s);
  const t = upperHalf(k, f.add(f.add(high, 3), tail));
  const tLow = f.sub(tail, f.sub(f.sub(t, 3), high));
  const large = f.mul(s, t);
  const small = f.add(f.mul(sLow, t), f.mul(tLow, quotient));
  const p = upperHalf(k, f.add(large, small));
  const pLow = f.sub(small, f.sub(p, large));
  const z = f.mul(p, log2[0]);
  const zLow = f.add(f.mul(p, log2[1]), f.mul(pLow, log2[0] + log2[1]));
  const result = upperHalf(k, f.add(f.add(z, zLow), n));
  return [result, f.sub(zLow, f.sub(f.sub(result, n), z))];
}

/** (2ⁿ·m)^y by numbers of about 1.3 times the precision. */
function longPower(k: Emitter, n: Value, m: Value, y: Value): Value {
  const f = floats(k, m.dtype);
  const { ln2, bound } = forDType(constants, m.dtype);
  const [high, low] = longLogarithm(k, n, m);
  const first = upperHalf(k, y);
  const product = f.mul(first, high);
  const productLow = f.add(f.mul(f.sub(y, first), high), f.mul(y, low));
  const held = f.atLeast(f.atMost(product, bound), -bound);
  const whole = nearestInteger(k, held);
  const part = f.sub(held, whole.float);
  const r = upperHalf(k, part);
  const rLow = f.add(f.sub(part, r), f.select(f.equal(held, product), productLow, 0));
  const small = f.add(f.mul(rLow, ln2[0] + ln2[1]), f.mul(r, ln2[1]));
  const [z, lost] = fastTwoSum(k, f.mul(r, ln2[0]), small);
  const [one, lostBeside] = fastTwoSum(k, f.value(1), z);
  const curve = f.mul(f.mul(z, z), f.polynomial(z, curveFor(m.dtype)));
  return scale(k, f.add(one, f.add(f.add(lostBeside, lost), curve)), whole.biased);
}

/** log₂((1 + s)/(1 − s))/s in s², with a relative error of 2⁻³⁷·⁸. */
const log2InDoubles = [
  2.8853900817900864, 0.9617966733416873, 0.5770835849752296, 0.41167271876474976, 0.3407301067152639,
];

/** (2ⁿ·m)^y of singles where there are doubles, with an error of 0.62 units at most. */
function powerInDoubles(k: Emitter, n: Value, m: Value, y: Value): Value {
  const f = floats(k, "float64");
  const [wideN, wideM, wideY] = [n, m, y].map((x) => k.cast(x, "float64")) as [Value, Value, Value];
  const s = f.div(f.sub(wideM, 1), f.add(wideM, 1));
  const logarithm = f.add(wideN, f.mul(s, f.polynomial(f.mul(s, s), log2InDoubles)));
  const held = f.atLeast(f.atMost(f.mul(wideY, logarithm), 200), -200);
  const whole = nearestInteger(k, held, biasOf("float64"));
  const z = f.mul(f.sub(held, whole.float), Math.LN2);
  const power = f.add(f.add(f.mul(f.mul(z, z), f.polynomial(z, curveFor("float32"))), z), 1);
  return k.cast(f.mul(power, withExponent(k, "float64", whole.biased)), "float32");
}

/** x^y for any x and y, given |x|^y for finite |x| > 0 and y: the special cases of C99, F.9.4.4. */
function specialPower(k: Emitter, x: Value, y: Value, regular: Value): Value {
  const f = floats(k, x.dtype);
  const size = k.abs(x);
  const isZero = f.equal(size, 0);
  const extreme = k.or(isZero, f.equal(size, Infinity));
  const magnitude = f.select(extreme, f.select(k.xor(isZero, f.less(y, 0)), 0, Infinity), regular);
  const half = f.mul(y, 0.5);
  const isInteger = f.equal(k.trunc(y), y);
  const isOdd = k.and(isInteger, k.notEqual(k.trunc(half), half));
  const signed = k.copySign(magnitude, f.select(isOdd, x, 1));
  const undefinedHere = k.and(k.and(f.less(x, 0), k.not(isInteger)), k.not(extreme));
  const isNumber = k.and(f.equal(x, x), f.equal(y, y));
  const result = f.select(isNumber, f.select(undefinedHere, NaN, signed), f.add(x, y));
  return f.select(k.or(f.equal(y, 0), f.equal(x, 1)), 1, result);
}

/** x^y with the special cases of C99: 1 for y = 0 and for x = 1 even with NaN; NaN for x < 0 unless y is an integer. */
export function pow(k: Emitter, x: Value, y: Value): Value {
  const f = floats(k, x.dtype);
  const size = k.abs(x);
  // What products round off is not to be had of pairs, whose functions are long: relative errors are those of y·ln x.
  if (isPair(k, x.dtype)) return specialPower(k, x, y, k.math("exp", f.mul(y, k.math("log", size))));
  // From 2⁶⁴ on every base but 1 gives 0 or ∞, and larger exponents would overflow on the way.
  const exponent = f.atLeast(f.atMost(y, 2 ** 64), -(2 ** 64));
  const rare = k.not(k.and(k.and(f.less(x, Infinity), k.lessEqual(f.value(leastNormal(x.dtype)), x)), f.equal(y, y)));
  const parts = decompose(k, size, { normal: true });
  const [n, m] = [k.variable(k.cast(parts.exponent, x.dtype)), k.variable(parts.fraction)];
  k.if(rare, () => {
    const any = decompose(k, size);
    n.set(k.cast(any.exponent, x.dtype));
    m.set(any.fraction);
  });
  const inPlain = x.dtype === "float32" && k.target === "wasm" ? powerInDoubles : longPower;
  const power = k.variable(inPlain(k, n.get(), m.get(), exponent));
  k.if(rare, () => power.set(specialPower(k, x, y, power.get())));
  return power.get();
}
