import type { MathFunction } from "../../emitter";

/** A repeatable stream of numbers in [0, 1) (mulberry32). */
export function stream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Doubles and singles that lie extremely close to multiples of π/2. */
const nearTurns = [
  [6381956970095103 * 2 ** 797, 3.141592653589793, 1.5707963267948966, 22, 355, 11, 710],
  [16367173 * 2 ** 72, 1.9935436e25, 3.1415927, 1.5707964, 22, 355, 11, 103993],
].flat();

/**
 * Draws arguments for a function: uniform and logarithmic over its domain, and close to where it is hard: zeros, poles, ends of the
 * domain, cancellations, multiples of π/2.
 */
export function draw(name: MathFunction, dtype: "float32" | "float64", random: () => number): [x: number, y: number] {
  const single = dtype === "float32";
  const [lowest, highest, digits, end] = single ? [-149, 127.9, 24, 88.7] : [-1074, 1023.9, 53, 709.7];
  const uniform = (a: number, b: number): number => a + (b - a) * random();
  const power = (a: number, b: number): number => 2 ** uniform(a, b);
  const sign = (): number => (random() < 0.5 ? -1 : 1);
  const oneOf = (...choices: (() => number)[]): number => choices[Math.floor(random() * choices.length)]!();
  const wide = (): number => sign() * power(lowest, highest);
  const tiny = (): number => sign() * power(lowest, 0);
  const middle = (): number => uniform(-4, 4);
  const nearOne = (): number => 1 - power(-digits, 0);
  switch (name) {
    case "exp":
      return [
        oneOf(
          middle,
          () => uniform(single ? -104 : -745, end),
          () => sign() * power(-60, 3),
        ),
        0,
      ];
    case "expm1":
      return [oneOf(middle, tiny, () => uniform(-45, end)), 0];
    case "log":
      return [
        oneOf(
          () => Math.abs(wide()),
          () => uniform(0.4, 2.5),
          () => 1 + sign() * power(-digits, -1),
        ),
        0,
      ];
    case "log1p":
      return [
        oneOf(
          () => Math.abs(wide()),
          tiny,
          () => uniform(-0.99, 3),
          () => -nearOne(),
        ),
        0,
      ];
    case "sin":
    case "cos":
    case "tan":
      return [
        oneOf(
          middle,
          wide,
          tiny,
          () => Math.round(uniform(-41000, 41000)) * (Math.PI / 2),
          () => uniform(-6e4, 7e4),
          () => nearTurns[Math.floor(random() * nearTurns.length)]!,
        ),
        0,
      ];
    case "asin":
    case "acos":
      return [
        oneOf(
          () => uniform(-1, 1),
          tiny,
          () => sign() * nearOne(),
          () => sign() * uniform(0.45, 0.55),
        ),
        0,
      ];
    case "atan":
      return [oneOf(middle, wide, tiny), 0];
    case "atan2": {
      const y = sign() * power(-30, 30);
      return random() < 0.3 ? [wide(), wide()] : [y, y * sign() * power(-4, 4)];
    }
    case "sinh":
    case "cosh":
    case "tanh":
      return [oneOf(middle, tiny, () => uniform(-end - 0.5, end + 0.5)), 0];
    case "erf":
      return [oneOf(middle, tiny, () => uniform(-7, 7)), 0];
    case "erfinv":
      return [
        oneOf(
          () => uniform(-1, 1),
          tiny,
          () => sign() * nearOne(),
        ),
        0,
      ];
    case "pow": {
      const x = oneOf(
        () => Math.abs(wide()),
        () => uniform(0.5, 2),
        () => 1 + sign() * power(-digits / 2, -1),
      );
      return [x, uniform(single ? -103 : -744, end) / Math.log(x)];
    }
  }
}
