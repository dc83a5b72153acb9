import { type Primitive, primitive } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { checkFloats, eachMatrix, flipped, gridOf, matrixLengths } from "./matrices";
import { lower } from "./triangle";
import { triangularSolve } from "./triangular-solve";

/**
 * L, lower triangular, of A = L Lᵀ: `[...batch, n, n]`. Reads the lower triangle of A; L is NaN in its lower triangle where A is not
 * positive definite. With Φ(X) the lower triangle of X, its diagonal halved: dL = L Φ(L⁻¹ dA L⁻ᵀ).
 * Murray 2016, "Differentiation of the Cholesky decomposition", doi:10.48550/arXiv.1602.07527.
 */
export const cholesky: Primitive = primitive({
  name: "cholesky",
  domain: { low: 1, high: 3 },
  fusion: "expand",
  shape: (ins) => {
    checkFloats("cholesky", ins);
    return [{ dtype: ins[0]!.dtype, shape: ins[0]!.shape }];
  },
  vjp: (o, [ct], _ins, [l]) => {
    if (!ct) return [undefined];
    const inner = solve(o, l!, halved(o, o.matmul(flipped(o, l!), ct)), true);
    const s = flipped(o, solve(o, l!, flipped(o, inner), true));
    // What the lower triangle stands for: an element below the diagonal is two elements of A.
    return [o.add(lower(o, s), lower(o, flipped(o, s), -1))];
  },
  jvp: (o, [tangent], _ins, [l]) => {
    if (!tangent) return [undefined];
    const symmetric = o.add(lower(o, tangent), flipped(o, lower(o, tangent, -1)));
    const inner = flipped(o, solve(o, l!, flipped(o, solve(o, l!, symmetric, false)), false));
    return [o.matmul(l!, halved(o, inner))];
  },
  batch: (o, [a]) => o.bind(cholesky, [a!]),
  kernel: {
    run: (k, [a], [l]) => {
      const { batch, rows: n } = matrixLengths(a!.shape);
      const grid = gridOf(k);
      const { dtype } = a!;
      eachMatrix(k, batch, (b) => {
        const start = k.mul(b, grid.integer(n * n));
        const [from, to] = [grid.matrix(a!, start, n), grid.matrix(l!, start, n)];
        const definite = k.variable(k.literal("int32", 1));
        k.loop(n, (j) => {
          k.loop(j, (i) => to.set(i, j, k.literal(dtype, 0)));
          grid.range(j, n, (i) => {
            const sum = k.variable(from.get(i, j));
            k.loop(j, (t) => sum.set(k.sub(sum.get(), k.mul(to.get(i, t), to.get(j, t)))));
            to.set(i, j, sum.get());
          });
          const square = to.get(j, j);
          // False for NaN too.
          k.if(
            k.less(k.literal(dtype, 0), square),
            () => undefined,
            () => definite.set(k.literal("int32", 0)),
          );
          const root = k.variable(k.sqrt(square));
          to.set(j, j, root.get());
          grid.range(grid.next(j), n, (i) => to.set(i, j, k.div(to.get(i, j), root.get())));
        });
        k.if(k.equal(definite.get(), k.literal("int32", 0)), () =>
          k.loop(n, (i) => k.loop(grid.next(i), (j) => to.set(i, j, k.literal(dtype, NaN)))),
        );
      });
    },
  },
});

const halved = (o: RuleOps, x: Tensor): Tensor => o.mul(o.add(lower(o, x), lower(o, x, -1)), 0.5);

const solve = (o: RuleOps, l: Tensor, b: Tensor, transpose: boolean): Tensor =>
  o.bind(triangularSolve, [l, b], { lower: true, transpose, unitDiagonal: false })[0]!;
