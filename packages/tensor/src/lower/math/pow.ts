import type { Emitter, Value } from "../emitter";
import { type Pair, fastTwoSum, multiplyPairs, twoProduct, twoSum } from "./double-length";
import { exponential, exponentialValue } from "./exponential";
import { type ByFloat, decompose, floats, forDType, isPair } from "./floats";

/**
 * (ln((1 + s)/(1 − s)) − 2s − ⅔s³)/s⁵ in s², minimax (Remez exchange in 45 digits); ⅔ and ln2 in two parts, the first part of ln2 with few
 * enough bits for exact products with any exponent; and a bound beyond which eˣ is 0 or infinite.
 */
const constants: ByFloat<{
  readonly series: readonly number[];
  readonly twoThirds: readonly [number, number];
  readonly ln2: readonly [number, number];
  readonly bound: number;
}> = {
  float32: {
    series: [0.40000152587890625, 0.28547078371047974, 0.23420140147209167],
    twoThirds: [0.6666666865348816, -1.9868215517249155e-8],
    ln2: [0.693145751953125, 1.428606765330187e-6],
    bound: 200,
  },
  float64: {
    series: [
      0.4000000000000229, 0.28571428570082774, 0.222222225230655, 0.18181784080609084, 0.15386771018463236,
      0.132564884906343, 0.1319947562117273,
    ],
    twoThirds: [0.6666666666666666, 3.700743415417188e-17],
    ln2: [0.6931471805601177, -1.7239444525614835e-13],
    bound: 1000,
  },
};

/** ln x for positive finite x to about 1.3 times the precision of its dtype: a relative error is multiplied by up to 745 in the power. */
function longLogarithm(k: Emitter, x: Value): Pair {
  const f = floats(k, x.dtype);
  const { series, twoThirds, ln2 } = forDType(constants, x.dtype);
  const { exponent, fraction } = decompose(k, x);
  const n = k.cast(exponent, x.dtype);
  // s = (fraction − 1)/(fraction + 1) as a pair, from the remainder of the division.
  const rest = f.sub(fraction, 1);
  const [sum, sumLow] = fastTwoSum(k, f.value(1), fraction);
  const quotient = f.div(rest, sum);
  const [product, productLow] = twoProduct(k, quotient, sum);
  const remainder = f.sub(f.sub(f.sub(rest, product), productLow), f.mul(quotient, sumLow));
  const s: Pair = [quotient, f.div(remainder, sum)];
  const square = multiplyPairs(k, s, s);
  const tail = f.mul(square[0], f.polynomial(square[0], series));
  const [high, low] = fastTwoSum(k, f.value(twoThirds[0]), tail);
  const cubic = multiplyPairs(k, s, multiplyPairs(k, square, [high, f.add(low, twoThirds[1])]));
  const [sum1, lost1] = twoSum(k, f.mul(n, ln2[0]), f.add(s[0], s[0]));
  const [sum2, lost2] = twoSum(k, sum1, cubic[0]);
  const small = f.add(f.add(lost1, lost2), f.add(f.add(f.add(s[1], s[1]), cubic[1]), f.mul(n, ln2[1])));
  return fastTwoSum(k, sum2, small);
}

/** |x|^y for finite |x| > 0. */
function powerOfSize(k: Emitter, size: Value, y: Value): Value {
  const f = floats(k, size.dtype);
  // What products round off is not to be had of pairs, whose functions are long: relative errors are those of y·ln x.
  if (isPair(k, size.dtype)) return k.math("exp", f.mul(y, k.math("log", size)));
  const { bound } = forDType(constants, size.dtype);
  // From 2⁶⁴ on every base but 1 gives 0 or ∞, and larger exponents would overflow on the way.
  const exponent = f.atLeast(f.atMost(y, 2 ** 64), -(2 ** 64));
  const [high, low] = longLogarithm(k, size);
  const [product, lost] = twoProduct(k, exponent, high);
  const tail = f.add(lost, f.mul(exponent, low));
  const bounded = f.select(f.less(k.abs(product), bound), tail, 0);
  return exponentialValue(k, exponential(k, product, { tail: bounded, precise: true }));
}

/** x^y with the special cases of C99, F.9.4.4: 1 for y = 0 and for x = 1 even with NaN; NaN for x < 0 unless y is an integer. */
export function pow(k: Emitter, x: Value, y: Value): Value {
  const f = floats(k, x.dtype);
  const size = k.abs(x);
  const [isZero, isInfinite] = [f.equal(size, 0), f.equal(size, Infinity)];
  const extreme = k.or(isZero, isInfinite);
  const limit = f.select(k.xor(isZero, f.less(y, 0)), 0, Infinity);
  const magnitude = f.select(extreme, limit, powerOfSize(k, f.select(extreme, 1, size), y));
  const half = f.mul(y, 0.5);
  const isInteger = f.equal(k.trunc(y), y);
  const isOdd = k.and(isInteger, k.not(f.equal(k.trunc(half), half)));
  const negative = f.less(k.copySign(f.value(1), x), 0);
  const signed = f.select(k.and(negative, isOdd), k.neg(magnitude), magnitude);
  const undefinedHere = k.and(k.and(f.less(x, 0), k.not(isInteger)), k.not(isInfinite));
  const result = f.select(undefinedHere, NaN, signed);
  const isNumber = k.and(f.equal(x, x), f.equal(y, y));
  const withNaN = f.select(isNumber, result, f.add(x, y));
  return f.select(k.or(f.equal(y, 0), f.equal(x, 1)), 1, withNaN);
}
