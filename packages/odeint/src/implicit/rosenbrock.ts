import { cast, type Tensor } from "@dzdt/tensor";
import { gustafsson } from "../controllers/gustafsson";
import { combine } from "../interpolation";
import { type Within, withBetween } from "./between";
import { changed } from "../options";
import type { Method } from "../step";
import { factorized } from "./linear";
import { checkLength, checkSum, deepFreeze } from "../tableau";
import { type RosenbrockOptions, type RosenbrockSolver, slopeForm } from "./tableau";
import { consistentBy } from "./consistent";
import { slopeOf } from "./mass";
import { identityLike, vectorSystem, type VectorSystem } from "./vector";

/** Steps of a Rosenbrock method: one Jacobian and one factorisation each, and no iteration. `memory` is the field at the state. */
export function rosenbrockMethod(solver: RosenbrockSolver, system: VectorSystem): Method {
  const { gamma, a, c, d, coupling, m, e, dense, order, embeddedOrder, stages, between } = solver;
  const { n, dtype, ravel, unravel, field, linearize, mass } = system;
  const times = (x: Tensor): Tensor => (mass ? mass.matmul(x) : x);
  const vector = { dtype, shape: [n] };
  const at = (t: Tensor, y: readonly Tensor[]): Tensor => field(t, ravel(y));
  const slope = slopeOf(system);
  const last = a[stages - 1]!;
  const resumes = m.slice(0, -1).every((weight, j) => weight === last[j]) && m.at(-1) === 1;
  return {
    name: solver.name,
    errorOrder: embeddedOrder === undefined ? undefined : Math.min(order, embeddedOrder) + 1,
    derivative: mass === undefined,
    dense: Array.from({ length: dense.length + 1 }, () => vector),
    evaluations: { begin: 1, attempt: e && between ? stages + 1 : stages, interpolate: 0 },
    begin: (t, y) => unravel(at(t, y)),
    slope: (t, y) => unravel(slope(t, ravel(y))),
    consistent: consistentBy(system),
    attempt: (t, tNext, h, y, memory) => {
      const start = ravel(y);
      const { jacobian, inTime } = linearize(t, start);
      const step = cast(h, dtype);
      const rate = cast(h.mul(0).add(1).div(h), dtype);
      const weight = mass ?? identityLike(start, n);
      const solve = factorized(weight.mul(rate.mul(1 / gamma)).sub(jacobian));
      const moved = (row: readonly number[]): Tensor => {
        const way = combine(row, u);
        return way ? start.add(way) : start;
      };
      const u: Tensor[] = [];
      let state = start;
      for (let i = 0; i < stages; i++) {
        let right: Tensor;
        if (i === 0) right = ravel(memory);
        else {
          state = moved(a[i]!);
          right = field(c[i] === 1 ? tNext : t.add(h.mul(c[i]!)), state);
          const coupled = combine(coupling[i]!, u);
          if (coupled) right = right.add(times(coupled.mul(rate)));
        }
        if (inTime && d[i] !== 0) right = right.add(inTime.mul(step.mul(d[i]!)));
        u.push(solve(right));
      }
      const end = resumes ? state.add(u[stages - 1]!) : moved(m);
      const terms = dense.map((row) => combine(row, u)!);
      const own = e && combine(e, u)!;
      const error = own && between ? withBetween(own, within(place), field, times, solve) : own;
      return {
        y: unravel(end),
        memory: unravel(field(tNext, end)),
        errors: error ? [unravel(error)] : [],
        dense: [start, ...terms],
      };

      /** The state at a place of the step, and its slope there. */
      function within(theta: number): Within {
        const inner = (weight: (m: number) => number): Tensor =>
          combine(
            terms.map((_, m) => weight(m)),
            terms,
          )!;
        const way = end.sub(start);
        return {
          t: t.add(h.mul(theta)),
          y: start.add(way.mul(theta)).add(inner((m) => (1 - theta) * theta ** (m + 1))),
          slope: way.add(inner((m) => (m + 1) * theta ** m - (m + 2) * theta ** (m + 1))).mul(rate),
        };
      }
    },
    // (1 − θ) y₀ + θ (y₁ + (1 − θ) (K₁ + θ (K₂ + …))) from its end, in s = θ − 1
    interpolate: ({ s, y, dense: [start, ...terms] }) => {
      const end = ravel(y);
      const [back, theta] = [cast(s, dtype), cast(s.add(1), dtype)];
      const inner = terms.reduceRight<Tensor | undefined>((sum, k) => (sum ? k.add(sum.mul(theta)) : k), undefined);
      const chord = end.sub(start!);
      return unravel(end.add((inner ? chord.sub(inner.mul(theta)) : chord).mul(back)));
    },
  };
}

/** Where steps are looked into: off the middle, where what dense output of order 3 errs by may change its sign. */
const place = 0.3;

/** Without iterations that might fail, long steps are rejected for their errors only, which this foresees. */
const predictive = gustafsson({ safety: 0.85 });

const names: readonly (keyof RosenbrockOptions)[] = [
  "name",
  "order",
  "gamma",
  "c",
  "a",
  "coupling",
  "d",
  "m",
  "e",
  "embeddedOrder",
  "dense",
  "denseOrder",
  "between",
  "reference",
];

/** A Rosenbrock solver from its coefficients, checked: nodes are row sums of α, d those of Γ, and the weights sum to 1. */
/* @__NO_SIDE_EFFECTS__ */
export function rosenbrock(options: RosenbrockOptions): RosenbrockSolver {
  const { name, a, c, d, coupling, m, e, dense } = options;
  const stages = m.length;
  for (const [what, list] of Object.entries({ a, c, d, coupling })) checkLength(name, what, list, stages);
  for (let i = 0; i < stages; i++) {
    checkLength(name, `row ${i} of a`, a[i]!, i);
    checkLength(name, `row ${i} of coupling`, coupling[i]!, i);
  }
  if (e) checkLength(name, "e", e, stages);
  dense.forEach((row, i) => checkLength(name, `row ${i} of dense`, row, stages));
  const { gammas, alphas, b } = slopeForm(options);
  alphas.forEach((row, i) => checkSum(name, `row ${i} of a Γ`, row, c[i]!));
  gammas.forEach((row, i) => checkSum(name, `row ${i} of Γ`, row, d[i]!));
  checkSum(name, "m Γ", b, 1);
  const solver: RosenbrockSolver = deepFreeze({
    ...options,
    kind: "rosenbrock" as const,
    controller: predictive,
    stages,
    with: (changes: Partial<RosenbrockOptions>) => rosenbrock(changed(options, changes, names)),
    method: (system) => rosenbrockMethod(solver, vectorSystem(system)),
  });
  return solver;
}
