import { invariant } from "../errors";
import type { Emitter, Memory, Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { across, down, inverse, onDiagonal } from "./diagonals";
import { checkFloats, eachMatrix, flipped, type Grid, gridOf, type Matrix, matrixLengths } from "./matrices";
import { largestOf, rotationFor, turnColumns } from "./rotation";
import { diagonal } from "./triangle";

/** Rounds over all pairs of columns, at most; 6 to 12 are taken. */
const sweeps = 40;
/** Squares of smaller columns are not exact enough to tell their directions. */
const least = { float32: 2 ** -54, float64: 2 ** -485 };
const rounding = { float32: 2 ** -22, float64: 2 ** -51 };

/**
 * A = U diag(s) Vᵀ for A `[...batch, m, n]` with m ≥ n: U `[...batch, m, n]` and V `[...batch, n, n]` with orthonormal columns, s
 * `[...batch, n]` descending and ≥ 0. Of each column of V the largest element is positive. One-sided Jacobi rotations (Golub and Van Loan
 * 2013, section 8.6.3), which keep small singular values accurate. Derivatives: Townsend 2016, "Differentiating the singular value
 * decomposition"; equal singular values contribute nothing to those of U and V.
 */
export const svd: Primitive = primitive({
  name: "svd",
  domain: real,
  fusion: "expand",
  shape: (ins) => {
    checkFloats("svd", ins);
    const { dtype, shape } = ins[0]!;
    const { batch, rows: m, columns: n } = matrixLengths(shape);
    invariant(m >= n, "svd: wide matrices are transposed before");
    return [
      { dtype, shape: [...batch, m, n] },
      { dtype, shape: [...batch, n] },
      { dtype, shape: [...batch, n, n] },
    ];
  },
  vjp: (o, [ctU, ctS, ctV], _ins, [u, s, v]) => {
    const row = across(o, s!);
    const terms: Tensor[] = [];
    if (ctS) terms.push(onDiagonal(o, ctS));
    if (ctU) terms.push(o.mul(doubled(o, o.mul(gaps(o, s!), o.matmul(flipped(o, u!), ctU))), row));
    if (ctV) terms.push(o.mul(down(o, s!), doubled(o, o.mul(gaps(o, s!), o.matmul(flipped(o, v!), ctV)))));
    if (!terms.length) return [undefined];
    let left = o.matmul(
      u!,
      terms.reduce((x, y) => o.add(x, y)),
    );
    if (ctU) left = o.add(left, o.div(outside(o, u!, ctU), row));
    return [o.matmul(left, flipped(o, v!))];
  },
  jvp: (o, [tangent], _ins, [u, s, v]) => {
    if (!tangent) return [undefined, undefined, undefined];
    const [row, column, f] = [across(o, s!), down(o, s!), gaps(o, s!)];
    const turned = o.matmul(tangent, v!);
    const inner = o.matmul(flipped(o, u!), turned);
    const forU = o.matmul(u!, o.mul(f, o.add(o.mul(inner, row), o.mul(column, flipped(o, inner)))));
    const forV = o.matmul(v!, o.mul(f, o.add(o.mul(column, inner), o.mul(flipped(o, inner), row))));
    return [o.add(forU, o.div(outside(o, u!, turned), row)), o.sum(diagonal(o, inner), -1), forV];
  },
  batch: (o, [a]) => o.bind(svd, [a!]),
  kernel: {
    run: (k, [a], [left, values, right]) => {
      const { batch, rows: m, columns: n } = matrixLengths(a!.shape);
      const grid = gridOf(k);
      k.loop(
        batch.reduce((x, y) => x * y, m * n),
        (i) => left!.store(i, a!.load(i)),
      );
      eachMatrix(k, batch, (b) => {
        const u = grid.matrix(left!, k.mul(b, grid.integer(m * n)), n);
        const v = grid.matrix(right!, k.mul(b, grid.integer(n * n)), n);
        const s = grid.matrix(values!, k.mul(b, grid.integer(n)), 1);
        const number = (x: number): Value => k.literal(a!.dtype, x);
        k.loop(n, (i) => k.loop(n, (j) => v.set(i, j, k.select(k.equal(i, j), number(1), number(0)))));
        orthogonalise(k, grid, u, v, { m, n }, a!);
        k.loop(n, (j) => {
          const square = sumOf(k, a!, m, (i) => k.mul(u.get(i, j), u.get(i, j)));
          s.set(j, grid.zero, k.sqrt(square));
        });
        k.loop(n, (j) => arrange(k, grid, { u, v, s }, j, { m, n }, a!));
        k.loop(n, (j) => normalise(k, grid, u, s, j, m, a!));
      });
    },
  },
});

interface Lengths {
  readonly m: number;
  readonly n: number;
}

function sumOf(k: Emitter, { dtype }: Memory, count: number, term: (i: Value) => Value): Value {
  const sum = k.variable(k.literal(dtype, 0));
  k.loop(count, (i) => sum.set(k.add(sum.get(), term(i))));
  return sum.get();
}

/** Rotates pairs of columns of u until all are orthogonal, and v with it. */
function orthogonalise(k: Emitter, grid: Grid, u: Matrix, v: Matrix, { m, n }: Lengths, of: Memory): void {
  const number = (x: number): Value => k.literal(of.dtype, x);
  const tolerance = number(rounding[of.dtype as keyof typeof rounding]);
  const [sweep, turned] = [k.variable(grid.zero), k.variable(grid.integer(1))];
  const pair = (p: Value, q: Value): void => {
    const dot = (x: Value, y: Value): ReturnType<typeof k.variable> =>
      k.variable(sumOf(k, of, m, (i) => k.mul(u.get(i, x), u.get(i, y))));
    const [alpha, beta, gamma] = [dot(p, p), dot(q, q), dot(p, q)];
    const bound = k.mul(tolerance, k.mul(k.sqrt(alpha.get()), k.sqrt(beta.get())));
    k.if(k.less(bound, k.abs(gamma.get())), () => {
      turned.set(grid.integer(1));
      const by = rotationFor(k, k.sub(beta.get(), alpha.get()), gamma.get());
      turnColumns(k, by, [p, q], u, m);
      turnColumns(k, by, [p, q], v, n);
    });
  };
  k.while(
    () => k.and(k.equal(turned.get(), grid.integer(1)), k.less(sweep.get(), grid.integer(sweeps))),
    () => {
      turned.set(grid.zero);
      k.loop(n, (p) => grid.range(grid.next(p), n, (q) => pair(p, q)));
      sweep.set(grid.next(sweep.get()));
    },
  );
}

/** Brings the largest of the singular values from j on to j, columns with it, and turns v's largest element positive. */
function arrange(
  k: Emitter,
  grid: Grid,
  { u, v, s }: { readonly u: Matrix; readonly v: Matrix; readonly s: Matrix },
  j: Value,
  { m, n }: Lengths,
  { dtype }: Memory,
): void {
  const most = k.variable(j);
  grid.range(grid.next(j), n, (i) =>
    k.if(k.less(s.get(most.get(), grid.zero), s.get(i, grid.zero)), () => most.set(i)),
  );
  k.if(k.notEqual(most.get(), j), () => {
    const columns = (x: Matrix, rows: number): void =>
      k.loop(rows, (i) => {
        const held = k.variable(x.get(i, j));
        x.set(i, j, x.get(i, most.get()));
        x.set(i, most.get(), held.get());
      });
    columns(u, m);
    columns(v, n);
    const held = k.variable(s.get(j, grid.zero));
    s.set(j, grid.zero, s.get(most.get(), grid.zero));
    s.set(most.get(), grid.zero, held.get());
  });
  const largest = largestOf(k, v, j, n, k.literal(dtype, 0));
  k.if(k.less(largest.get(), k.literal(dtype, 0)), () => {
    k.loop(n, (i) => v.set(i, j, k.neg(v.get(i, j))));
    k.loop(m, (i) => u.set(i, j, k.neg(u.get(i, j))));
  });
}

/** Makes column j of u a unit; a column of zeros, or of next to nothing, becomes a unit vector made orthogonal to the columns before it. */
function normalise(k: Emitter, grid: Grid, u: Matrix, s: Matrix, j: Value, m: number, of: Memory): void {
  const number = (x: number): Value => k.literal(of.dtype, x);
  const size = k.variable(s.get(j, grid.zero));
  const missing = k.variable(
    k.select(k.lessEqual(size.get(), number(least[of.dtype as keyof typeof least])), grid.integer(1), grid.zero),
  );
  const attempt = k.variable(grid.zero);
  k.while(
    () => k.and(k.equal(missing.get(), grid.integer(1)), k.less(attempt.get(), grid.integer(m))),
    () => {
      k.loop(m, (i) => u.set(i, j, k.select(k.equal(i, attempt.get()), number(1), number(0))));
      // Twice is enough (Kahan).
      k.loop(2, () =>
        k.loop(j, (t) => {
          const dot = k.variable(sumOf(k, of, m, (i) => k.mul(u.get(i, t), u.get(i, j))));
          k.loop(m, (i) => u.set(i, j, k.sub(u.get(i, j), k.mul(dot.get(), u.get(i, t)))));
        }),
      );
      const square = k.variable(sumOf(k, of, m, (i) => k.mul(u.get(i, j), u.get(i, j))));
      // Some unit vector keeps at least 1/m of its square.
      k.if(k.less(number(0.5 / m), square.get()), () => {
        missing.set(grid.zero);
        size.set(k.sqrt(square.get()));
      });
      attempt.set(grid.next(attempt.get()));
    },
  );
  k.loop(m, (i) => u.set(i, j, k.div(u.get(i, j), size.get())));
}

const doubled = (o: RuleOps, x: Tensor): Tensor => o.add(x, flipped(o, x));

/** (1 − U Uᵀ) x */
const outside = (o: RuleOps, u: Tensor, x: Tensor): Tensor => o.sub(x, o.matmul(u, o.matmul(flipped(o, u), x)));

/** F_ij = 1/(s_j² − s_i²), 0 where they are equal. */
function gaps(o: RuleOps, s: Tensor): Tensor {
  const [row, column] = [across(o, s), down(o, s)];
  return inverse(o, o.mul(o.sub(row, column), o.add(row, column)));
}
