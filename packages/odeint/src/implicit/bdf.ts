import { type Aval, cast, linalg, stopGradient, type Tensor, where } from "@dzdt/tensor";
import { combine } from "../interpolation";
import { checkOptions } from "../options";
import type { Attempt, Method } from "../step";
import type { Parts, StepperSolver } from "../stepper";
import { deepFreeze } from "../tableau";
import { scaledNorm } from "../tolerance";
import { fixedBdfMethod } from "./bdf-fixed";
import { atOrder, extrapolated, formulas, rescaling, upTo } from "./differences";
import { correctionSize, part } from "./dirk";
import { reusable } from "./linear";
import { consistentBy } from "./consistent";
import { slopeOf } from "./mass";
import type { ImplicitSolver } from "./method";
import { newton } from "./newton";
import { rooted } from "./root";
import { identityLike, vectorSystem, type VectorSystem } from "./vector";

/** What defines a family of backward differentiation formulas, and what may be chosen of it. */
export interface BdfOptions {
  readonly name: string;
  /** The highest order used, 1 to the number of entries in `kappa`. */
  readonly maxOrder: number;
  /** Per order from 1 on: how much of the next difference the formula takes in; 0 for backward differentiation proper. */
  readonly kappa: readonly number[];
  /** First steps, where steps are of given lengths. */
  readonly starter: ImplicitSolver;
  /** Author, year and DOI. */
  readonly reference: string;
}

/** A method of several steps and orders, for stiff problems. */
export interface BdfSolver extends BdfOptions, StepperSolver {
  readonly dense: "differences";
  /** The same family with some of its data replaced, checked again. */
  with(options: Partial<BdfOptions>): BdfSolver;
}

/** The least and most that a step may change by, and how much a longer one must bring to be worth losing the table's equal steps. */
const bounds = { least: 0.2, most: 10, worth: 1.2 };

/**
 * Estimates count so many times, since errors of the many small steps add up: at rtol 1e-7 Belousov's oscillator ends 83 rtol off in 1344 steps, with 3
 * in place of 5 it is 114 in 1251.
 */
const caution = 5;

/** Steps are planned shorter than estimates allow, most where the order changes. As in Shampine and Reichelt's programs: lower, same, higher. */
const safeties = [1.3, 1.2, 1.4] as const;

/**
 * Steps of numerical differentiation formulas with quasi-constant step size. `memory` is dy/dt at the state, the backward differences of order 1 to
 * maxOrder + 2 of the last states, the order, the spacing that the differences belong to, the number of steps of this length and order so far,
 * and how fast Newton's corrections shrank.
 */
export function bdfMethod({ name, maxOrder, kappa }: BdfSolver, parts: Parts): Method {
  const system = vectorSystem(parts);
  const { state, rtol, atol } = parts;
  const { n, dtype, ravel, unravel, field, linearize, mass } = system;
  const { gamma, alpha, error } = formulas(kappa.slice(0, maxOrder));
  const times = (x: Tensor): Tensor => (mass ? mass.matmul(x) : x);
  const leaves = state.leaves.length;
  const count = maxOrder + 2;
  const slope = slopeOf(system);
  const begin = (t: Tensor, y: Tensor): Tensor[] => {
    const dy = initialSlope(system, t, y);
    const none = stopGradient(dy).mul(0);
    const one = stopGradient(t).mul(0).add(1);
    // A line of spacing 1.
    const table = Array.from({ length: count }, (_, i) => (i === 0 ? dy : none));
    return [...unravel(dy), ...table, one, one, one.mul(0), cast(one, dtype)];
  };
  return {
    name,
    // That of the first step.
    errorOrder: 2,
    derivative: true,
    counted: true,
    dense: [{ dtype, shape: [] } satisfies Aval],
    evaluations: { begin: 1, attempt: 0, interpolate: 0 },
    begin: (t, y) => begin(t, ravel(y)),
    slope: (t, y) => unravel(slope(t, ravel(y))),
    consistent: consistentBy(system),
    attempt: (t, tNext, h, y, memory): Attempt => {
      const start = ravel(y);
      const table = memory.slice(leaves, leaves + count);
      const [order, spacing, equal, rate] = memory.slice(leaves + count) as [Tensor, Tensor, Tensor, Tensor];
      const to = (x: Tensor): Tensor => cast(x, dtype);
      const stretch = h.div(spacing);
      const base = rescaling(stretch, maxOrder).map((row, i) =>
        combine(
          row.slice(i).map((weight, j) => to(upTo(order, i + j + 1, weight))),
          table.slice(i, maxOrder),
        )!,
      );
      const predicted = base.reduce((sum, x) => sum.add(x), start);
      const [leading, errorNow] = [atOrder(order, alpha), atOrder(order, error)];
      const past = combine(gamma, base)!.mul(to(leading.mul(0).add(1).div(leading)));
      const length = to(h.div(leading));
      const fixed = [tNext, predicted, past, length].map((x) => stopGradient(x)) as [Tensor, Tensor, Tensor, Tensor];
      const solve = matrixInverse(...fixed);
      const found = newton({
        start: fixed[1].mul(0),
        correction: (d) => solve(residual(...fixed, d).neg()),
        size: correctionSize(system, y, { rtol, atol, exact: false }),
        tolerance: part,
        maxIterations: 10,
        rate: rate.maximum(1e-3).pow(0.8),
        exact: false,
      });
      const d = rooted((x) => residual(tNext, predicted, past, length, x), stopGradient(found.x));
      const end = predicted.add(d);
      const next = updated();
      const dy = past.add(d).div(length);
      const same = where(stretch.equal(1), equal, 0).add(1);
      const choice = chosen();
      return {
        y: unravel(end),
        memory: [...unravel(dy), ...next, choice.order, h, choice.equal, stopGradient(found.rate)],
        errors: [],
        dense: [to(order)],
        choice,
        evaluations: found.count,
      };

      /** M (past + d) − h/α f(t, predicted + d), whose root is the correction to what was predicted. */
      function residual(at: Tensor, from: Tensor, behind: Tensor, c: Tensor, x: Tensor): Tensor {
        return times(behind.add(x)).sub(field(at, from.add(x)).mul(c));
      }

      function matrixInverse(at: Tensor, from: Tensor, _behind: Tensor, c: Tensor): (x: Tensor) => Tensor {
        const weight = stopGradient(mass ?? identityLike(from, n));
        return reusable(weight.sub(stopGradient(linearize(at, from).jacobian).mul(c)));
      }

      /** The differences at the step's end, of spacing h. */
      function updated(): Tensor[] {
        const rows: Tensor[] = [];
        let sum: Tensor | undefined;
        for (let i = count; i > 0; i--) {
          if (i <= maxOrder) sum = sum ? sum.add(base[i - 1]!) : base[i - 1]!;
          const own = d.mul(to(where(order.greaterEqual(i - 1), order.mul(0).add(1), 0)));
          const row = sum ? sum.add(own) : own;
          // Those of order + 2 are right where the step before was of the same length.
          rows.push(i < 3 ? row : where(order.equal(i - 2), d.sub(table[i - 2]!), row));
        }
        return rows.reverse();
      }

      function chosen(): { ratio: Tensor; factor: Tensor; order: Tensor; equal: Tensor } {
        const norm = scaledNorm(rtol, atol, parts.norm, state, h.dtype);
        const yNext = unravel(end);
        const sizeOf = (x: Tensor, weight: Tensor): Tensor =>
          stopGradient(norm(unravel(x.mul(to(weight))), y, yNext))
            .mul(caution)
            .maximum(1e-16);
        const ratio = sizeOf(d, errorNow);
        const longest = (size: Tensor, power: Tensor, safety: number): Tensor =>
          size
            .log()
            .div(power.neg())
            .exp()
            .mul(1 / safety);
        const lower = longest(
          sizeOf(atOrder(order, next.slice(0, maxOrder)), atOrder(order, [error[0]!, ...error.slice(0, -1)])),
          order,
          safeties[0],
        );
        const stay = longest(ratio, order.add(1), safeties[1]);
        const higher = longest(
          sizeOf(atOrder(order, next.slice(2)), atOrder(order, [...error.slice(1), error.at(-1)!])),
          order.add(2),
          safeties[2],
        );
        const down = where(order.greater(1), lower, 0);
        const up = where(order.less(maxOrder), higher, 0);
        const best = stay.maximum(down).maximum(up);
        const change = where(best.equal(stay), 0, where(best.equal(up), 1, -1));
        // Only after order + 1 equal steps do the differences say what other orders would do.
        const free = same.greater(order).and(best.greater(bounds.worth).or(best.less(1)));
        const accept = ratio.lessEqual(1);
        // Well below what the estimate allows: steps of a new length estimate badly, and often two in a row would be rejected.
        const shorter = where(ratio.less(Infinity), ratio.log().div(order.add(1).neg()).exp().mul(0.75), 0.3);
        // Where errors near what is allowed, the next step is shorter at once.
        const kept = stay.mul(safeties[1] / 1.05).minimum(1);
        const factor = where(accept, where(free, best, kept), shorter).clip(bounds.least, bounds.most);
        return {
          ratio,
          factor,
          order: order.add(where(free, change, 0)),
          equal: where(free, 0, same),
        };
      }
    },
    interpolate: ({ s, y, memory, dense: [order] }) =>
      unravel(ravel(y).add(extrapolated(cast(s, dtype), order!, memory.slice(leaves, leaves + maxOrder)))),
  };
}

/** dy/dt at the start; where the mass matrix is singular, by the field's derivatives, (M − εJ) dy/dt = f + ε ∂f/∂t as ε → 0. */
function initialSlope({ field, linearize, mass, dtype }: VectorSystem, t: Tensor, y: Tensor): Tensor {
  const f = field(t, y);
  if (!mass) return f;
  const { jacobian, inTime } = linearize(t, y);
  const largest = (x: Tensor): Tensor => stopGradient(x).abs().max().maximum(1e-30);
  const small = largest(mass)
    .div(largest(jacobian))
    .mul(dtype === "float64" ? 1e-8 : 1e-4);
  return linalg.solve(mass.sub(jacobian.mul(small)), inTime ? f.add(inTime.mul(small)) : f);
}

/** A solver of the family, checked. */
/* @__NO_SIDE_EFFECTS__ */
export function backwardDifferentiation(options: BdfOptions): BdfSolver {
  const { name, maxOrder, kappa } = options;
  if (!Number.isInteger(maxOrder) || maxOrder < 1 || maxOrder > Math.min(5, kappa.length))
    throw new RangeError(`${name}: maxOrder is ${maxOrder}; give an order from 1 to ${Math.min(5, kappa.length)}`);
  const solver: BdfSolver = deepFreeze({
    ...options,
    kind: "stepper" as const,
    order: maxOrder,
    dense: "differences" as const,
    adaptive: true,
    implicit: true,
    with: (changes: Partial<BdfOptions>) => {
      checkOptions(`${name}.with`, changes, ["name", "maxOrder", "kappa", "starter", "reference"]);
      return backwardDifferentiation({ ...options, ...changes });
    },
    method: (parts: Parts) => (parts.exact ? fixedBdfMethod : bdfMethod)(solver, parts),
  });
  return solver;
}
