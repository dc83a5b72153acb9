import type { Emitter, Memory, Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { checkFloats, copyAll, eachMatrix, flipped, gridOf, matrixLengths } from "./matrices";
import { eachOfRun } from "./axes";
import { permuteRows } from "./permute-rows";
import { lower, upper } from "./triangle";
import { triangularSolve } from "./triangular-solve";

/**
 * P A = L U with partial pivoting, A `[...batch, n, n]`. Results:
 * - L (unit lower triangular, below the diagonal) and U packed into `[...batch, n, n]`;
 * - the permutation, int32 `[...batch, n]`: row i of P A is row `permutation[i]` of A; then its inverse;
 * - the permutation's sign, 1 or −1, `[...batch]` of A's dtype.
 *
 * A column without a pivot leaves a zero in U and zeros in L. With X = L⁻¹ P dA U⁻¹: dL = L tril(X, −1), dU = triu(X) U (de Hoog et al. 2011,
 * "The derivatives of the LU factorisation"); not finite where A is singular.
 */
export const lu: Primitive = primitive({
  name: "lu",
  domain: real,
  fusion: "expand",
  shape: (ins) => {
    checkFloats("lu", ins);
    const { dtype, shape } = ins[0]!;
    const rows = { dtype: "int32" as const, shape: shape.slice(0, -1) };
    return [{ dtype, shape }, rows, rows, { dtype, shape: shape.slice(0, -2) }];
  },
  vjp: (o, [ct], _ins, [packed, permutation, inverse]) => {
    if (!ct) return [undefined];
    // Lᵀ Y = Y + Nᵀ Y, where N is L without its unit diagonal.
    const [n, u] = [below(o, packed!), upper(o, packed!)];
    const ctL = below(o, ct);
    const inner = o.add(
      below(o, o.add(ctL, o.matmul(flipped(o, n), ctL))),
      upper(o, o.matmul(upper(o, ct), flipped(o, u))),
    );
    const left = solve(o, packed!, inner, { lower: true, transpose: true });
    const both = flipped(o, solve(o, packed!, flipped(o, left), { lower: false, transpose: false }));
    return [o.bind(permuteRows, [both, inverse!, permutation!])[0]!];
  },
  jvp: (o, [tangent], _ins, [packed, permutation, inverse]) => {
    if (!tangent) return [undefined, undefined, undefined, undefined];
    const rows = o.bind(permuteRows, [tangent, permutation!, inverse!])[0]!;
    const left = solve(o, packed!, rows, { lower: true, transpose: false });
    const x = flipped(o, solve(o, packed!, flipped(o, left), { lower: false, transpose: true }));
    const xL = below(o, x);
    const moved = o.add(o.add(xL, o.matmul(below(o, packed!), xL)), o.matmul(upper(o, x), upper(o, packed!)));
    return [moved, undefined, undefined, undefined];
  },
  batch: (o, [a]) => o.bind(lu, [a!]),
  kernel: {
    run: (k, [a], [packed, permutation, inverse, sign]) => {
      const { batch, rows: n } = matrixLengths(a!.shape);
      copyAll(k, a!, packed!);
      eachMatrix(k, batch, (b) => factorise(k, b, n, packed!, permutation!, inverse!, sign!));
    },
  },
});

function factorise(
  k: Emitter,
  b: Value,
  n: number,
  packed: Memory,
  permutation: Memory,
  inverse: Memory,
  sign: Memory,
): void {
  const grid = gridOf(k);
  const { dtype } = packed;
  const a = grid.matrix(packed, k.mul(b, grid.integer(n * n)), n);
  const base = k.mul(b, grid.integer(n));
  const order = grid.matrix(permutation, base, 1);
  const parity = k.variable(k.literal(dtype, 1));
  k.loop(n, (i) => order.set(i, grid.zero, i));
  k.loop(n, (c) => {
    const best = k.variable(k.abs(a.get(c, c)));
    const pivot = k.variable(c);
    grid.range(grid.next(c), n, (r) => {
      const size = k.variable(k.abs(a.get(r, c)));
      k.if(k.less(best.get(), size.get()), () => {
        best.set(size.get());
        pivot.set(r);
      });
    });
    k.if(k.notEqual(pivot.get(), c), () => {
      parity.set(k.neg(parity.get()));
      const held = k.variable(order.get(c, grid.zero));
      order.set(c, grid.zero, order.get(pivot.get(), grid.zero));
      order.set(pivot.get(), grid.zero, held.get());
      eachOfRun(k, n, (k, j) => {
        const m = a.via(k);
        const [held, other] = [m.get(c, j), m.get(pivot.get(), j)];
        m.set(c, j, other);
        m.set(pivot.get(), j, held);
      });
    });
    const divisor = k.variable(a.get(c, c));
    const none = k.equal(divisor.get(), k.literal(dtype, 0));
    const safe = k.variable(k.select(none, k.literal(dtype, 1), divisor.get()));
    grid.range(grid.next(c), n, (r) => {
      const factor = k.variable(k.div(a.get(r, c), safe.get()));
      a.set(r, c, factor.get());
      const first = grid.next(c);
      const number = factor.get();
      eachOfRun(k, k.sub(grid.integer(n), first), (k, i) => {
        const [m, j] = [a.via(k), k.add(first, i)];
        m.set(r, j, k.sub(m.get(r, j), k.mul(number, m.get(c, j))));
      });
    });
  });
  k.loop(n, (i) => inverse.store(k.add(base, order.get(i, grid.zero)), i));
  sign.store(b, parity.get());
}

const below = (o: RuleOps, x: Tensor): Tensor => lower(o, x, -1);

const solve = (
  o: RuleOps,
  packed: Tensor,
  b: Tensor,
  how: { readonly lower: boolean; readonly transpose: boolean },
): Tensor => o.bind(triangularSolve, [packed, b], { ...how, unitDiagonal: how.lower })[0]!;
