import { UnsupportedError } from "../errors";
import type { Emitter, Memory, Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { checkFloats, eachMatrix, flipped, gridOf, type Grid, type Matrix, matrixLengths } from "./matrices";
import { lower, upper } from "./triangle";
import { triangularSolve } from "./triangular-solve";

/**
 * A = Q R, reduced: A `[...batch, m, n]`, Q `[...batch, m, k]` with orthonormal columns, R `[...batch, k, n]` upper triangular with a
 * diagonal ≥ 0, k = min(m, n). Householder reflections (Golub and Van Loan 2013, algorithm 5.2.1). Derivatives for m ≥ n and full rank:
 * Walter and Lehmann 2010, doi:10.1007/s10444-010-9167-x.
 */
export const qr: Primitive = primitive({
  name: "qr",
  domain: real,
  fusion: "expand",
  shape: (ins) => {
    checkFloats("qr", ins);
    const { dtype, shape } = ins[0]!;
    const { batch, rows, columns } = matrixLengths(shape);
    const inner = Math.min(rows, columns);
    return [
      { dtype, shape: [...batch, rows, inner] },
      { dtype, shape: [...batch, inner, columns] },
    ];
  },
  vjp: (o, [ctQ, ctR], [a], [q, r]) => {
    if (!ctQ && !ctR) return [undefined];
    checkTall(a!);
    const terms: Tensor[] = [];
    if (ctR) terms.push(o.matmul(r!, flipped(o, upper(o, ctR))));
    if (ctQ) terms.push(o.neg(o.matmul(flipped(o, ctQ), q!)));
    const m = terms.reduce((x, y) => o.add(x, y));
    const inner = o.matmul(q!, o.add(lower(o, m), flipped(o, lower(o, m, -1))));
    return [timesInverse(o, ctQ ? o.add(ctQ, inner) : inner, r!, true)];
  },
  jvp: (o, [tangent], [a], [q, r]) => {
    if (!tangent) return [undefined, undefined];
    checkTall(a!);
    const scaled = timesInverse(o, tangent, r!, false);
    const turned = o.matmul(flipped(o, q!), scaled);
    const below = lower(o, turned, -1);
    const rotation = o.sub(below, flipped(o, below));
    const upperPart = o.sub(turned, rotation);
    return [o.sub(scaled, o.matmul(q!, upperPart)), o.matmul(upperPart, r!)];
  },
  batch: (o, [a]) => o.bind(qr, [a!]),
  kernel: {
    scratch: ([a]) => {
      const { rows, columns } = matrixLengths(a!.shape);
      return [
        { dtype: a!.dtype, shape: [rows, columns] },
        { dtype: a!.dtype, shape: [Math.min(rows, columns)] },
      ];
    },
    run: (k, [a], [q, r], [work, weights]) => {
      const { batch, rows: m, columns: n } = matrixLengths(a!.shape);
      const inner = Math.min(m, n);
      const grid = gridOf(k);
      const w = grid.matrix(work!, grid.zero, n);
      eachMatrix(k, batch, (b) => {
        k.loop(m * n, (i) => work!.store(i, a!.load(k.add(k.mul(b, grid.integer(m * n)), i))));
        k.loop(inner, (c) => reflect(k, grid, w, weights!, c, m, n));
        const left = grid.matrix(q!, k.mul(b, grid.integer(m * inner)), inner);
        const right = grid.matrix(r!, k.mul(b, grid.integer(inner * n)), n);
        unfold(k, grid, w, weights!, left, m, inner);
        writeTriangle(k, grid, w, left, right, { m, n, inner });
      });
    },
  },
});

/** Makes column c of w zero below the diagonal by H = I − τ v vᵀ, keeps v (v_c = 1) in its place and τ in `weights`. */
function reflect(k: Emitter, grid: Grid, w: Matrix, weights: Memory, c: Value, m: number, n: number): void {
  const { dtype } = weights;
  const number = (x: number): Value => k.literal(dtype, x);
  // Scaled by the largest element, so that squares neither overflow nor vanish.
  const largest = k.variable(number(0));
  grid.range(c, m, (r) => largest.set(k.max(largest.get(), k.abs(w.get(r, c)))));
  const zero = k.equal(largest.get(), number(0));
  const scale = k.variable(k.select(zero, number(1), largest.get()));
  const sum = k.variable(number(0));
  grid.range(c, m, (r) => {
    const x = k.variable(k.div(w.get(r, c), scale.get()));
    sum.set(k.add(sum.get(), k.mul(x.get(), x.get())));
  });
  const alpha = k.variable(w.get(c, c));
  const beta = k.variable(k.neg(k.copySign(k.mul(scale.get(), k.sqrt(sum.get())), alpha.get())));
  const nothing = k.equal(beta.get(), number(0));
  const tau = k.variable(
    k.select(nothing, number(0), k.div(k.sub(beta.get(), alpha.get()), k.select(nothing, number(1), beta.get()))),
  );
  const head = k.variable(k.select(nothing, number(1), k.sub(alpha.get(), beta.get())));
  weights.store(c, tau.get());
  w.set(c, c, beta.get());
  grid.range(grid.next(c), m, (r) => w.set(r, c, k.div(w.get(r, c), head.get())));
  apply(k, grid, { w, c, m, tau: tau.get() }, w, grid.next(c), n);
}

/** Applies a reflection to columns from … to − 1 of x. */
function apply(
  k: Emitter,
  grid: Grid,
  { w, c, m, tau }: { readonly w: Matrix; readonly c: Value; readonly m: number; readonly tau: Value },
  x: Matrix,
  from: Value,
  to: number,
): void {
  grid.range(from, to, (j) => {
    const dot = k.variable(x.get(c, j));
    grid.range(grid.next(c), m, (r) => dot.set(k.add(dot.get(), k.mul(w.get(r, c), x.get(r, j)))));
    const by = k.variable(k.mul(dot.get(), tau));
    x.set(c, j, k.sub(x.get(c, j), by.get()));
    grid.range(grid.next(c), m, (r) => x.set(r, j, k.sub(x.get(r, j), k.mul(by.get(), w.get(r, c)))));
  });
}

/** Q = H₀ … H_{k−1} I. */
function unfold(k: Emitter, grid: Grid, w: Matrix, weights: Memory, q: Matrix, m: number, inner: number): void {
  const number = (x: number): Value => k.literal(weights.dtype, x);
  k.loop(m, (i) => k.loop(inner, (j) => q.set(i, j, k.select(k.equal(i, j), number(1), number(0)))));
  k.loop(inner, (step) => {
    const c = k.sub(grid.integer(inner - 1), step);
    const tau = k.variable(weights.load(c));
    apply(k, grid, { w, c, m, tau: tau.get() }, q, c, inner);
  });
}

/** Writes R, and turns the signs so that its diagonal is ≥ 0. */
function writeTriangle(
  k: Emitter,
  grid: Grid,
  w: Matrix,
  q: Matrix,
  r: Matrix,
  { m, n, inner }: { readonly m: number; readonly n: number; readonly inner: number },
): void {
  k.loop(inner, (i) => {
    const diagonal = w.get(i, i);
    const { dtype } = diagonal;
    const sign = k.variable(k.select(k.less(diagonal, k.literal(dtype, 0)), k.literal(dtype, -1), k.literal(dtype, 1)));
    k.loop(i, (j) => r.set(i, j, k.literal(dtype, 0)));
    grid.range(i, n, (j) => r.set(i, j, k.mul(w.get(i, j), sign.get())));
    k.loop(m, (row) => q.set(row, i, k.mul(q.get(row, i), sign.get())));
  });
}

function checkTall(a: Tensor): void {
  const { rows, columns } = matrixLengths(a.shape);
  if (rows < columns)
    throw new UnsupportedError(
      `qr: a ${rows} × ${columns} matrix has no derivative here; it needs at least as many rows as columns`,
    );
}

/** x R⁻¹, or x R⁻ᵀ. */
const timesInverse = (o: RuleOps, x: Tensor, r: Tensor, transposed: boolean): Tensor =>
  flipped(
    o,
    o.bind(triangularSolve, [r, flipped(o, x)], { lower: false, transpose: !transposed, unitDiagonal: false })[0]!,
  );
