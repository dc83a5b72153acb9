import type { MathFunction } from "../../emitter";
import * as big from "./bigmath";

/** The real number value·2^(exponent − precision). */
export interface Real {
  readonly value: bigint;
  readonly exponent: number;
}

const { fixed, one, div, mul } = big;
const real = (value: bigint, exponent = 0): Real => ({ value, exponent });

/** A function with f(x) ~ slope·x at 0: tiny arguments are computed scaled up, as fixed point could not hold them. */
const odd =
  (f: (x: number) => bigint) =>
  (x: number): Real => {
    if (Math.abs(x) > 2 ** -150) return real(f(x));
    const { exponent } = big.parts(x);
    const by = -150 - 52 - exponent;
    return real(f(x * 2 ** (by >> 1) * 2 ** (by - (by >> 1))), -by);
  };

const half = (x: bigint): bigint => x >> 1n;

function exp(x: bigint): Real {
  const { fraction, exponent } = big.exp(x);
  return real(fraction, exponent);
}

/** (eˣ ± e⁻ˣ)/2 */
function hyperbolic(x: number, sign: bigint): bigint {
  const e = big.expFixed(fixed(Math.abs(x)));
  return half(e + sign * div(one, e));
}

/** Odd functions by e^x − 1, which keeps small arguments. */
const sinh = (x: number): bigint => {
  if (x < 0) return -sinh(-x);
  const t = big.expm1(fixed(x));
  return half(t + div(t, one + t));
};
const tanh = (x: number): bigint => {
  if (x < 0) return -tanh(-x);
  const t = big.expm1(2n * fixed(x));
  return div(t, t + 2n * one);
};

function atan2(y: number, x: number): Real {
  const [p, q] = [big.parts(y), big.parts(Math.abs(x))];
  const places = p.exponent - q.exponent;
  const scaledUp = places < -200 ? -200 - places : 0;
  const ratio =
    q.mantissa === 0n ? undefined : big.shift(p.mantissa, big.precision + places + scaledUp + 1) / q.mantissa;
  const angle =
    ratio === undefined ? (y < 0 ? -half(big.pi) : half(big.pi)) : scaledUp ? half(ratio) : big.atan(half(ratio));
  if (x > 0) return real(angle, -scaledUp);
  const tiny = big.shift(angle, -scaledUp);
  return real(y < 0 ? -big.pi - tiny : big.pi - tiny);
}

function pow(x: number, y: number): Real {
  const { mantissa, exponent } = big.parts(Math.abs(x));
  const e = exp(mul(big.log(big.shift(mantissa, big.precision), exponent), fixed(y)));
  return x < 0 && Math.abs(y % 2) === 1 ? real(-e.value, e.exponent) : e;
}

/** Winitzki 2008, good to 0.002: where Newton's method starts. */
function erfinvGuess(x: number): number {
  const l = Math.log((1 - x) * (1 + x));
  const s = 2 / (Math.PI * 0.147) + l / 2;
  return Math.sign(x) * Math.sqrt(Math.sqrt(s * s - l / 0.147) - s);
}

function log(x: number): Real {
  const { mantissa, exponent } = big.parts(x);
  return real(big.log(big.shift(mantissa, big.precision), exponent));
}

/** The elementary functions at doubles where they are finite and not 0, to far more digits than any dtype has. */
export const references: Readonly<Record<MathFunction, (x: number, y: number) => Real>> = {
  exp: (x) => exp(fixed(x)),
  expm1: odd((x) => big.expm1(fixed(x))),
  log,
  log1p: odd((x) => big.log1p(fixed(x))),
  sin: odd((x) => big.sinCos(x).sin),
  cos: (x) => real(big.sinCos(x).cos),
  tan: odd((x) => {
    const { sin, cos } = big.sinCos(x);
    return div(sin, cos);
  }),
  asin: odd((x) => big.asin(fixed(x))),
  acos: (x) => real(big.acos(fixed(x))),
  atan: odd((x) => big.atan(fixed(x))),
  atan2,
  sinh: odd(sinh),
  cosh: (x) => real(hyperbolic(x, 1n)),
  tanh: odd(tanh),
  erf: odd((x) => big.erf(fixed(x))),
  erfinv: odd((x) => big.erfinv(fixed(x), Math.abs(x) < 1e-3 ? x * 0.886 : erfinvGuess(x))),
  pow,
};

/** Distance of `got` from the real number, in units in the last place of its dtype there. */
export function ulps(got: number, { value, exponent }: Real, dtype: "float32" | "float64"): number {
  const [digits, lowest, highest] = dtype === "float32" ? [24, -126, 127] : [53, -1022, 1023];
  const size = (value < 0n ? -value : value).toString(2).length - 1 - big.precision + exponent;
  if (Number.isNaN(got)) return Infinity;
  // Rounds to infinity: its unit is that of the largest number.
  const finite = Number.isFinite(got)
    ? fixed(got, big.precision - exponent)
    : got > 0
      ? big.shift(1n, highest + 1 + big.precision - exponent)
      : -big.shift(1n, highest + 1 + big.precision - exponent);
  if (!Number.isFinite(got) && size > highest && got > 0 === value > 0n) return 0;
  const unit = Math.min(Math.max(size, lowest), highest) - digits + 1;
  const distance = finite - value;
  // In 1/1024ths of a unit, as a number.
  return (
    Number(big.shift(distance < 0n ? -distance : distance, exponent - big.precision - unit + precisionShift)) / 1024
  );
}
const precisionShift = 10;
