/** Work and error of a solve. */
export type Work = readonly [evaluations: number, error: number];

const perDecade = 5;
const halfWindow = 3;

/** Tolerances from 10^-from to 10^-to, equally spaced in logarithms. */
const tolerances = (from: number, to: number): number[] =>
  Array.from({ length: Math.round((to - from) * perDecade) + 1 }, (_, n) => 10 ** -(from + n / perDecade));

const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;

/** Geometric means of work and error over tolerances in a window around one, of the runs that ended. */
function smoothed(runs: readonly Work[], centre: number): Work {
  const window = runs.slice(centre - halfWindow, centre + halfWindow + 1).filter(([, error]) => Number.isFinite(error));
  return [0, 1].map((k) => Math.exp(mean(window.map((run) => Math.log(Math.max(run[k]!, 1e-17)))))) as unknown as Work;
}

/** Smoothed runs at tolerances from 10^-from to 10^-to. */
export function workPrecision(run: (tol: number) => Work, from: number, to: number): Work[] {
  const margin = halfWindow / perDecade;
  const runs = tolerances(from - margin, to + margin).map(run);
  return tolerances(from, to).map((_, n) => smoothed(runs, n + halfWindow));
}

/** Smoothed work and error at a tolerance 10^-exponent. */
export const workAround = (run: (tol: number) => Work, exponent: number): Work =>
  workPrecision(run, exponent, exponent)[0]!;

/** Work on a curve at an error, linear in logarithms; the least work that reaches it where the curve begins below. */
export function workAt(curve: readonly Work[], error: number): number {
  for (let i = 0; i + 1 < curve.length; i++) {
    const [[n0, e0], [n1, e1]] = [curve[i]!, curve[i + 1]!];
    if (e0 >= error && e1 < error) return n0 * (n1 / n0) ** (Math.log(error / e0) / Math.log(e1 / e0));
  }
  return Math.min(...curve.filter(([, e]) => e <= error).map(([n]) => n));
}
