import type { MathFunction } from "../../lower/emitter";

type Rule = (...args: number[]) => number;

const rootPi = Math.sqrt(Math.PI);

/** erfc x for x ≥ 1 by Laplace's continued fraction, e^(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))). */
function complement(x: number): number {
  let rest = x;
  // At x = 1, where it converges most slowly, 160 levels give all digits.
  for (let level = 200; level >= 1; level--) rest = x + level / 2 / rest;
  return Math.exp(-x * x) / (rootPi * rest);
}

/** By the Taylor series below 1, where its terms fall fast, and by the complement above. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (!(size < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  // Keeps its sign, which the sum below loses.
  if (x === 0) return x;
  if (size >= 1) return Math.sign(x) * (1 - complement(size));
  let sum = 0;
  let power = x;
  for (let n = 1; n < 24; n++) {
    power *= (-x * x) / n;
    sum += power / (2 * n + 1);
  }
  // 2/√π − 1 apart from 1, so that the constant's rounding weighs an eighth.
  return x + (0.1283791670955126 * x + (2 / rootPi) * sum);
}

/** Newton's method: on erf in the middle, on ln erfc towards the ends, from Winitzki's estimate (2008). */
function erfinv(x: number): number {
  const size = Math.abs(x);
  if (!(size < 1)) return size === 1 ? x * Infinity : NaN;
  if (size < 1e-9) return (x * rootPi) / 2;
  const l = Math.log1p(-size * size);
  const s = 2 / (Math.PI * 0.147) + l / 2;
  let y = Math.sqrt(Math.sqrt(s * s - l / 0.147) - s);
  for (let i = 0; i < 6; i++) {
    const slope = (2 / rootPi) * Math.exp(-y * y);
    if (size < 0.85) y -= (erf(y) - size) / slope;
    else y += (complement(y) * Math.log(complement(y) / (1 - size))) / slope;
  }
  return Math.sign(x) * y;
}

/** C's conventions where JavaScript's differ: 1 for base 1, and for base −1 with an infinite exponent. */
function pow(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

const rules: Readonly<Record<MathFunction, Rule>> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  atan2: Math.atan2,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  erf: erf,
  erfinv: erfinv,
  pow: pow,
};

/** An elementary function on doubles, to about 2 units in the last place. */
export const mathOf = (name: MathFunction): Rule => rules[name];
