/**
 * Elementary functions in fixed point with {@link precision} bits after the point, on BigInt: references for tests, good to 60 digits or so
 * for arguments and results of moderate size. Written for certainty, not for speed.
 */
export const precision = 320;
const bits = BigInt(precision);
/** 1 in fixed point. */
export const one: bigint = 1n << bits;

const view = new DataView(new ArrayBuffer(8));

/** A double as mantissa·2^exponent, exactly. */
export function parts(x: number): { readonly mantissa: bigint; readonly exponent: number } {
  view.setFloat64(0, x);
  const word = view.getBigUint64(0);
  const exponent = Number((word >> 52n) & 0x7ffn);
  const fraction = word & 0xfffffffffffffn;
  const mantissa = exponent === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: x < 0 ? -mantissa : mantissa, exponent: Math.max(exponent, 1) - 1075 };
}

/** value·2^by, rounded down. */
export const shift = (value: bigint, by: number): bigint => (by >= 0 ? value << BigInt(by) : value >> BigInt(-by));

/** A double with `places` bits after the point. */
export function fixed(x: number, places: number = precision): bigint {
  const { mantissa, exponent } = parts(x);
  return shift(mantissa, exponent + places);
}

const abs = (x: bigint): bigint => (x < 0n ? -x : x);
export const mul = (a: bigint, b: bigint): bigint => (a * b) >> bits;
export const div = (a: bigint, b: bigint): bigint => (a << bits) / b;

export function sqrt(x: bigint): bigint {
  if (x === 0n) return 0n;
  const target = x << bits;
  let root = 1n << BigInt((target.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + target / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Σ terms until they vanish; `next` makes term n from term n − 1. */
function series(first: bigint, next: (term: bigint, n: bigint) => bigint): bigint {
  let sum = first;
  for (let term = first, n = 1n; term !== 0n && term !== -1n; n++) {
    term = next(term, n);
    sum += term;
  }
  return sum;
}

/** Σ (−1)ⁿ x^(2n+1)/(2n+1) or, for sign +1, without the alternation: atan and atanh of small x. */
function arcSeries(x: bigint, sign: bigint, places = bits): bigint {
  const square = (sign * x * x) >> places;
  let sum = 0n;
  for (let power = x, n = 1n; power !== 0n && power !== -1n; power = (power * square) >> places, n += 2n)
    sum += power / n;
  return sum;
}

/** π by Machin's formula, with `places` bits after the point. */
function machin(places: bigint): bigint {
  const unit = 1n << places;
  return 4n * (4n * arcSeries(unit / 5n, -1n, places) - arcSeries(unit / 239n, -1n, places));
}
export const pi: bigint = machin(bits);
/** Enough of π to reduce the largest doubles. */
const widePlaces = 1500;
const widePi = machin(BigInt(widePlaces));
/** ln 2 = 2 atanh ⅓. */
export const ln2: bigint = 2n * arcSeries(one / 3n, 1n);

const roundDiv = (a: bigint, b: bigint): bigint => {
  const q = a / b;
  const r = a - q * b;
  return 2n * abs(r) >= abs(b) ? q + (a < 0n === b < 0n ? 1n : -1n) : q;
};

/** eˣ as fraction·2^exponent, so that no size is out of reach. */
export function exp(x: bigint): { fraction: bigint; exponent: number } {
  const exponent = roundDiv(x, ln2);
  const r = (x - exponent * ln2) >> 8n;
  let power = series(one, (term, n) => mul(term, r) / n);
  for (let i = 0; i < 8; i++) power = mul(power, power);
  return { fraction: power, exponent: Number(exponent) };
}

/** The value of {@link exp} in fixed point. */
export function expFixed(x: bigint): bigint {
  const { fraction, exponent } = exp(x);
  return exponent >= 0 ? fraction << BigInt(exponent) : fraction >> BigInt(-exponent);
}

/** eˣ − 1; by its series where x is small. */
export const expm1 = (x: bigint): bigint =>
  abs(x) < one >> 4n ? series(x, (term, n) => mul(term, x) / (n + 1n)) : expFixed(x) - one;

/** ln x for x > 0 in fixed point, or for x·2^exponent. */
export function log(x: bigint, exponent = 0): bigint {
  const size = x.toString(2).length - 1 - precision;
  // The fraction is in [1, 2); four square roots bring it close to 1.
  let root = shift(x, -size);
  for (let i = 0; i < 4; i++) root = sqrt(root);
  return BigInt(size + exponent) * ln2 + 32n * arcSeries(div(root - one, root + one), 1n);
}

/** ln(1 + x). */
export const log1p = (x: bigint): bigint =>
  abs(x) < one >> 4n ? 2n * arcSeries(div(x, 2n * one + x), 1n) : log(one + x);

/** Sine and cosine of a double. */
export function sinCos(x: number): { sin: bigint; cos: bigint } {
  const wide = fixed(x, widePlaces);
  const turns = roundDiv(2n * wide, widePi);
  const r = shift(wide - (turns * widePi) / 2n, precision - widePlaces);
  const square = mul(r, r);
  const sin = series(r, (term, n) => -mul(term, square) / (2n * n * (2n * n + 1n)));
  const cos = series(one, (term, n) => -mul(term, square) / (2n * n * (2n * n - 1n)));
  const quadrant = Number(((turns % 4n) + 4n) % 4n);
  return [
    { sin, cos },
    { sin: cos, cos: -sin },
    { sin: -sin, cos: -cos },
    { sin: -cos, cos: sin },
  ][quadrant]!;
}

/** Inverse tangent. */
export function atan(x: bigint): bigint {
  if (x < 0n) return -atan(-x);
  if (x > one) return pi / 2n - atan(div(one, x));
  // Halving the angle thrice: atan x = 2 atan(x/(1 + √(1 + x²))).
  let reduced = x;
  for (let i = 0; i < 3; i++) reduced = div(reduced, one + sqrt(one + mul(reduced, reduced)));
  return 8n * arcSeries(reduced, -1n);
}

export const asin = (x: bigint): bigint =>
  abs(x) === one ? (x < 0n ? -pi / 2n : pi / 2n) : atan(div(x, sqrt(mul(one - x, one + x))));
/** 2 asin √((1 − x)/2), good near 1. */
export const acos = (x: bigint): bigint => 2n * asin(sqrt((one - x) / 2n));

const twoOverRootPi: bigint = div(2n * one, sqrt(pi));

/** erf x = 2/√π e^(−x²) Σ 2ⁿ x^(2n+1)/(1·3·…·(2n+1)): no cancellation. */
export function erf(x: bigint): bigint {
  const square = mul(x, x);
  const sum = series(x, (term, n) => (2n * mul(term, square)) / (2n * n + 1n));
  return mul(mul(twoOverRootPi, expFixed(-square)), sum);
}

/** Solves erf y = x by Newton's method from a guess good to a few digits. */
export function erfinv(x: bigint, guess: number): bigint {
  let y = fixed(guess);
  for (let i = 0; i < 8; i++) {
    const step = div(div(erf(y) - x, expFixed(-mul(y, y))), twoOverRootPi);
    y -= step;
    if (abs(step) < one >> 160n) break;
  }
  return y;
}
