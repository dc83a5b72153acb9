import {
  cast,
  printShape,
  sameShape,
  type Shape,
  ShapeError,
  Tensor,
  type Tensors,
  tree,
  type Tree,
  UnsupportedError,
  zeros,
} from "@dzdt/tensor";
import type { Adjoint, CustomAdjoint } from "../adjoints/adjoint";
import { discretize } from "../adjoints/discretize";
import { readState } from "../initial-state";
import { readMaxSteps } from "../max-steps";
import { checkOptions } from "../options";
import { type KnownTimes, readTimes, type Times } from "../saveAt";
import type { Stats } from "../solution";
import { checkLength, positiveLength } from "../step-length";
import { oneWay } from "../unknown-times";
import { type StateType, traceField, type VectorField } from "../vectorField";
import { backsolved, readBackwards } from "./backsolved";
import type { BrownianPath } from "./brownian/brownian";
import type { BrownianSteps } from "./brownian/steps";
import { readAccuracy } from "./accuracy";
import { readMotion } from "./given-path";
import { checked, type SdeTelling } from "./failures";
import type { SdeFields } from "./fields";
import { type SdeOutcome, type SdeRequest, solveSde } from "./integrate";
import { withDivergence } from "./kl";
import type { LangevinField } from "./langevin";
import { readEquation, readLangevin } from "./problem";
import type { Calculus, Noise, Sde } from "./sde";
import type { SolverFor } from "./solver";

/** Options of {@link sdeint}. */
export interface SdeintOptions<A = undefined, C extends Calculus = Calculus, N extends Noise = Noise> {
  /** What the path is made from, uint32 `[2]`: `random.key(seed)`. Not needed with a path. One key, one path, whatever the solver's steps. */
  readonly key?: Tensor;
  /**
   * @defaultValue `shark` for additive noise; for Itô equations `milstein`, or `eulerMaruyama` for general noise; for Stratonovich equations
   * `heunStratonovich`
   */
  readonly solver?: SolverFor<C, N>;
  /**
   * The longest step: each interval of ts is divided into equal ones.
   * @defaultValue one step from each time to the next; an eighth of the time from first to last where steps are chosen by their errors
   */
  readonly dt?: number | Tensor;
  /**
   * Relative tolerance. With it or `atol` steps are chosen by their errors: each is compared with its two halves, and an interval's parts are halved, or
   * doubled again, so that every time tried is visited and the path stays as it is. Three times the evaluations a step. @defaultValue with atol: 1e-3
   */
  readonly rtol?: number;
  /** Absolute tolerance, likewise. @defaultValue with rtol: 1e-5 */
  readonly atol?: number;
  /**
   * How gradients are computed: `discretize()`; `reversible()` for `reversibleHeun` with equal steps: the same gradients but for rounding, from steps
   * that are undone on the way back, with the memory of one step; or `backsolve()` for Stratonovich equations and additive noise: the continuous
   * adjoint, solved backwards along the same path with the memory of the states at ts. @defaultValue discretize()
   */
  readonly adjoint?: Adjoint;
  /**
   * The path that drives the equation; or `brownianSteps({ key })`, which equal steps draw one by one, many times cheaper.
   * @defaultValue a `brownian` path from ts[0] to the last time, of the solver's Lévy area, on the key
   */
  readonly path?: BrownianPath | BrownianSteps;
  /** Passed on to drift and diffusion: a tree, or anything else. */
  readonly args?: A;
  /** The most steps, at most 2^30. @defaultValue 1,000,000; 16,384 on webgpu */
  readonly maxSteps?: number;
  /** Throw a `SolveError` when a solve fails. @defaultValue true */
  readonly throw?: boolean;
}

const names: readonly (keyof SdeintOptions)[] = [
  "key",
  "solver",
  "dt",
  "rtol",
  "atol",
  "adjoint",
  "path",
  "args",
  "maxSteps",
  "throw",
];

/** The result of a stochastic solve: a tree. The state between steps is not known: name the times in ts. */
export interface SdeSolution<Y> {
  /** The times `[T]`, float64 where the target has it, else float32. */
  readonly ts: Tensor;
  /** The states at the times: each leaf `[T, …leaf]`; NaN where a failed solve did not get. */
  readonly ys: Y;
  /** A number of `Status`: int32 `[]`. */
  readonly status: Tensor;
  readonly stats: Stats;
}

/**
 * Solves dy = drift(t, y, args) dt + diffusion(t, y, args) dW from y(ts[0]) = y0 along one path W, with steps that end at each of ts. One node of the
 * program, whatever the number of steps; differentiable with respect to y0, args and what the fields close over, the path held fixed, in both modes and
 * to any order. Not with respect to ts. Many paths: `vmap` over keys; a state with a batch axis and diagonal noise has independent noise too.
 * @param sde says how noise enters, and whether it is an Itô (the default) or a Stratonovich equation; see {@link Sde}
 * @param y0 a tree of floats, which keep their dtypes; drift and diffusion receive t in the widest of them
 * @param ts strictly increasing, in units of time; ts[0] is the initial time
 * @throws TypeError when the solver is for another calculus or another kind of noise, with those that fit; ShapeError, DTypeError, RangeError for what
 * else does not fit; SolveError when a solve is not finite and its numbers are known at once
 * @example
 * // geometric Brownian motion, ten paths
 * const sde = { drift: (t: Tensor, y: Tensor) => y.mul(0.1), diffusion: (t: Tensor, y: Tensor) => y.mul(0.3) };
 * vmap((key: Tensor) => sdeint(sde, tensor(1), [0, 1], { key, dt: 0.01 }).ys)(random.split(random.key(0), 10)) // [10, 2]
 */
export function sdeint<Y extends Tree, A = undefined, C extends Calculus = "ito", N extends Noise = "diagonal">(
  sde: Sde<Tensors<Y>, A, C, N>,
  y0: Y,
  ts: Times,
  options: SdeintOptions<A, NoInfer<C>, NoInfer<N>>,
): SdeSolution<Tensors<Y>>;
/** Solves a {@link langevin} field, from a state { q, p }. */
export function sdeint<Q extends Tree, A = undefined>(
  field: LangevinField<Tensors<Q>, A>,
  y0: { readonly q: Q; readonly p: Q },
  ts: Times,
  options: SdeintOptions<A>,
): SdeSolution<{ readonly q: Tensors<Q>; readonly p: Tensors<Q> }>;
export function sdeint(sde: unknown, y0: Tree, ts: Times, options: SdeintOptions<unknown>): SdeSolution<unknown> {
  return solveEquation(sde, y0, ts, options).solution;
}

/** `sdeint` and the divergence of another drift, `[T − 1, …batch]`. */
export function solveWithDivergence(
  sde: unknown,
  prior: VectorField<never, unknown>,
  batchAxes: number,
  y0: Tree,
  ts: Times,
  options: SdeintOptions<unknown>,
): SdeSolution<unknown> & { readonly kl: Tensor } {
  const { solution, more } = solveEquation(sde, y0, ts, options, (state) => {
    const batch = batchOf(state, batchAxes);
    const { dtype } = state.leaves[0]!;
    return {
      start: (like) => zeros(batch, { dtype, target: like.target }),
      fields: (fields) =>
        withDivergence(
          fields,
          traceField("logqp", (t, y) => prior(t, y as never, options.args), state),
          batch,
        ),
    };
  });
  const count = more!.shape[0]!;
  return { ...solution, kl: more!.slice([1], [count]).sub(more!.slice([0], [count - 1])) };
}

/** A state more, that the equation's own do not depend on. */
interface Extension {
  readonly start: (like: Tensor) => Tensor;
  readonly fields: (fields: SdeFields) => SdeFields;
}

/** The solution, and at the times the state that an equation was extended with. */
function solveEquation(
  sde: unknown,
  y0: Tree,
  ts: Times,
  options: SdeintOptions<unknown>,
  extend?: (state: StateType) => Extension,
): { readonly solution: SdeSolution<unknown>; readonly more: Tensor | undefined } {
  checkForms(options);
  const { leaves, structure, paths, target } = readState("sdeint", y0);
  const state: StateType = { structure, paths, leaves: leaves.map(({ dtype, shape }) => ({ dtype, shape })) };
  const given = readTimes("sdeint", "ts", ts, target);
  checkIncreasing(given);
  const times = { ...given, tensor: oneWay("sdeint", given, { up: true, raise: options.throw !== false }) };
  const { adjoint = discretize() } = options;
  const { kind } = (adjoint as { readonly kind?: unknown } | null) ?? {};
  const custom = kind === "custom" ? (adjoint as CustomAdjoint) : undefined;
  const reversed = custom?.name === "reversible";
  if (kind !== "discretize" && !reversed && !custom?.stochastic)
    throw new TypeError(
      `sdeint: adjoint is ${custom?.name ?? "of no known kind"}; give discretize(), reversible() with reversibleHeun, or backsolve() for Stratonovich equations`,
    );
  const maxSteps = readMaxSteps("sdeint", options.maxSteps, target);
  const dt = readStep(options.dt, times, target);
  const extension = extend?.(state);
  const problem =
    typeof sde === "object" && sde !== null && "kind" in sde
      ? readLangevin(sde as LangevinField<never, unknown>, options, state, target)
      : readEquation(sde as Sde<never, unknown>, options, state, leaves, times, target, extension?.fields);
  const all = extension ? [...leaves, extension.start(leaves[0]!)] : leaves;
  if (times.tensor.size === 1)
    return { solution: unmoved(leaves, structure, times.tensor), more: extension && all.at(-1)!.expandDims(0) };
  const motion = readMotion(options, problem, state, times, target);
  const accuracy = readAccuracy(options, problem, target);
  if (reversed && (problem.solver.name !== "reversibleHeun" || accuracy))
    throw new TypeError(
      `sdeint: steps of ${problem.solver.name}${accuracy ? " that are chosen by their errors" : ""} cannot be undone; use reversibleHeun with dt, or discretize()`,
    );
  const request: SdeRequest = {
    state,
    method: problem.method,
    motion,
    dt,
    maxSteps,
    checkpoints: adjoint.kind === "discretize" ? adjoint.checkpoints : "all",
    target,
    accuracy,
    undone: reversed,
    raise: options.throw !== false,
    solve: custom?.stochastic && backsolved(readBackwards(custom.name, custom.stochastic, problem)),
  };
  const outcome = solveSde(request, all, times.tensor);
  const solutionOf = (solved: SdeOutcome): SdeSolution<Tree> => ({
    ts: times.tensor,
    ys: tree.unflatten(structure, solved.ys.slice(0, leaves.length)),
    status: solved.status,
    stats: statsOf(solved),
  });
  const telling: SdeTelling = {
    ts: times.tensor,
    dt,
    paths: extension ? [...paths, ".kl"] : paths,
    adaptive: accuracy !== undefined,
    again: (y, ts) =>
      solveSde({ ...request, dt: undefined, accuracy: undefined, undone: false, solve: undefined }, y, ts),
    partial: () => solutionOf(outcome),
  };
  const solved = options.throw === false ? outcome : checked(outcome, telling);
  return { solution: solutionOf(solved), more: solved.ys[leaves.length] };
}

/** @throws UnsupportedError for what only other equations have; TypeError for options that are none */
function checkForms(options: SdeintOptions<unknown>): void {
  for (const name of ["saves", "events"])
    if (Object.hasOwn(options ?? {}, name))
      throw new UnsupportedError(
        `sdeint: there are no ${name} of stochastic equations; name the times in ts, at which steps end, and take what is wanted from ys`,
      );
  checkOptions("sdeint", options, names);
}

const statsOf = ({ steps, rejected, evaluations }: Pick<SdeOutcome, "steps" | "rejected" | "evaluations">): Stats => ({
  steps,
  accepted: steps.sub(rejected),
  rejected,
  evaluations,
});

function batchOf({ leaves, paths }: StateType, axes: number): Shape {
  const batch = leaves[0]!.shape.slice(0, axes);
  leaves.forEach(({ shape }, k) => {
    if (!Number.isInteger(axes) || axes < 0 || shape.length < axes || !sameShape(shape.slice(0, axes), batch))
      throw new ShapeError(
        `logqp: batchAxes is ${String(axes)} for a state of shape ${printShape(shape)}${paths[k] && ` at y${paths[k]}`}; give the number of leading axes that all leaves have in common`,
      );
  });
  return batch;
}

/** The solution at ts[0] alone. */
function unmoved<Y>(leaves: readonly Tensor[], structure: tree.Structure, ts: Tensor): SdeSolution<Y> {
  const zero = Tensor.scalar(0, "int32", leaves[0]!.target);
  const ys = tree.unflatten<Y>(
    structure,
    leaves.map((y) => y.reshape([1, ...y.shape])),
  );
  return { ts, ys, status: zero, stats: statsOf({ steps: zero, rejected: zero, evaluations: zero }) };
}

function checkIncreasing({ values }: KnownTimes): void {
  if (!values) return;
  for (let j = 1; j < values.length; j++)
    if (!(values[j]! > values[j - 1]!))
      throw new RangeError(
        `sdeint: ts[${j}] = ${values[j]!} is not after ts[${j - 1}] = ${values[j - 1]!}; give strictly increasing times`,
      );
}

function readStep(dt: number | Tensor | undefined, times: KnownTimes, target: Tensor["target"]): Tensor | undefined {
  if (dt === undefined) return undefined;
  checkLength("sdeint", "dt", dt, "a positive length of steps, in units of time");
  const { dtype } = times.tensor;
  return typeof dt === "number" ? Tensor.scalar(dt, dtype, target) : positiveLength(cast(dt, dtype));
}
