import { type Primitive, primitive, real } from "../primitive";
import { alignBatch } from "./elementwise";
import { checkFloats, eachMatrix, flipped, gridOf, matrixLengths, substitute } from "./matrices";
import { solveColumns } from "./triangular-solve";

/**
 * X of op(A) X = B by a given factorisation of A. Inputs: A `[...batch, n, n]`, its packed factors and permutation as `lu` gives them, and
 * B `[...batch, n, m]`. Derivatives count as A's, none as the factors'; so they reuse the factorisation, and derivatives of derivatives are
 * right: B̄ = op(A)⁻ᵀ X̄, op(A)‾ = −B̄ Xᵀ.
 */
export const luSolve: Primitive<{ readonly transpose: boolean }> = primitive({
  name: "luSolve",
  domain: real,
  fusion: "expand",
  shape: (ins) => {
    checkFloats("luSolve", [ins[0]!, ins[1]!, ins[3]!]);
    return [{ dtype: ins[3]!.dtype, shape: ins[3]!.shape }];
  },
  vjp: (o, [ct], [a, packed, permutation], [x], { transpose }, wanted) => {
    if (!ct) return [undefined, undefined, undefined, undefined];
    const ctB = o.bind(luSolve, [a!, packed!, permutation!, ct], { transpose: !transpose })[0]!;
    const [left, right] = transpose ? [x!, ctB] : [ctB, x!];
    return [wanted[0] ? o.neg(o.matmul(left, flipped(o, right))) : undefined, undefined, undefined, ctB];
  },
  jvp: (o, [da, , , db], [a, packed, permutation], [x], { transpose }) => {
    const term = da && o.matmul(transpose ? flipped(o, da) : da, x!);
    const right = term ? (db ? o.sub(db, term) : o.neg(term)) : db;
    return [right && o.bind(luSolve, [a!, packed!, permutation!, right], { transpose })[0]!];
  },
  batch: (o, ins, batched, attributes, size) => {
    const [a, packed, permutation, b] = ins;
    return batched[0] || batched[1] || batched[2]
      ? o.bind(luSolve, alignBatch(o, ins, batched, size), attributes)
      : [solveColumns(o, b!, size, (columns) => o.bind(luSolve, [a!, packed!, permutation!, columns], attributes)[0]!)];
  },
  kernel: {
    scratch: (ins, { transpose }) => (transpose ? [{ dtype: ins[3]!.dtype, shape: ins[3]!.shape }] : []),
    run: (k, [, packed, permutation, b], [x], [work], { transpose }) => {
      const { batch, rows: n, columns: m } = matrixLengths(b!.shape);
      const grid = gridOf(k);
      eachMatrix(k, batch, (i) => {
        const start = k.mul(i, grid.integer(n * m));
        const [from, to] = [grid.matrix(b!, start, m), grid.matrix(x!, start, m)];
        const matrix = grid.matrix(packed!, k.mul(i, grid.integer(n * n)), n);
        const row = (r: Parameters<typeof k.add>[0]): typeof r =>
          permutation!.load(k.add(k.mul(i, grid.integer(n)), r));
        const [l, u] = [
          { lower: true, transpose, unitDiagonal: true },
          { lower: false, transpose, unitDiagonal: false },
        ];
        if (!transpose) {
          k.loop(n, (r) => {
            const source = k.variable(row(r));
            k.loop(m, (j) => to.set(r, j, from.get(source.get(), j)));
          });
          substitute(k, matrix, to, n, m, l);
          substitute(k, matrix, to, n, m, u);
          return;
        }
        // Aᵀ = Uᵀ Lᵀ P, so rows are put back last.
        const held = grid.matrix(work!, start, m);
        k.loop(n, (r) => k.loop(m, (j) => held.set(r, j, from.get(r, j))));
        substitute(k, matrix, held, n, m, u);
        substitute(k, matrix, held, n, m, l);
        k.loop(n, (r) => {
          const destination = k.variable(row(r));
          k.loop(m, (j) => to.set(destination.get(), j, held.get(r, j)));
        });
      });
    },
  },
});
