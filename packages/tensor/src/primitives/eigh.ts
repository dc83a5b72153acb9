import type { Emitter, Memory, Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { across, down, inverse, onDiagonal } from "./diagonals";
import { checkFloats, eachMatrix, flipped, type Grid, gridOf, type Matrix, matrixLengths } from "./matrices";
import { largestOf, rotationFor, turn, turnColumns } from "./rotation";
import { diagonal } from "./triangle";

/** Rounds over all pairs, at most; convergence is quadratic and takes 5 to 10. */
const sweeps = 40;
const rounding = { float32: 2 ** -24, float64: 2 ** -53 };

/**
 * Eigenvalues, ascending, `[...batch, n]`, and orthonormal eigenvectors, columns of `[...batch, n, n]`, of the symmetric part of matrices
 * `[...batch, n, n]`. Of each eigenvector the largest element is positive. Cyclic Jacobi rotations (Golub and Van Loan 2013, section 8.5).
 * With M = Vᵀ dA V: dw = diag M, dV = V (F ∘ M), F_ij = 1/(w_j − w_i), which counts as 0 for equal eigenvalues (Giles 2008).
 */
export const eigh: Primitive = primitive({
  name: "eigh",
  domain: real,
  fusion: "expand",
  shape: (ins) => {
    checkFloats("eigh", ins);
    const { dtype, shape } = ins[0]!;
    return [
      { dtype, shape: shape.slice(0, -1) },
      { dtype, shape },
    ];
  },
  vjp: (o, [ctW, ctV], _ins, [w, v]) => {
    const terms: Tensor[] = [];
    if (ctW) terms.push(onDiagonal(o, ctW));
    if (ctV) terms.push(o.mul(gaps(o, w!), o.matmul(flipped(o, v!), ctV)));
    if (!terms.length) return [undefined];
    const inner = terms.reduce((x, y) => o.add(x, y));
    return [symmetric(o, o.matmul(o.matmul(v!, inner), flipped(o, v!)))];
  },
  jvp: (o, [tangent], _ins, [w, v]) => {
    if (!tangent) return [undefined, undefined];
    const turned = o.matmul(o.matmul(flipped(o, v!), symmetric(o, tangent)), v!);
    return [o.sum(diagonal(o, turned), -1), o.matmul(v!, o.mul(gaps(o, w!), turned))];
  },
  batch: (o, [a]) => o.bind(eigh, [a!]),
  kernel: {
    scratch: ([a]) => [{ dtype: a!.dtype, shape: a!.shape.slice(-2) }],
    run: (k, [a], [values, vectors], [work]) => {
      const { batch, rows: n } = matrixLengths(a!.shape);
      const grid = gridOf(k);
      const w = grid.matrix(work!, grid.zero, n);
      eachMatrix(k, batch, (b) => {
        const start = k.mul(b, grid.integer(n * n));
        const from = grid.matrix(a!, start, n);
        const v = grid.matrix(vectors!, start, n);
        const number = (x: number): Value => k.literal(a!.dtype, x);
        k.loop(n, (i) =>
          k.loop(n, (j) => {
            w.set(i, j, k.mul(k.add(from.get(i, j), from.get(j, i)), number(0.5)));
            v.set(i, j, k.select(k.equal(i, j), number(1), number(0)));
          }),
        );
        diagonalise(k, grid, w, v, n, work!);
        const d = grid.matrix(values!, k.mul(b, grid.integer(n)), 1);
        k.loop(n, (i) => d.set(i, grid.zero, w.get(i, i)));
        arrange(k, grid, d, v, n, work!);
      });
    },
  },
});

/** Rotates pairs of axes until w is diagonal, and v with it. */
function diagonalise(k: Emitter, grid: Grid, w: Matrix, v: Matrix, n: number, { dtype }: Memory): void {
  const number = (x: number): Value => k.literal(dtype, x);
  const sweep = k.variable(grid.zero);
  const going = k.variable(k.equal(grid.zero, grid.zero));
  const tolerance = rounding[dtype as keyof typeof rounding] ** 2;
  k.while(
    () => k.and(going.get(), k.less(sweep.get(), grid.integer(sweeps))),
    () => {
      const [off, all] = [k.variable(number(0)), k.variable(number(0))];
      k.loop(n, (i) =>
        k.loop(n, (j) => {
          const square = k.variable(k.mul(w.get(i, j), w.get(i, j)));
          all.set(k.add(all.get(), square.get()));
          k.if(k.notEqual(i, j), () => off.set(k.add(off.get(), square.get())));
        }),
      );
      // False for NaN, which ends the loop.
      going.set(k.less(k.mul(all.get(), number(tolerance)), off.get()));
      k.if(going.get(), () => k.loop(n, (p) => grid.range(grid.next(p), n, (q) => rotate(k, w, v, n, p, q))));
      sweep.set(grid.next(sweep.get()));
    },
  );
}

/** Makes w_pq zero. */
function rotate(k: Emitter, w: Matrix, v: Matrix, n: number, p: Value, q: Value): void {
  const entry = k.variable(w.get(p, q));
  const { dtype } = entry.get();
  const number = (x: number): Value => k.literal(dtype, x);
  k.if(k.notEqual(entry.get(), number(0)), () => {
    const by = rotationFor(k, k.sub(w.get(q, q), w.get(p, p)), entry.get());
    turnColumns(k, by, [p, q], w, n);
    k.loop(n, (j) =>
      turn(
        k,
        by,
        [p, q],
        (side) => w.get(side, j),
        (side, value) => w.set(side, j, value),
      ),
    );
    w.set(p, q, number(0));
    w.set(q, p, number(0));
    turnColumns(k, by, [p, q], v, n);
  });
}

/** Sorts eigenvalues d and the columns of v with them, and turns each column's largest element positive. */
function arrange(k: Emitter, grid: Grid, d: Matrix, v: Matrix, n: number, { dtype }: Memory): void {
  const swap = (m: Matrix, row: Value, i: Value, j: Value, across: boolean): void => {
    const held = k.variable(across ? m.get(row, i) : m.get(i, row));
    if (across) {
      m.set(row, i, m.get(row, j));
      m.set(row, j, held.get());
    } else {
      m.set(i, row, m.get(j, row));
      m.set(j, row, held.get());
    }
  };
  k.loop(n, (i) => {
    const least = k.variable(i);
    grid.range(grid.next(i), n, (j) =>
      k.if(k.less(d.get(j, grid.zero), d.get(least.get(), grid.zero)), () => least.set(j)),
    );
    k.if(k.notEqual(least.get(), i), () => {
      swap(d, grid.zero, i, least.get(), false);
      k.loop(n, (row) => swap(v, row, i, least.get(), true));
    });
    const largest = largestOf(k, v, i, n, k.literal(dtype, 0));
    k.if(k.less(largest.get(), k.literal(dtype, 0)), () => k.loop(n, (row) => v.set(row, i, k.neg(v.get(row, i)))));
  });
}

const symmetric = (o: RuleOps, x: Tensor): Tensor => o.mul(o.add(x, flipped(o, x)), 0.5);

/** F_ij = 1/(w_j − w_i), 0 where they are equal. */
const gaps = (o: RuleOps, w: Tensor): Tensor => inverse(o, o.sub(across(o, w), down(o, w)));
