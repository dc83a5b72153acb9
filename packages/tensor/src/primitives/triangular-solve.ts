import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { alignBatch } from "./elementwise";
import {
  checkFloats,
  copyAll,
  eachMatrix,
  flipped,
  gridOf,
  matrixLengths,
  substitute,
  type Triangle,
} from "./matrices";
import { triangle } from "./triangle";

type Attributes = Triangle & { readonly [name: string]: boolean };

/**
 * X of op(A) X = B: A `[...batch, n, n]`, of which one triangle is read (with `unitDiagonal` not even the diagonal, taken as 1), op the
 * transpose or nothing; B and X `[...batch, n, m]`. B̄ = op(A)⁻ᵀ X̄ and op(A)‾ = −B̄ Xᵀ. Giles 2008, "Collected matrix derivative results".
 */
export const triangularSolve: Primitive<Attributes> = primitive<Attributes>({
  name: "triangularSolve",
  domain: [{ low: 1, high: 3 }, real],
  fusion: "expand",
  shape: (ins) => {
    checkFloats("triangularSolve", ins);
    return [{ dtype: ins[1]!.dtype, shape: ins[1]!.shape }];
  },
  vjp: (o, [ct], [a], [x], attributes, wanted) => {
    if (!ct) return [undefined, undefined];
    const ctB = o.bind(triangularSolve, [a!, ct], { ...attributes, transpose: !attributes.transpose })[0]!;
    if (!wanted[0]) return [undefined, ctB];
    const [left, right] = attributes.transpose ? [x!, ctB] : [ctB, x!];
    return [o.neg(part(o, o.matmul(left, flipped(o, right)), attributes)), ctB];
  },
  jvp: (o, [da, db], [a], [x], attributes) => {
    const moved = da && part(o, da, attributes);
    const term = moved && o.matmul(attributes.transpose ? flipped(o, moved) : moved, x!);
    const right = term ? (db ? o.sub(db, term) : o.neg(term)) : db;
    return [right && o.bind(triangularSolve, [a!, right], attributes)[0]!];
  },
  batch: (o, ins, batched, attributes, size) =>
    batched[0]
      ? o.bind(triangularSolve, alignBatch(o, ins, batched, size), attributes)
      : [solveColumns(o, ins[1]!, size, (b) => o.bind(triangularSolve, [ins[0]!, b], attributes)[0]!)],
  kernel: {
    run: (k, [a, b], [x], _scratch, attributes) => {
      const { batch, rows: n, columns: m } = matrixLengths(b!.shape);
      const grid = gridOf(k);
      copyAll(k, b!, x!);
      eachMatrix(k, batch, (i) =>
        substitute(
          k,
          grid.matrix(a!, k.mul(i, grid.integer(n * n)), n),
          grid.matrix(x!, k.mul(i, grid.integer(n * m)), m),
          n,
          m,
          attributes,
        ),
      );
    },
  },
});

/** The elements of a matrix that a solve reads. */
const part = (o: RuleOps, x: Tensor, { lower, unitDiagonal }: Triangle): Tensor =>
  o.bind(triangle, [x], { lower, offset: unitDiagonal ? (lower ? -1 : 1) : 0 })[0]!;

/**
 * Solves for right-hand sides b `[size, ...batch, n, m]` of one matrix by laying them side by side, `[...batch, n, size m]`, so that the
 * matrix is not repeated.
 */
export function solveColumns(o: RuleOps, b: Tensor, size: number, solve: (b: Tensor) => Tensor): Tensor {
  const rank = b.shape.length;
  const middle = Array.from({ length: rank - 2 }, (_, axis) => axis + 1);
  const [n, m] = [b.shape[rank - 2]!, b.shape[rank - 1]!];
  const apart = [...b.shape.slice(1, -1), size, m];
  const x = solve(o.reshape(o.transpose(b, [...middle, 0, rank - 1]), [...b.shape.slice(1, -2), n, size * m]));
  return o.transpose(o.reshape(x, apart), [rank - 2, ...middle.map((axis) => axis - 1), rank - 1]);
}
