import * as o from "../functions";
import { withinRule } from "../literals";
import { cholesky as choleskyPrimitive } from "../primitives/cholesky";
import { lu as luPrimitive } from "../primitives/lu";
import { qr as qrPrimitive } from "../primitives/qr";
import { bind } from "../run";
import type { Tensor } from "../tensor";
import { checkMatrix, checkSquare, flip, identity, triangleOf } from "./matrices";

/**
 * P A = L U by elimination with partial pivoting, for A `[..., n, n]`.
 * @returns the permutation, int32 `[..., n]` (row i of P A is row `permutation[i]` of A), then L, unit lower triangular, and U, upper
 * triangular, `[..., n, n]`
 */
export function lu(a: Tensor): [permutation: Tensor, l: Tensor, u: Tensor] {
  checkSquare("linalg.lu", a);
  const [packed, permutation] = bind(luPrimitive, [a]);
  const l = o.add(triangleOf(packed!, true, -1), identity(packed!, a.shape.at(-1)!));
  return [permutation!, l, triangleOf(packed!, false)];
}

/**
 * L, lower triangular with a positive diagonal, of A = L Lᵀ, for symmetric positive definite A `[..., n, n]`. Takes (A + Aᵀ)/2 for A, so
 * that its gradient is symmetric. Where that is not positive definite, L's lower triangle is NaN.
 */
export function cholesky(a: Tensor): Tensor {
  checkSquare("linalg.cholesky", a);
  return bind(choleskyPrimitive, [withinRule(() => o.mul(o.add(a, flip(a)), 0.5))])[0]!;
}

/**
 * A = Q R, reduced, by Householder reflections: for A `[..., m, n]`, Q `[..., m, k]` has orthonormal columns and R `[..., k, n]` is upper
 * triangular with a diagonal ≥ 0, which makes both unique where A has full rank; k = min(m, n). Differentiable for m ≥ n and full rank.
 */
export function qr(a: Tensor): [q: Tensor, r: Tensor] {
  checkMatrix("linalg.qr", a);
  return bind(qrPrimitive, [a]) as [Tensor, Tensor];
}
