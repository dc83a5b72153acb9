import { composite, composites, type One } from "../composite";
import * as o from "../functions";
import { withinRule } from "../literals";
import { cholesky as choleskyPrimitive } from "../primitives/cholesky";
import { eigh as eighPrimitive } from "../primitives/eigh";
import { lu as luPrimitive } from "../primitives/lu";
import { qr as qrPrimitive } from "../primitives/qr";
import { svd as svdPrimitive } from "../primitives/svd";
import { bind } from "../run";
import type { Tensor } from "../tensor";
import { checkMatrix, checkSquare, evened, flip, identity, triangleOf } from "./matrices";

/**
 * P A = L U by elimination with partial pivoting, for A `[..., n, n]`.
 * @returns the permutation, int32 `[..., n]` (row i of P A is row `permutation[i]` of A), then L, unit lower triangular, and U, upper
 * triangular, `[..., n, n]`
 */
export function lu(a: Tensor): [permutation: Tensor, l: Tensor, u: Tensor] {
  checkSquare("linalg.lu", a);
  return luOf([a]) as [Tensor, Tensor, Tensor];
}

const luOf = composites("linalg.lu", ([a]: One) => {
  const [packed, permutation] = bind(luPrimitive, [a]);
  const l = o.add(triangleOf(packed!, true, -1), identity(packed!, a.shape.at(-1)!));
  return [permutation!, l, triangleOf(packed!, false)];
});

/**
 * L, lower triangular with a positive diagonal, of A = L Lᵀ, for symmetric positive definite A `[..., n, n]`. Takes (A + Aᵀ)/2 for A, so
 * that its gradient is symmetric. Where that is not positive definite, L's lower triangle is NaN.
 */
export function cholesky(a: Tensor): Tensor {
  checkSquare("linalg.cholesky", a);
  return choleskyOf([a]);
}

const choleskyOf = composite(
  "linalg.cholesky",
  ([a]: One) => bind(choleskyPrimitive, [withinRule(() => o.mul(o.add(a, flip(a)), 0.5))])[0]!,
);

/**
 * A = Q R, reduced, by Householder reflections: for A `[..., m, n]`, Q `[..., m, k]` has orthonormal columns and R `[..., k, n]` is upper
 * triangular with a diagonal ≥ 0, which makes both unique where A has full rank; k = min(m, n). Differentiable for m ≥ n and full rank.
 */
export function qr(a: Tensor): [q: Tensor, r: Tensor] {
  checkMatrix("linalg.qr", a);
  return bind(qrPrimitive, [a]) as [Tensor, Tensor];
}

/**
 * Eigenvalues w, ascending, `[..., n]`, and eigenvectors, the columns of V `[..., n, n]`, of symmetric matrices `[..., n, n]`: A = V diag(w) Vᵀ.
 * Takes (A + Aᵀ)/2 for A. Of each eigenvector the largest element is positive. Derivatives of V need distinct eigenvalues: equal ones
 * contribute nothing. Of a matrix with an element that is not finite all is NaN.
 */
export function eigh(a: Tensor): [w: Tensor, v: Tensor] {
  checkSquare("linalg.eigh", a);
  return eighOf([a]) as [Tensor, Tensor];
}

const eighOf = composites("linalg.eigh", ([a]: One) => {
  if (a.size === 0) return bind(eighPrimitive, [a]);
  const [even, factor] = evened(a);
  const [w, v] = bind(eighPrimitive, [even]);
  return [restored(w!, factor), o.mul(v!, o.div(factor, factor))];
});

/**
 * A = U diag(s) Vᵀ, reduced, for A `[..., m, n]`: U `[..., m, k]` and V `[..., n, k]` have orthonormal columns, s `[..., k]` is descending
 * and ≥ 0; k = min(m, n). Derivatives of U and V need distinct singular values, those of the longer side nonzero ones too.
 * Of a matrix with an element that is not finite all is NaN.
 * @returns U, s and Vᵀ `[..., k, n]`, as NumPy does
 */
export function svd(a: Tensor): [u: Tensor, s: Tensor, vt: Tensor] {
  checkMatrix("linalg.svd", a);
  return svdOf([a]) as [Tensor, Tensor, Tensor];
}

const svdOf = composites("linalg.svd", ([a]: One) => {
  const tall = a.shape.at(-2)! >= a.shape.at(-1)!;
  const upright = tall ? a : flip(a);
  if (a.size === 0) return assembled(bind(svdPrimitive, [upright]), tall);
  const [even, factor] = evened(upright);
  const [left, s, right] = bind(svdPrimitive, [even]);
  const sound = o.div(factor, factor);
  return assembled([o.mul(left!, sound), restored(s!, factor), o.mul(right!, sound)], tall);
});

const assembled = ([left, s, right]: readonly Tensor[], tall: boolean): [u: Tensor, s: Tensor, vt: Tensor] =>
  tall ? [left!, s!, flip(right!)] : [right!, s!, flip(left!)];

/** Values, `[..., n]`, of the matrices themselves, from those of matrices times a factor. */
const restored = (values: Tensor, factor: Tensor): Tensor =>
  o.div(values, o.reshape(factor, [...factor.shape.slice(0, -2), 1]));
