import { cast, Tensor } from "@dzdt/tensor";
import type { AdaptiveController } from "../controllers/controller";
import type { FineTime } from "../fine-time";
import { gridOf } from "../fixed-steps";
import { checkOptions } from "../options";
import type { Stepping } from "../problem";
import { checkSolver, isAdaptive, isHamiltonian, isImplicit, methodOf, type Solver, usualController } from "../solver";
import { tsit5 } from "../solvers/tsit5";
import type { Method } from "../step";
import type { Parts } from "../stepper";
import type { StateType } from "../vectorField";
import type { AdjointParts } from "./adjoint";

/** What continuous adjoints can be told of their own solves. */
export interface ContinuousOptions {
  /** @defaultValue that of the forward solve; tsit5 where that one is for Hamiltonian fields alone */
  readonly solver?: Solver;
  /** Relative tolerance. @defaultValue that of the forward solve */
  readonly rtol?: number;
  /** Absolute tolerance, of states and, for a loss whose largest derivative is 1, of cotangents. @defaultValue that of the forward solve */
  readonly atol?: number;
}

/** @throws TypeError, RangeError for what these options cannot be */
export function checkContinuous(where: string, options: ContinuousOptions, more: readonly string[]): void {
  checkOptions(where, options, ["solver", "rtol", "atol", ...more]);
  if (options.solver !== undefined) checkSolver(options.solver);
  for (const name of ["rtol", "atol"] as const) {
    const value = options[name];
    if (value !== undefined && !(value > 0 && value < Infinity))
      throw new RangeError(`${where}: ${name} is ${value}; give a positive number`);
  }
}

/** How the solves of an adjoint are taken, with its tensors apart, because they have to be inputs of the node. */
export interface Settings {
  readonly solver: Solver;
  readonly controller: AdaptiveController | undefined;
  readonly maxSteps: number;
  /** Tolerances by leaves of the state, then the length of fixed steps if there is one. */
  readonly tensors: readonly Tensor[];
}

export function settingsOf(
  name: string,
  { solver: own, rtol, atol }: ContinuousOptions,
  { solver: given, controller, dt, parts, target }: AdjointParts,
  maxSteps: number,
): Settings {
  const solver = own ?? (isHamiltonian(given) ? tsit5 : given);
  if (parts.mass && !isImplicit(solver))
    throw new TypeError(`${name}: ${solver.name} takes no mass matrix; give the adjoint a solver such as rodas5p`);
  const told = rtol !== undefined || atol !== undefined;
  const adaptive =
    controller.kind === "adaptive" || told || (own === undefined ? solver !== given : isAdaptive(solver));
  if (adaptive && !isAdaptive(solver))
    throw new TypeError(
      `${name}: ${solver.name} has no error estimate, by which this solve would choose its steps; give the adjoint a solver such as tsit5, or leave its rtol and atol out`,
    );
  const single = parts.state.leaves.some(({ dtype }) => dtype === "float32");
  const leaves = (told: number | undefined, given: readonly Tensor[], usual: number): Tensor[] =>
    parts.state.leaves.map(({ dtype }, k) =>
      told === undefined && given[k] ? given[k] : Tensor.scalar(told ?? usual, dtype, target),
    );
  // Steps of a given length have no tolerance; only the drift is held to one.
  const usual = adaptive ? (single ? [1e-4, 1e-6] : [1e-6, 1e-8]) : [1e-4, 1e-6];
  const tolerances = [...leaves(rtol, parts.rtol, usual[0]!), ...leaves(atol, parts.atol, usual[1]!)];
  return {
    solver,
    controller: adaptive ? (controller.kind === "adaptive" ? controller : usualController(solver)) : undefined,
    maxSteps,
    tensors: [...tolerances, ...(!adaptive && dt ? [dt] : [])],
  };
}

/** The settings with their tensors as they are where they are used. */
export interface Tolerances {
  readonly rtol: readonly Tensor[];
  readonly atol: readonly Tensor[];
  readonly dt: Tensor | undefined;
}

export const tolerancesIn = (tensors: readonly Tensor[], leaves: number): Tolerances => ({
  rtol: tensors.slice(0, leaves),
  atol: tensors.slice(leaves, 2 * leaves),
  dt: tensors[2 * leaves],
});

/** A state of several copies of another and more, as a list. */
export function listState(leaves: StateType["leaves"]): StateType {
  const types = leaves.map(({ dtype, shape }) => ({ dtype, shape }));
  return { structure: types.map(() => null), leaves: types, paths: types.map((_, k) => `[${k}]`) };
}

/** Records the steps of a solver for a field of leaves. */
export function methodFor(
  { solver, controller }: Settings,
  field: (t: Tensor, y: readonly Tensor[]) => Tensor[],
  state: StateType,
  rtol: readonly Tensor[],
  atol: readonly Tensor[],
  mass?: Tensor,
): Method {
  const parts: Omit<Parts, "methodOf"> = {
    field,
    given: (t: Tensor, y: readonly Tensor[]) => field(t, y),
    args: undefined,
    state,
    jacobian: undefined,
    mass,
    rtol,
    atol,
    norm: "rms",
    exact: !controller,
  };
  const whole: Parts = { ...parts, methodOf: (other) => methodOf(other, whole) };
  return methodOf(solver, whole);
}

/** How steps from one time to another are chosen. */
export function steppingFor(
  { controller, maxSteps }: Settings,
  norm: (error: readonly Tensor[], y: readonly Tensor[], next: readonly Tensor[]) => Tensor,
  {
    from,
    to,
    dt,
    dt0,
  }: { readonly from: FineTime; readonly to: FineTime; readonly dt: Tensor | undefined; readonly dt0?: Tensor },
): Stepping {
  if (controller) return { kind: "adaptive", controller, norm, dt0 };
  return dt ? { kind: "fixed", grid: gridOf(from, to, cast(dt, from.t.dtype), maxSteps) } : { kind: "stops" };
}
