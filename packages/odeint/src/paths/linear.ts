import type { Nested, Tensor } from "@dzdt/tensor";
import type { Times } from "../saveAt";
import { readObservations, rowsLast, rowsOf, secants } from "./observations";
import { type Path, piecewisePath } from "./path";

/**
 * Straight lines from observation to observation. Its derivative jumps at each; `cdeint` ends steps there.
 * @param ts strictly increasing, in units of time: `[T]`, or `[…batch, T]` where each series has times of its own
 * @param xs `[…batch, T, channels]`. NaN is a missing value: it is on the line between the observations of its channel around it, before the first of
 * them equal to it, after the last equal to that; a channel without any is 0
 * @throws RangeError when times do not increase; ShapeError, DTypeError for what does not fit
 * @example linearPath([0, 1, 3], tensor([[0], [1], [0]])).at(2) // [0.5]
 */
export function linearPath(ts: Times, xs: Tensor | Nested): Path {
  const rows = readObservations("linearPath", ts, xs, "linear");
  const { values } = rows;
  const starts = rowsOf(values, 0, values.shape[0]! - 1);
  return piecewisePath({ breakpoints: rows.breakpoints, coefficients: [starts, secants(rows).slopes].map(rowsLast) });
}
