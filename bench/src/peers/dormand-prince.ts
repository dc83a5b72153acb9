import { dopri5 } from "@dzdt/odeint";

// What peers without solvers of their own are given: the arithmetic of an adaptive Dormand–Prince solve, which decides nothing about arrays.

/** Rows of the tableau, from the second stage on. */
export const rows: readonly (readonly number[])[] = dopri5.a.slice(1);

/** Weights of the error estimate. */
export const errorWeights: readonly number[] = dopri5.bError!;

/** w(θ) with y(t + θh) = y + h Σ wᵢ kᵢ. */
export function outputWeights(theta: number): number[] {
  const { dense } = dopri5;
  if (dense?.kind !== "polynomial") throw new Error("dormand-prince: the tableau has no polynomial dense output");
  return dense.coefficients.map((row) => row.reduce((sum, c, j) => sum + c * theta ** (j + 1), 0));
}

/** Of the next step, from the scaled error of the last. */
export const stepFactor = (error: number): number =>
  error === 0 ? 10 : Math.min(10, Math.max(error < 1 ? 1 : 0.2, 0.9 * error ** -0.2));

/** A first trial step from scaled norms of the state and its slope. */
export const trialStep = (state: number, slope: number): number =>
  state < 1e-5 || slope < 1e-5 ? 1e-6 : (0.01 * state) / slope;

/** The first step, given how much the slope changed over the trial step, divided by it. */
export const firstStep = (trial: number, slope: number, change: number): number =>
  Math.min(100 * trial, (0.01 / Math.max(slope, change, 1e-10)) ** 0.2);

/** θ of each output within a step from t to t + h, where `next` is the first of `ts` not yet served. */
export function outputsWithin(ts: readonly number[], next: number, t: number, h: number): number[] {
  const thetas: number[] = [];
  while (next < ts.length && ts[next]! <= t + h + 1e-12) thetas.push((ts[next++]! - t) / h);
  return thetas;
}
