import { concat, type Nested, type Tensor } from "@dzdt/tensor";
import type { Times } from "../saveAt";
import { readObservations, rowsLast, rowsOf, secants } from "./observations";
import { type Path, piecewisePath } from "./path";

/**
 * Cubics through the observations, with the slope at each that of the line from the one before it (at the first, of the first line): once continuously
 * differentiable, and on each interval a function of no later observation than its end.
 * Morrill, Kidger, Yang and Lyons 2022, "Neural controlled differential equations for online prediction tasks", arXiv:2106.11028.
 * @param ts as of `linearPath`
 * @param xs `[…batch, T, channels]`; missing values are filled as by `linearPath` first
 * @throws as `linearPath`
 */
export function hermitePath(ts: Times, xs: Tensor | Nested): Path {
  const rows = readObservations("hermitePath", ts, xs, "linear");
  const { values } = rows;
  const { lengths, slopes } = secants(rows);
  const count = slopes.shape[0]!;
  const before = concat([rowsOf(slopes, 0, 1), rowsOf(slopes, 0, count - 1)], 0);
  // The slope at an interval's end is that of its line, which leaves a cubic in the change of slope alone.
  const change = slopes.sub(before).div(lengths);
  const coefficients = [rowsOf(values, 0, count), before, change.mul(2), change.div(lengths).neg()];
  return piecewisePath({ breakpoints: rows.breakpoints, coefficients: coefficients.map(rowsLast) });
}
