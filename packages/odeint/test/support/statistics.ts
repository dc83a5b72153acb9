/** The standard normal distribution function, by the complementary error function of Numerical Recipes 6.2.2 (error below 1.2e-7). */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 2 / (2 + z);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const tail = (t * Math.exp(-z * z + coefficients.reduceRight((sum, c) => sum * t + c, 0))) / 2;
  return x > 0 ? 1 - tail : tail;
}

/** The Kolmogorov–Smirnov test's p-value for samples of a standard normal law. */
export function normalPValue(samples: ArrayLike<number>): number {
  const sorted = Float64Array.from(samples).sort();
  const n = sorted.length;
  let distance = 0;
  sorted.forEach((x, i) => {
    const p = normalCdf(x);
    distance = Math.max(distance, (i + 1) / n - p, p - i / n);
  });
  const scaled = (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)) * distance;
  let p = 0;
  for (let k = 1; k < 100; k++) p += 2 * (-1) ** (k - 1) * Math.exp(-2 * (k * scaled) ** 2);
  return Math.min(1, Math.max(0, p));
}

export const mean = (xs: ArrayLike<number>): number => Array.from(xs).reduce((sum, x) => sum + x, 0) / xs.length;

/** The correlation of two lists of samples with means of 0. */
export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const product = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

/** Slope of the least-squares line through points. */
export function slope(xs: readonly number[], ys: readonly number[]): number {
  const [mx, my] = [mean(xs), mean(ys)];
  const over = xs.reduce((sum, x, i) => sum + (x - mx) * (ys[i]! - my), 0);
  return over / xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
}
