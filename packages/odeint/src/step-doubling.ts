import { cast, cond, type Tensor, trace } from "@dzdt/tensor";
import { checkOptions } from "./options";
import { isHamiltonian, isImplicit, type Solver } from "./solver";
import type { Attempt, Method, Taken } from "./step";
import type { Parts, StepperSolver } from "./stepper";
import { deepFreeze } from "./tableau";
import { realOf } from "./vectorField";

/** What may be chosen of step doubling. */
export interface StepDoublingOptions {
  /**
   * Go on from the two half steps with their estimated error taken off, which is of one order more; a symplectic or symmetric solver is then neither.
   * Costs one evaluation a step. @defaultValue false
   */
  readonly extrapolate?: boolean;
}

/** A one-step solver with the error estimate of step doubling. */
export interface StepDoublingSolver extends StepperSolver {
  readonly solver: Solver;
  readonly extrapolate: boolean;
  /** The same with other choices. */
  with(options: StepDoublingOptions): StepDoublingSolver;
}

/**
 * Makes a one-step solver adaptive: each step is taken once whole and once in two halves, and the difference, divided by 2^order − 1, is the error of the
 * halves, with which it goes on. Three times the solver's work a step; dense output is that of the halves. Steps of varying length cost symplectic and
 * symmetric solvers what they are chosen for: their energy drifts as that of others does.
 * Richardson 1911, doi:10.1098/rsta.1911.0009; Hairer, Nørsett and Wanner 1993, doi:10.1007/978-3-540-78862-1, II.4.
 * @param solver explicit, implicit or symplectic, with or without an estimate of its own
 * @throws TypeError for solvers of several steps or of variable order
 * @example odeint(field, y0, ts, { solver: stepDoubling(rk4) })
 */
export function stepDoubling(solver: Solver, options: StepDoublingOptions = {}): StepDoublingSolver {
  checkOptions("stepDoubling", options, ["extrapolate"]);
  const { extrapolate = false } = options;
  const { kind, name } = (solver ?? {}) as { readonly kind?: unknown; readonly name?: unknown };
  if (typeof kind !== "string" || (solver.kind === "stepper" && solver.adaptive))
    throw new TypeError(
      `stepDoubling: ${typeof name === "string" ? `${name} chooses its steps itself` : `${typeof solver === "object" ? "an object of another kind" : String(solver)} is no solver`}; give a one-step solver such as rk4 or implicitMidpoint`,
    );
  const made: StepDoublingSolver = deepFreeze({
    kind: "stepper" as const,
    name: `stepDoubling(${solver.name})`,
    order: extrapolate ? solver.order + 1 : solver.order,
    adaptive: true,
    implicit: isImplicit(solver),
    hamiltonian: isHamiltonian(solver),
    reference: `Richardson 1911, doi:10.1098/rsta.1911.0009; ${solver.reference}`,
    solver,
    extrapolate,
    with: (changes: StepDoublingOptions) => stepDoubling(solver, { extrapolate, ...changes }),
    method: (parts) => doubledMethod(made, parts),
  });
  return made;
}

/** `memory` is dy/dt at the state, unless the solver's begins with it, and then the solver's. */
function doubledMethod({ name, solver, extrapolate }: StepDoublingSolver, parts: Parts): Method {
  const base = parts.methodOf(solver);
  const leaves = parts.state.leaves;
  const size = leaves.length;
  const { derivative, evaluations, counted = false } = base;
  const begin = trace(name, (t, ...y) => base.begin(t, y), [{ dtype: realOf(parts.state), shape: [] }, ...leaves]).tape;
  const memoryTypes = begin.outputs.map((id) => begin.avals[id]!);
  const own = memoryTypes.length;
  const withSlope = (t: Tensor, y: readonly Tensor[], memory: readonly Tensor[]): Tensor[] =>
    derivative ? [...memory] : [...base.slope(t, y), ...memory];
  const slopes = derivative ? 0 : 1;
  const after = extrapolate ? evaluations.begin + slopes : slopes;
  return {
    name,
    errorOrder: solver.order + 1,
    derivative: true,
    counted,
    // The middle, the halves' own, and what was taken off the end, with the memory there was before.
    dense: [
      ...leaves,
      ...memoryTypes,
      ...base.dense,
      ...base.dense,
      ...(extrapolate ? [...leaves, ...memoryTypes] : []),
    ],
    evaluations: {
      begin: evaluations.begin + slopes,
      attempt: 3 * evaluations.attempt + after,
      interpolate: evaluations.interpolate,
    },
    begin: (t, y) => withSlope(t, y, base.begin(t, y)),
    slope: (t, y) => base.slope(t, y),
    attempt: (t, tNext, h, y, memory): Attempt => {
      const start = memory.slice(memory.length - own);
      const half = h.mul(0.5);
      const middle = t.add(half);
      const whole = base.attempt(t, tNext, h, y, start);
      const first = base.attempt(t, middle, half, y, start);
      const second = base.attempt(middle, tNext, half, first.y, first.memory);
      const error = second.y.map((x, leaf) => x.sub(whole.y[leaf]!).mul(1 / (2 ** solver.order - 1)));
      const end = extrapolate ? second.y.map((x, leaf) => x.add(error[leaf]!)) : second.y;
      const kept = extrapolate ? base.begin(tNext, end) : second.memory;
      const halves = [...first.y, ...first.memory, ...first.dense, ...second.dense];
      const counts = [whole, first, second].map((each) => each.evaluations!);
      return {
        y: end,
        memory: withSlope(tNext, end, kept),
        errors: [error],
        dense: extrapolate ? [...halves, ...error, ...second.memory] : halves,
        ...(counted && { evaluations: counts.reduce((sum, n) => sum.add(n)).add(after) }),
      };
    },
    interpolate: (step) => {
      const { t, h, s, y, memory, dense } = step;
      const [middle, atMiddle, inFirst, inSecond, off, before] = cut(dense, [
        size,
        own,
        base.dense.length,
        base.dense.length,
        extrapolate ? size : 0,
        extrapolate ? own : 0,
      ]) as [Tensor[], Tensor[], Tensor[], Tensor[], Tensor[], Tensor[]];
      const half = h.mul(0.5);
      const end = extrapolate ? y.map((x, leaf) => x.sub(off[leaf]!)) : y;
      const firstHalf: Taken = {
        t: t.sub(half),
        h: half,
        s: s.mul(2).add(1),
        y: middle,
        memory: atMiddle,
        dense: inFirst,
      };
      const secondHalf: Taken = {
        t,
        h: half,
        s: s.mul(2),
        y: end,
        memory: extrapolate ? before : memory.slice(memory.length - own),
        dense: inSecond,
      };
      const found = cond(
        s.less(-0.5),
        () => base.interpolate(firstHalf),
        () => base.interpolate(secondHalf),
      );
      if (!extrapolate) return found;
      // What was taken off the end, from nothing at the start, with slopes 0 at both: y − (y − x) is not x to the last bit, hence both from the end.
      const back = s.mul(s).mul(s.mul(2).add(3));
      return found.map((x, leaf) => {
        const to = (z: Tensor): Tensor => cast(z, x.dtype);
        return y[leaf]!.add(x.sub(end[leaf]!)).sub(off[leaf]!.mul(to(back)));
      });
    },
  };
}

/** A list in pieces of these lengths. */
function cut<T>(list: readonly T[], lengths: readonly number[]): T[][] {
  let next = 0;
  return lengths.map((length) => list.slice(next, (next += length)));
}
