import { type Aval, cast, cond, stopGradient, type Tensor, where } from "@dzdt/tensor";
import { combine } from "../interpolation";
import type { Attempt, Method, Taken } from "../step";
import type { Parts } from "../stepper";
import type { BdfSolver } from "./bdf";
import { extrapolated, formulas, rescaling, upTo } from "./differences";
import { correctionSize, exactness } from "./dirk";
import { reusable } from "./linear";
import { consistentBy } from "./consistent";
import { slopeOf } from "./mass";
import { newton } from "./newton";
import { rooted } from "./root";
import { identityLike, vectorSystem } from "./vector";

/**
 * Steps of one order, the highest, for steps whose lengths nothing chooses. The first ones, from which differences up to that order come, are those of
 * a one-step method. `memory` is the backward differences of order 1 to maxOrder of the last states, the spacing that they belong to, the number of
 * states before this one, and the starter's memory.
 */
export function fixedBdfMethod({ name, maxOrder, kappa, starter: first }: BdfSolver, parts: Parts): Method {
  const starter = parts.methodOf(first);
  const system = vectorSystem(parts);
  const { n, dtype, ravel, unravel, field, linearize, mass } = system;
  const { gamma, alpha } = formulas(kappa);
  const slope = slopeOf(system);
  const leading = alpha[maxOrder - 1]!;
  const times = (x: Tensor): Tensor => (mass ? mass.matmul(x) : x);
  const read = (memory: readonly Tensor[]) => ({
    table: memory.slice(0, maxOrder),
    spacing: memory[maxOrder]!,
    known: memory[maxOrder + 1]!,
    rest: memory.slice(maxOrder + 2),
  });
  return {
    name,
    errorOrder: undefined,
    derivative: false,
    counted: true,
    dense: [{ dtype, shape: [] }, ...starter.dense],
    evaluations: { begin: starter.evaluations.begin, attempt: 0, interpolate: starter.evaluations.interpolate },
    begin: (t, y) => {
      const none = stopGradient(ravel(y)).mul(0);
      const zero = stopGradient(t).mul(0);
      return [...Array.from({ length: maxOrder }, () => none), zero.add(1), zero, ...starter.begin(t, y)];
    },
    slope: (t, y) => unravel(slope(t, ravel(y))),
    consistent: consistentBy(system),
    attempt: (t, tNext, h, y, memory): Attempt => {
      const { table, spacing, known, rest } = read(memory);
      const to = (x: Tensor): Tensor => cast(x, dtype);
      const base = rescaling(h.div(spacing), maxOrder).map((row, i) =>
        combine(
          row.slice(i).map((weight, j) => to(upTo(known, i + j + 1, weight))),
          table.slice(i),
        )!,
      );
      const start = ravel(y);
      const predicted = base.reduce((sum, x) => sum.add(x), start);
      const starting = known.less(maxOrder);
      const found = cond<[], Tensor[]>(starting, one, multistep);
      const size = y.length;
      const end = found.slice(0, size);
      const from = size + rest.length;
      return {
        y: end,
        memory: [...updated(ravel(end).sub(predicted)), h, known.add(1).minimum(maxOrder), ...found.slice(size, from)],
        errors: [],
        dense: [to(where(starting, 0, known)), ...found.slice(from, -1)],
        evaluations: found.at(-1)!,
      };

      function one(): Tensor[] {
        const tried = starter.attempt(t, tNext, h, y, rest);
        const evaluations = tried.evaluations ?? h.tape!.literal(starter.evaluations.attempt, "int32");
        return [...tried.y, ...tried.memory, ...tried.dense, evaluations];
      }

      /** α (past + d) = h f(tNext, predicted + d): what was predicted is corrected by d. */
      function multistep(): Tensor[] {
        const past = combine(gamma.slice(0, maxOrder), base)!.mul(1 / leading);
        const length = to(h.mul(1 / leading));
        const residual = (at: Tensor, origin: Tensor, behind: Tensor, c: Tensor, x: Tensor): Tensor =>
          times(behind.add(x)).sub(field(at, origin.add(x)).mul(c));
        const fixed = [tNext, predicted, past, length].map((x) => stopGradient(x)) as [Tensor, Tensor, Tensor, Tensor];
        const [at, origin, , c] = fixed;
        const weight = stopGradient(mass ?? identityLike(origin, n));
        const measure = correctionSize(system, y, { rtol: [], atol: [], exact: true });
        const { x, count } = newton({
          start: origin.mul(0),
          correction: (d) => {
            const matrix = weight.sub(stopGradient(linearize(at, origin.add(d)).jacobian.mul(c)));
            return reusable(matrix)(residual(...fixed, d).neg());
          },
          size: (delta, d) => measure(delta).div(measure(origin.add(d).add(delta)).maximum(1)),
          tolerance: exactness(dtype),
          rounding: exactness(system.narrowest),
          maxIterations: 50,
          rate: stopGradient(c).mul(0).add(1),
          exact: true,
        });
        const d = rooted((each) => residual(tNext, predicted, past, length, each), stopGradient(x));
        return [...unravel(predicted.add(d)), ...rest, ...starter.dense.map(zeros), count];
      }

      /** Differences at the step's end, of spacing h. `miss` is what the polynomial through the states before it misses there: the first one unknown. */
      function updated(miss: Tensor): Tensor[] {
        const own = (i: number): Tensor => miss.mul(to(where(known.greaterEqual(i - 1), 1, known.mul(0))));
        return base.map((_, i) => base.slice(i).reduce((sum, x) => sum.add(x), own(i + 1)));
      }

      function zeros({ dtype, shape }: Aval): Tensor {
        return cast(h.mul(0), dtype).broadcastTo([...shape]);
      }
    },
    interpolate: (taken: Taken) => {
      const { s, y, memory, dense } = taken;
      const { table, rest } = read(memory);
      const [order, ...kept] = dense as [Tensor, ...Tensor[]];
      return cond<[], Tensor[]>(
        order.less(1),
        () => starter.interpolate({ ...taken, memory: rest, dense: kept }),
        () => unravel(ravel(y).add(extrapolated(cast(s, dtype), order, table))),
      );
    },
  };
}
