import { checkOptions } from "../arguments";
import { composite, type One, type Two } from "../composite";
import { ShapeError } from "../errors";
import * as o from "../functions";
import { lu } from "../primitives/lu";
import { luSolve } from "../primitives/lu-solve";
import { triangularSolve as triangularSolvePrimitive } from "../primitives/triangular-solve";
import { bind } from "../run";
import { printShape } from "../shape";
import type { Tensor } from "../tensor";
import { qr } from "./factorisations";
import { batchOf, checkMatrix, checkSquare, flip, identity, sidesOf, spread } from "./matrices";

/**
 * X of A X = B by elimination with partial pivoting, for A `[..., n, n]`. A B with one axis is a vector, `[n]`; otherwise it is matrices,
 * `[..., n, k]`; leading axes broadcast. Derivatives reuse the factorisation. Not finite where A is singular.
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  checkSquare("linalg.solve", a);
  return solveOf([a, b]);
}

const solveOf = composite("linalg.solve", ([a, b]: Two) => {
  const sides = sidesOf("linalg.solve", a, b);
  // Derivatives go through A in luSolve, so none are needed of the factorisation.
  const [packed, permutation] = bind(lu, [o.stopGradient(sides.a)]);
  const rows = o.broadcastTo(permutation!, [...sides.batch, a.shape.at(-1)!]);
  const ins = [spread(sides.a, sides.batch), spread(packed!, sides.batch), rows, sides.b];
  return sides.restore(bind(luSolve, ins, { transpose: false })[0]!);
});

/** A⁻¹, for A `[..., n, n]`. To apply it to something, {@link solve} is faster and more accurate. */
export function inv(a: Tensor): Tensor {
  checkSquare("linalg.inv", a);
  return invOf([a]);
}

const invOf = composite("linalg.inv", ([a]: One) => solve(a, identity(a, a.shape.at(-1)!)));

/** Which triangle of the matrix is read, and how. */
export interface TriangularOptions {
  /** @defaultValue true */
  readonly lower?: boolean;
  /** Solve with Aᵀ in place of A. @defaultValue false */
  readonly transpose?: boolean;
  /** Take the diagonal as ones, whatever it holds. @defaultValue false */
  readonly unitDiagonal?: boolean;
}

/**
 * X of A X = B by substitution, for triangular A `[..., n, n]`, of which the other triangle is never read. B as in {@link solve}. Not
 * finite where the diagonal has a zero.
 */
export function triangularSolve(a: Tensor, b: Tensor, options: TriangularOptions = {}): Tensor {
  checkOptions("linalg.triangularSolve", options, ["lower", "transpose", "unitDiagonal"]);
  checkSquare("linalg.triangularSolve", a);
  return triangularSolveOf([a, b], options);
}

const triangularSolveOf = composite("linalg.triangularSolve", ([a, b]: Two, options: TriangularOptions) => {
  const { lower = true, transpose = false, unitDiagonal = false } = options;
  const sides = sidesOf("linalg.triangularSolve", a, b);
  return sides.restore(
    bind(triangularSolvePrimitive, [spread(sides.a, sides.batch), sides.b], { lower, transpose, unitDiagonal })[0]!,
  );
});

/** The X that makes ‖A X − B‖² least, for A `[..., m, n]` of full rank with m ≥ n, by QR. B as in {@link solve}. */
export function lstsq(a: Tensor, b: Tensor): Tensor {
  checkMatrix("linalg.lstsq", a);
  if (a.shape.at(-2)! < a.shape.at(-1)!)
    throw new ShapeError(
      `linalg.lstsq: ${printShape(a.shape)} has more unknowns than equations; give at least as many rows as columns`,
    );
  return lstsqOf([a, b]);
}

const lstsqOf = composite("linalg.lstsq", ([a, b]: Two) => {
  const sides = sidesOf("linalg.lstsq", a, b);
  const [q, r] = qr(sides.a);
  const right = o.matmul(flip(spread(q, sides.batch)), sides.b);
  return sides.restore(triangularSolve(spread(r, batchOf(right)), right, { lower: false }));
});
