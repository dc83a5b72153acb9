import { concat, type Nested, scan, type Tensor, zerosLike } from "@dzdt/tensor";
import type { Times } from "../saveAt";
import { readObservations, rowsLast, rowsOf, secants } from "./observations";
import { type Path, piecewisePath } from "./path";

/**
 * The natural cubic spline through the observations: twice continuously differentiable, with second derivative 0 at both ends. Each piece depends on
 * all observations, so it is for series that are complete before they are read.
 * @param ts as of `linearPath`
 * @param xs `[…batch, T, channels]`; missing values are filled as by `linearPath` first
 * @throws as `linearPath`
 */
export function cubicPath(ts: Times, xs: Tensor | Nested): Path {
  const rows = readObservations("cubicPath", ts, xs, "linear");
  const { values } = rows;
  const { lengths, slopes } = secants(rows);
  const count = slopes.shape[0]!;
  const bend = curvatures(lengths, slopes);
  const [now, next] = [rowsOf(bend, 0, count), rowsOf(bend, 1, count + 1)];
  const coefficients = [
    rowsOf(values, 0, count),
    slopes.sub(lengths.mul(now.mul(2).add(next)).div(6)),
    now.div(2),
    next.sub(now).div(lengths.mul(6)),
  ];
  return piecewisePath({ breakpoints: rows.breakpoints, coefficients: coefficients.map(rowsLast) });
}

/** Second derivatives at the breakpoints, `[T, …]`: hᵢ₋₁ mᵢ₋₁ + 2 (hᵢ₋₁ + hᵢ) mᵢ + hᵢ mᵢ₊₁ = 6 (δᵢ − δᵢ₋₁), by elimination. */
function curvatures(lengths: Tensor, slopes: Tensor): Tensor {
  const count = slopes.shape[0]!;
  const end = zerosLike(rowsOf(slopes, 0, 1));
  if (count === 1) return concat([end, end], 0);
  const [h0, h1] = [rowsOf(lengths, 0, count - 1), rowsOf(lengths, 1, count)];
  const right = rowsOf(slopes, 1, count)
    .sub(rowsOf(slopes, 0, count - 1))
    .mul(6);
  const none = end.reshape(end.shape.slice(1));
  const share = zerosLike(rowsOf(lengths, 0, 1)).reshape(lengths.shape.slice(1));
  const [, reduced] = scan(
    ({ ratio, rest }, { h0, h1, right }) => {
      const pivot = h0.add(h1).mul(2).sub(h0.mul(ratio));
      const next = { ratio: h1.div(pivot), rest: right.sub(h0.mul(rest)).div(pivot) };
      return [next, next];
    },
    { ratio: share, rest: none },
    { h0, h1, right },
  );
  const [, inner] = scan(
    (after, { ratio, rest }) => {
      const bend = rest.sub(ratio.mul(after));
      return [bend, bend];
    },
    none,
    reduced,
    { reverse: true },
  );
  return concat([end, inner, end], 0);
}
