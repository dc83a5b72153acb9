import { isFloat, promote } from "../dtype";
import { DTypeError, ShapeError } from "../errors";
import * as o from "../functions";
import { constant } from "../functions/likes";
import { convert } from "../functions/operands";
import { checkOperand, withinRule } from "../literals";
import { positions } from "../primitives/positions";
import { triangle } from "../primitives/triangle";
import { bind } from "../run";
import { broadcastShapes, printShape, type Shape } from "../shape";
import type { Tensor } from "../tensor";

/** @throws DTypeError, ShapeError unless x is a float tensor of matrices. */
export function checkMatrix(where: string, x: Tensor): void {
  checkOperand(where, x);
  if (!isFloat(x.dtype))
    throw new DTypeError(
      `${where}: takes float32 or float64 matrices, not ${x.dtype}; cast first, as in cast(x, "float32")`,
    );
  if (x.shape.length < 2)
    throw new ShapeError(
      `${where}: takes matrices, [..., rows, columns], not ${printShape(x.shape)}; reshape it first`,
    );
}

/** @throws DTypeError, ShapeError unless x is a float tensor of square matrices. */
export function checkSquare(where: string, x: Tensor): void {
  checkMatrix(where, x);
  if (x.shape.at(-1) !== x.shape.at(-2))
    throw new ShapeError(`${where}: takes square matrices, [..., n, n], not ${printShape(x.shape)}`);
}

/** Shape of a stack: the axes before the last two. */
export const batchOf = (x: Tensor): Shape => x.shape.slice(0, -2);

/** Transposed matrices. */
export const flip = (x: Tensor): Tensor => {
  const rank = x.shape.length;
  return o.transpose(x, [...x.shape.slice(0, -2).keys(), rank - 1, rank - 2]);
};

/** Ones on the diagonal, `[n, n]`, of x's dtype, where x is. */
export const identity = (x: Tensor, n: number): Tensor =>
  withinRule(() => o.cast(o.equal(o.mod(bind(positions, [x], { shape: [n, n] })[0]!, n + 1), 0), x.dtype));

/** Diagonals of square matrices, `[..., n]`. */
export function diagonal(x: Tensor): Tensor {
  const n = x.shape.at(-1)!;
  const zeros = batchOf(x).map(() => 0);
  const ones = batchOf(x).map(() => 1);
  const flat = o.reshape(x, [...batchOf(x), n * n]);
  return o.slice(flat, [...zeros, 0], [...batchOf(x), n * n], [...ones, n + 1]);
}

/** The lower or upper triangle of matrices. */
export const triangleOf = (x: Tensor, lower: boolean, offset = 0): Tensor => bind(triangle, [x], { lower, offset })[0]!;

const evens = { float32: { beyond: 2 ** 30, by: 2 ** 80 }, float64: { beyond: 2 ** 200, by: 2 ** 600 } };

/**
 * Matrices times a power of two, 1 unless the greatest element is so far from 1 that squares would overflow or vanish; NaN where an element
 * is not finite, which rotations of other rows and columns would hide.
 * @returns matrices and what each was multiplied by, `[..., 1, 1]`
 */
export function evened(a: Tensor): [matrices: Tensor, factor: Tensor] {
  const { beyond, by } = evens[a.dtype as keyof typeof evens];
  const most = o.stopGradient(o.max(o.abs(a), [-2, -1], { keepDims: true }));
  const number = (x: number): Tensor => constant(x, most);
  const small = o.where(o.less(most, number(1 / beyond)), number(by), number(1));
  const usual = o.where(o.less(number(beyond), most), number(1 / by), small);
  const factor = o.where(o.isFinite(most), usual, number(NaN));
  return [o.mul(a, factor), factor];
}

/** Right-hand sides beside the matrices they go with: one dtype, one batch, each a matrix. */
export interface Sides {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly batch: Shape;
  /** Undoes what was done to b. */
  restore(x: Tensor): Tensor;
}

/**
 * Brings A `[..., m, n]` and b together. A b with one axis is one vector for all; otherwise it is matrices, `[..., m, k]` (NumPy 2's rule).
 * A keeps its batch: callers factorise first and repeat after.
 */
export function sidesOf(where: string, a: Tensor, b: Tensor): Sides {
  if (!isFloat(b.dtype))
    throw new DTypeError(`${where}: takes float32 or float64 right-hand sides, not ${b.dtype}; cast them first`);
  const dtype = promote(where, a.dtype, b.dtype);
  const vector = b.shape.length === 1;
  if (b.shape.length === 0 || b.shape.at(vector ? -1 : -2) !== a.shape.at(-2))
    throw new ShapeError(
      `${where}: a right-hand side of shape ${printShape(b.shape)} for matrices ${printShape(a.shape)}; ` +
        `give a vector [${a.shape.at(-2)}] or matrices [..., ${a.shape.at(-2)}, k]`,
    );
  const columns = convert(vector ? o.reshape(b, [...b.shape, 1]) : b, dtype);
  const batch = broadcastShapes(where, batchOf(a), batchOf(columns));
  return {
    a: convert(a, dtype),
    b: spread(columns, batch),
    batch,
    restore: (x) => (vector ? o.reshape(x, x.shape.slice(0, -1)) : x),
  };
}

/** Matrices repeated over a batch. */
export const spread = (x: Tensor, batch: Shape): Tensor => o.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
