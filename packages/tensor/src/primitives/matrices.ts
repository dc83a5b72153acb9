import { isFloat } from "../dtype";
import { DTypeError, invariant } from "../errors";
import type { Emitter, Memory, Value } from "../lower/emitter";
import type { Aval } from "../primitive";
import type { RuleOps } from "../rules";
import { type Shape, sizeOf } from "../shape";
import type { Tensor } from "../tensor";
import { eachOfRun, via } from "./axes";

/** Lengths of a stack of matrices, `[...batch, rows, columns]`. */
export interface MatrixLengths {
  readonly batch: Shape;
  readonly rows: number;
  readonly columns: number;
}

/** The lengths of a tensor of matrices. Functions have checked that it is one. */
export function matrixLengths(shape: Shape): MatrixLengths {
  invariant(shape.length >= 2, "a matrix has two axes");
  return { batch: shape.slice(0, -2), rows: shape.at(-2)!, columns: shape.at(-1)! };
}

/** @throws DTypeError unless all are float32 or all float64. */
export function checkFloats(where: string, ins: readonly Aval[]): void {
  for (const x of ins)
    if (!isFloat(x.dtype) || x.dtype !== ins[0]!.dtype)
      throw new DTypeError(`${where}: takes float32 or float64 matrices, not ${x.dtype}; cast them first`);
}

/** Every matrix transposed. */
export function flipped(o: RuleOps, x: Tensor): Tensor {
  const rank = x.shape.length;
  return o.transpose(x, [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2]);
}

/** Row-major matrices in a kernel: elements by row and column instead of position. */
export interface Matrix {
  get(row: Value, column: Value): Value;
  set(row: Value, column: Value, value: Value): void;
  /** The same matrix for the emitter that is given some columns of a run. */
  via(k: Emitter): Matrix;
}

/** Arithmetic of positions, and matrices in memory. */
export interface Grid {
  readonly zero: Value;
  integer(n: number): Value;
  /** i + 1 */
  next(i: Value): Value;
  /** A matrix of `columns` columns that begins at position `start` of a memory. */
  matrix(memory: Memory, start: Value, columns: number): Matrix;
  /** Runs `body` for i = from … to − 1. */
  range(from: Value, to: Value | number, body: (i: Value) => void): void;
}

export function gridOf(k: Emitter): Grid {
  const integer = (n: number): Value => k.literal("int32", n);
  return {
    zero: integer(0),
    integer,
    next: (i) => k.add(i, integer(1)),
    matrix: (memory, start, columns) => {
      const at = (row: Value, column: Value): Value => k.add(k.add(start, k.mul(row, integer(columns))), column);
      return {
        get: (row, column) => memory.load(at(row, column)),
        set: (row, column, value) => memory.store(at(row, column), value),
        via: (other) => gridOf(other).matrix(via(other, memory), start, columns),
      };
    },
    range: (from, to, body) => {
      const end = typeof to === "number" ? integer(to) : to;
      k.loop(k.sub(end, from), (i) => body(k.add(from, i)));
    },
  };
}

/** Runs `body` for each matrix of a stack, with its number. */
export function eachMatrix(k: Emitter, batch: Shape, body: (b: Value) => void): void {
  if (k.independent) k.independent(sizeOf(batch), body);
  else k.loop(sizeOf(batch), body);
}

/** How a triangular matrix is read. */
export interface Triangle {
  readonly lower: boolean;
  readonly transpose: boolean;
  readonly unitDiagonal: boolean;
}

/** Replaces x, `n × m`, by the solution of op(a) y = x, where a is triangular `n × n`. Substitution by rows. */
export function substitute(
  k: Emitter,
  a: Matrix,
  x: Matrix,
  n: number,
  m: number,
  { lower, transpose, unitDiagonal }: Triangle,
): void {
  const grid = gridOf(k);
  const forward = lower !== transpose;
  const element = (row: Value, column: Value): Value => (transpose ? a.get(column, row) : a.get(row, column));
  k.loop(n, (step) => {
    const i = forward ? step : k.sub(grid.integer(n - 1), step);
    grid.range(forward ? grid.zero : grid.next(i), forward ? i : n, (t) => {
      const factor = element(i, t);
      eachOfRun(k, m, (k, j) => {
        const to = x.via(k);
        to.set(i, j, k.sub(to.get(i, j), k.mul(factor, to.get(t, j))));
      });
    });
    if (unitDiagonal) return;
    const diagonal = element(i, i);
    eachOfRun(k, m, (k, j) => {
      const to = x.via(k);
      to.set(i, j, k.div(to.get(i, j), diagonal));
    });
  });
}

/** Copies all of a memory. */
export function copyAll(k: Emitter, from: Memory, to: Memory): void {
  eachOfRun(k, sizeOf(from.shape), (k, i) => via(k, to).store(i, via(k, from).load(i)));
}
