import { type Aval, cast, type Tensor, zerosLike } from "@dzdt/tensor";
import { combine, nestedExtension, hermite, line, polynomial, shifted } from "./interpolation";
import type { ExplicitSolver } from "./tableau";
import type { StateType } from "./vectorField";

/** One attempt at a step. */
export interface Attempt {
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
  /** Estimates of the error, each with the state's leaves; none for methods without. */
  readonly errors: readonly (readonly Tensor[])[];
  /** What the dense output of this step is made of, besides `y` and `memory`. */
  readonly dense: readonly Tensor[];
  /** The length that was asked for, as derivatives move it, where the step began at a time that moves otherwise than was told. */
  readonly length?: Tensor;
  /** From methods that choose among orders, in place of `errors`: the scaled error, acceptable up to 1, and how much longer the next step is to be. */
  readonly choice?: { readonly ratio: Tensor; readonly factor: Tensor };
  /** The next step is no longer than this, a positive scalar; from methods whose bound changes on the way. */
  readonly longest?: Tensor;
  /** The step is not taken where `when` holds: one ends at the time `at` first. From methods that say that they land. */
  readonly lands?: { readonly when: Tensor; readonly at: Tensor };
  /** A bool by which a step, though it is taken, ends the solve with a status. */
  readonly failure?: { readonly when: Tensor; readonly status: number };
  /** Field evaluations of this attempt, int32, of methods whose attempts differ in them: those that are `counted`. */
  readonly evaluations?: Tensor;
}

/** A step whose states are to be interpolated. */
export interface Taken {
  /** Time at the step's end, float64. */
  readonly t: Tensor;
  /** The step's length, with its sign. */
  readonly h: Tensor;
  /** θ − 1, from −1 (the step's start) to 0 (its end). */
  readonly s: Tensor;
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
  readonly dense: readonly Tensor[];
}

/** How to take one step: functions on leaves, recorded in the loop's body. */
export interface Method {
  readonly name: string;
  /** The error estimate shrinks with h to this power; undefined without an estimate. */
  readonly errorOrder: number | undefined;
  /** What is carried from step to step besides the state; the derivative first, if there is one. */
  begin(t: Tensor, y: readonly Tensor[]): Tensor[];
  attempt(t: Tensor, tNext: Tensor, h: Tensor, y: readonly Tensor[], memory: readonly Tensor[]): Attempt;
  /**
   * The state and the memory before a step from `t` to `tNext`, of length `h`, from those after it: exact in exact arithmetic. Only of methods whose
   * steps can be undone.
   */
  undo?: (
    t: Tensor,
    tNext: Tensor,
    h: Tensor,
    y: readonly Tensor[],
    memory: readonly Tensor[],
  ) => { readonly y: readonly Tensor[]; readonly memory: readonly Tensor[] };
  /** dy/dt, for derivatives with respect to time. `memory` is what is carried then, which methods that look back need after the start. */
  slope(t: Tensor, y: readonly Tensor[], memory?: readonly Tensor[]): Tensor[];
  /** The state with the same M y that meets the algebraic equations of M dy/dt = f; of methods with a mass matrix. */
  readonly consistent?: ((t: Tensor, y: readonly Tensor[]) => Tensor[]) | undefined;
  /** Types of `dense`. */
  readonly dense: readonly Aval[];
  readonly interpolate: (step: Taken) => Tensor[];
  /** What is carried after the field jumped, of methods that then keep something. @defaultValue what they begin with */
  restart?(t: Tensor, y: readonly Tensor[], memory: readonly Tensor[]): readonly Tensor[];
  /**
   * What is carried after an event set the state to `y`, of methods that then keep something. `moment` is `t` as it moves with the event.
   * @defaultValue what they begin with
   */
  reset?(t: Tensor, moment: Tensor, y: readonly Tensor[], memory: readonly Tensor[]): readonly Tensor[];
  /** Times at which steps end besides, in any order, in the dtype of times. */
  readonly jumps?: Tensor;
  /** Those of them that are known on the way only. */
  laterJumps?(memory: readonly Tensor[]): Tensor;
  /** Steps are no longer, a positive scalar in the dtype of times. */
  readonly longest?: Tensor;
  /** Do attempts find times at which steps are to end? */
  readonly lands?: boolean;
  /** Do outputs move with times as the interpolant does, since the field at their times is not to be had? */
  readonly interpolantMoves?: boolean;
  /** Do attempts evaluate the field beyond the step's end? */
  readonly beyond?: boolean;
  /** Does `memory` hold the derivative? */
  readonly derivative: boolean;
  /** Does each attempt count its field evaluations? */
  readonly counted?: boolean;
  /** Field evaluations of each part; that of an attempt does not matter where they are counted. */
  readonly evaluations: { readonly begin: number; readonly attempt: number; readonly interpolate: number };
}

/**
 * Steps of an explicit Runge–Kutta method. `memory` is the derivative at the state.
 * @param alike all steps are of one length, so that its products with the tableau are the same for all components, and for all of a batch
 */
export function explicitMethod(
  solver: ExplicitSolver,
  field: (t: Tensor, y: readonly Tensor[]) => Tensor[],
  state: StateType,
  alike: boolean,
): Method {
  const { a, b, c, stages, fsal, bError, bErrorLow } = solver;
  const leaves = state.leaves;
  const extension = extensionOf(solver, field, state);
  const sum = (weights: readonly number[], k: readonly (readonly Tensor[])[], leaf: number): Tensor | undefined =>
    combine(
      weights,
      k.map((stage) => stage[leaf]!),
    );
  return {
    name: solver.name,
    errorOrder: bError && (solver.embeddedOrder ?? solver.order - 1) + 1,
    derivative: true,
    dense: extension.types,
    evaluations: { begin: 1, attempt: fsal ? stages - 1 : stages, interpolate: extension.evaluations },
    begin: (t, y) => field(t, y),
    slope: (t, y) => field(t, y),
    attempt: (t, tNext, h, y, memory) => {
      const steps = leaves.map(({ dtype }) => cast(h, dtype));
      const along = (weights: readonly number[], leaf: number): Tensor | undefined => {
        if (!alike) return sum(weights, k, leaf)?.mul(steps[leaf]!);
        const terms = k.map((stage) => stage[leaf]!);
        return combine(
          weights.map((w) => w && cast(h.mul(w), leaves[leaf]!.dtype)),
          terms,
        );
      };
      const moved = (weights: readonly number[]): Tensor[] =>
        y.map((x, leaf) => {
          const way = along(weights, leaf);
          return way ? x.add(way) : x;
        });
      const k: (readonly Tensor[])[] = [memory];
      let next: readonly Tensor[] = y;
      for (let i = 1; i < stages; i++) {
        next = moved(a[i]!);
        k.push(field(c[i] === 1 ? tNext : t.add(h.mul(c[i]!)), next));
      }
      if (!fsal) next = moved(b);
      const derivative = fsal ? k[stages - 1]! : field(tNext, next);
      const errors = [bError, bErrorLow].flatMap((weights) =>
        weights ? [y.map((x, leaf) => along(weights, leaf) ?? zerosLike(x))] : [],
      );
      return { y: next, memory: derivative, errors, dense: extension.keep(y, k) };
    },
    interpolate: extension.interpolate,
  };
}

/** The dense output of a solver: what it keeps of a step, and how it is evaluated. */
interface Extension {
  readonly types: readonly Aval[];
  readonly evaluations: number;
  keep(y: readonly Tensor[], k: readonly (readonly Tensor[])[]): Tensor[];
  readonly interpolate: (step: Taken) => Tensor[];
}

function extensionOf(
  solver: ExplicitSolver,
  field: (t: Tensor, y: readonly Tensor[]) => Tensor[],
  state: StateType,
): Extension {
  const { dense, order, stages, fsal } = solver;
  const size = state.leaves.length;
  const types = (times: number): Aval[] => Array.from({ length: times }, () => state.leaves).flat();
  const groups = (list: readonly Tensor[]): Tensor[][] =>
    Array.from({ length: list.length / size }, (_, i) => list.slice(i * size, (i + 1) * size));
  const place = ({ s, h, y }: Taken): { s: Tensor; h: Tensor; end: readonly Tensor[] } => ({ s, h, end: y });
  if (!dense && order === 1)
    return {
      types: types(1),
      evaluations: 0,
      keep: (_y, k) => [...k[0]!],
      interpolate: (step) => line(place(step), step.dense),
    };
  if (!dense)
    return {
      types: types(2),
      evaluations: 0,
      keep: (y, k) => [...y, ...k[0]!],
      interpolate: (step) => {
        const [start, k0] = groups(step.dense);
        return hermite(place(step), start!, k0!, step.memory);
      },
    };
  // The last stage of an FSAL method is the memory.
  const inMemory = (i: number): boolean => fsal && i === stages - 1;
  const rows = dense.kind === "polynomial" ? dense.coefficients.map((row) => row.some((x) => x !== 0)) : [];
  const used = Array.from({ length: stages }, (_, i) =>
    dense.kind === "polynomial"
      ? rows[i]!
      : i === 0 || inMemory(i) || [...dense.a, ...dense.d].some((row) => row[i] !== 0),
  );
  const kept = used.flatMap((is, i) => (is && !inMemory(i) ? [i] : []));
  const stagesOf = (
    list: readonly (readonly Tensor[])[],
    memory: readonly Tensor[],
  ): (readonly Tensor[] | undefined)[] =>
    used.map((is, i) => (!is ? undefined : inMemory(i) ? memory : list[kept.indexOf(i)]));
  if (dense.kind === "polynomial") {
    const weights = shifted(dense).filter((_, i) => used[i]);
    return {
      types: types(kept.length),
      evaluations: 0,
      keep: (_y, k) => kept.flatMap((i) => k[i]!),
      interpolate: (step) =>
        polynomial(
          place(step),
          weights,
          stagesOf(groups(step.dense), step.memory).filter((x) => x !== undefined),
        ),
    };
  }
  return {
    types: types(kept.length + 1),
    evaluations: dense.c.length,
    keep: (y, k) => [...y, ...kept.flatMap((i) => k[i]!)],
    interpolate: (step) => {
      const [start, ...list] = groups(step.dense);
      return nestedExtension(place(step), dense, field, step.t.sub(step.h), start!, stagesOf(list, step.memory));
    },
  };
}
