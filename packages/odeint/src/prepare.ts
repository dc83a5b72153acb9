import { ShapeError, sub, Tensor, type Tensors, tree, type Tree, UnsupportedError } from "@dzdt/tensor";
import { type AtOptions, readAsked } from "./asked";
import { timeType } from "./at-hand";
import { discretize } from "./adjoints/discretize";
import { consistentStart } from "./consistent-start";
import { usualConstant } from "./controllers/constant";
import type { Controller } from "./controllers/controller";
import { readEvents } from "./events/leaf-event";
import type { FineTime } from "./fine-time";
import { type JacobianFunction, matrixOf } from "./implicit/vector";
import { checked } from "./failures";
import { hostOptions } from "./host/watch";
import { readMaxSteps, stepsNeeded } from "./max-steps";
import type { OdeintOptions } from "./odeint";
import { readState } from "./initial-state";
import { checkOptions } from "./options";
import { checkMonotonic, checkWithin, fineTimes, readTimes, type Times } from "./saveAt";
import { type Request, solve, solveAt, type Solved } from "./solve";
import { readSaves } from "./saves/given";
import type { Saved, Saves } from "./saves/save";
import { type Solution, solution } from "./solution";
import { tsit5 } from "./solvers";
import {
  adviceOf,
  checkSolver,
  imexOf,
  isAdaptive,
  isImplicit,
  methodOf,
  type Solver,
  usualController,
} from "./solver";
import { checkLength, checkSameLength, positiveLength } from "./step-length";
import type { Parts } from "./stepper";
import { checkTolerances, toleranceLeaves } from "./tolerance";
import { allWithin, heldWithin, oneWay } from "./unknown-times";
import { repeated, unmoved } from "./unmoved";
import {
  realOf,
  type StateField,
  type StateLike,
  type StateType,
  timeOf,
  traceField,
  type VectorField,
} from "./vectorField";

/** The options of `odeint`. */
export const optionNames: readonly (keyof OdeintOptions)[] = [
  "args",
  "solver",
  "controller",
  "rtol",
  "atol",
  "dt0",
  "maxSteps",
  "adjoint",
  "batch",
  "jacobian",
  "mass",
  "throw",
  "events",
  "maxEvents",
  "saves",
  "dense",
  ...hostOptions,
];

/** A solve that is ready to be run, in one way or another. */
export interface Prepared<Y, S = Saves> {
  readonly request: Request;
  readonly leaves: readonly Tensor[];
  /** From first to last. */
  readonly times: Tensor;
  readonly fine: FineTime;
  /** The solution where there is one time only. */
  readonly still: Solution<Y, S> | undefined;
  /** Makes a solution of what came out. @param ended why the host ended it early @throws SolveError where it failed, and is to throw */
  readonly concluded: (outcome: Solved, ended?: string) => Solution<Y, S>;
}

/** The function that is called. */
export interface Front {
  /** Errors begin with its name. */
  readonly where: string;
  /** Its times may only increase. */
  readonly forwards?: boolean;
}

/** Reads and checks all that `odeint` is given. */
export function prepare<Y extends StateLike<Y>, A, S = Saves>(
  field: StateField<Tensors<Y>, A>,
  y0: Y,
  ts: Times,
  options: OdeintOptions<A>,
  { where, forwards = false }: Front,
): Prepared<Tensors<Y>, S> {
  checkOptions(where, options, optionNames);
  if (typeof field !== "function")
    throw new TypeError(`${where}: the field is ${String(field)}; give a function (t, y, args) => dy`);
  const { leaves: given, structure, paths, target } = readState(where, y0);
  const independent = readBatch(where, options.batch, given, paths);
  const state: StateType = {
    structure,
    paths,
    leaves: given.map(({ dtype, shape }) => ({ dtype, shape: independent ? shape.slice(1) : shape })),
  };
  const times = readTimes(where, "ts", ts, target);
  checkMonotonic(where, times);
  const fine = fineTimes({ ...times, tensor: oneWay(where, times, { up: forwards, raise: options.throw !== false }) });
  const request = {
    ...readRequest(where, field as unknown as VectorField<unknown, A>, options, state, independent, target),
    saves: readSaves(where, options.saves, times, options.adjoint ?? discretize(), target),
    open: times.values === undefined,
  };
  const leaves = options.mass === undefined ? given : consistentStart(request, given, fine);

  const at = (when: number | Times, told: AtOptions = {}): Tensors<Y> => {
    if (options.dense === false)
      throw new UnsupportedError("at: this solve was made with dense: false; leave that out, or name the times in ts");
    const scalar = typeof when === "number" || (when instanceof Tensor && when.ndim === 0);
    const list = readTimes("at", "t", scalar ? [when] : when, target);
    checkWithin("at", list, times);
    const asked = readAsked(told);
    const alone = times.tensor.size === 1;
    if (alone && asked && asked.derivative > 0)
      throw new RangeError("at: a solve at one time has no derivatives; give ts more than one time");
    const wanted = fineTimes(list);
    const { held, masked } = list.values && times.values ? allWithin(wanted) : heldWithin(wanted, fine);
    const ys = alone ? leaves.map((y) => repeated(y, list.tensor.size)) : solveAt(request, leaves, fine, held, asked);
    return tree.unflatten(
      structure,
      ys.map(masked).map((y) => (scalar ? y.reshape(y.shape.slice(1)) : y)),
    );
  };
  const savesOf = (rows: Solved["saves"]): { readonly saves?: Saved<Tensors<Y>, S> } | undefined =>
    request.saves && {
      saves: request.saves.machinery.recorded(request.saves, rows!, state, options.args) as Saved<Tensors<Y>, S>,
    };
  const solutionOf = (solved: Solved): Solution<Tensors<Y>, S> =>
    solution<Tensors<Y>, S>(
      {
        ...savesOf(solved.saves),
        ...(request.events
          ? request.events.machinery.recorded<Tensors<Y>>(solved, times.tensor, structure, request.events)
          : { ts: times.tensor, ys: tree.unflatten<Tensors<Y>>(structure, solved.ys) }),
        status: solved.status,
        stats: {
          steps: solved.steps,
          accepted: sub(solved.steps, solved.rejected),
          rejected: solved.rejected,
          evaluations: solved.evaluations,
        },
      },
      at,
    );
  const concluded = (outcome: Solved, ended?: string): Solution<Tensors<Y>, S> => {
    if (options.throw === false) return solutionOf(outcome);
    const again = (): Solved =>
      request.controller.kind === "constant" && ended === undefined
        ? solve({ ...request, watched: true }, leaves, fine)
        : outcome;
    const partial = (): Solution<Tree> => solutionOf(outcome);
    const doubt =
      options.mass !== undefined || options.jacobian !== undefined
        ? "mass, or mass − h · jacobian, may be singular, or y0 not meet the algebraic equations: check mass, jacobian and y0"
        : undefined;
    const { dtMin, norm } = request.controller.kind === "adaptive" ? request.controller : {};
    const advised = adviceOf(options.solver);
    const remedies = advised && { nonFinite: advised.text };
    const tightest = request.saves?.tightest;
    const limits = {
      maxStepsReached: stepsNeeded(request, times),
      stepUnderflow: dtMin,
      maxSavesReached: tightest?.capacity,
    };
    const ownNorm = typeof norm === "function";
    const unwatched = request.controller.kind === "constant";
    const telling = { where, paths, remedies, doubt, ownNorm, save: tightest?.name, unwatched, ended, limits, partial };
    return solutionOf(checked(outcome, again, telling));
  };
  const still =
    times.tensor.size === 1
      ? solution<Tensors<Y>, S>(
          {
            ...savesOf(request.saves?.machinery.unmoved(request.saves, leaves, times.tensor, independent)),
            ...unmoved<Tensors<Y>>(leaves, structure, times.tensor, independent, request.events),
          },
          at,
        )
      : undefined;
  return { request, leaves, times: times.tensor, fine, still, concluded };
}

/** Are any of a solve's numbers known only when the program runs that it is part of? */
export const isTraced = (leaves: readonly Tensor[], times: Tensor): boolean =>
  [...leaves, times].some((x) => x.tape !== undefined);

function readBatch(where: string, batch: unknown, leaves: readonly Tensor[], paths: readonly string[]): boolean {
  if (batch === undefined || batch === "shared") return false;
  if (batch !== "independent")
    throw new TypeError(`${where}: batch is ${JSON.stringify(batch)}; give "shared" or "independent"`);
  const size = leaves[0]!.shape[0];
  leaves.forEach((y, k) => {
    if (y.ndim === 0 || y.shape[0] !== size)
      throw new ShapeError(
        `${where}: y0${paths[k]!} has shape [${y.shape.join(", ")}], y0${paths[0]!} [${leaves[0]!.shape.join(", ")}]; ` +
          `with batch "independent" axis 0 of every leaf counts trajectories`,
      );
  });
  return true;
}

function readRequest<A>(
  where: string,
  field: VectorField<unknown, A>,
  options: OdeintOptions<A>,
  state: StateType,
  independent: boolean,
  target: Tensor["target"],
): Omit<Request, "saves"> {
  const { solver = tsit5, dt0 } = options;
  checkSolver(solver, where);
  const maxSteps = readMaxSteps(where, options.maxSteps, target);
  if (dt0 !== undefined) checkLength(where, "dt0", dt0);
  const { adjoint = discretize() } = options;
  const kind = (adjoint as { kind?: unknown } | null)?.kind;
  if (kind !== "discretize" && kind !== "custom")
    throw new TypeError(`${where}: adjoint is of no known kind; give discretize(), or another such as backsolve()`);
  const events = readEvents(where, options.events, options.maxEvents, target);
  for (const name of ["dense", "throw"] as const)
    if (options[name] !== undefined && typeof options[name] !== "boolean")
      throw new TypeError(`${where}: ${name} is ${String(options[name])}; give true or false`);
  const controller = readController(where, solver, options);
  const args = options.args as A;
  const single = state.leaves.some(({ dtype }) => dtype === "float32");
  const adaptive = controller.kind === "adaptive" ? controller : undefined;
  const compensation = controller.kind === "constant" ? controller.compensated : undefined;
  if (compensation && !compensation.isTranslatable(solver))
    throw new TypeError(
      `${where}: constant({ compensated: true }) is for explicit and symplectic solvers, Gauss's and tao; ${solver.name} is none: leave it out`,
    );
  const dt = adaptive ? dt0 : controller.kind === "constant" ? controller.dt : undefined;
  const rtol = adaptive
    ? toleranceLeaves(where, "rtol", adaptive.rtol ?? options.rtol ?? (single ? 1e-4 : 1e-6), state, target)
    : [];
  const atol = adaptive
    ? toleranceLeaves(where, "atol", adaptive.atol ?? options.atol ?? (single ? 1e-6 : 1e-8), state, target)
    : [];
  checkTolerances(where, rtol, atol, state);
  const treeOf = (leaves: readonly Tensor[]): never => tree.unflatten<never>(state.structure, leaves);
  const jacobian = options.jacobian as JacobianFunction<unknown, A> | undefined;
  if (jacobian !== undefined && typeof jacobian !== "function")
    throw new TypeError(`${where}: jacobian is no function; give (t, y, args) => ∂f/∂y, or leave it out`);
  if (options.mass !== undefined && (!isImplicit(solver) || (solver.kind === "imex" && imexOf(field))))
    throw new TypeError(
      `${where}: ${solver.name} takes no mass matrix; use a solver such as rodas5p, or solve for dy/dt in the field`,
    );
  const mass = options.mass === undefined ? undefined : matrixOf(options.mass, state, realOf(state), "mass");
  const partsOf = (): Parts => {
    const parts: Parts = {
      field: traceField(where, (t, y) => field(t, y, args), state, timeOf(field)),
      given: field,
      args,
      state,
      jacobian: jacobian && ((t, y) => jacobian(t, treeOf(y), args)),
      mass,
      rtol,
      atol,
      norm: adaptive?.norm ?? "rms",
      exact: !adaptive,
      methodOf: (other) => methodOf(other, parts),
    };
    return parts;
  };
  return {
    state,
    solver: compensation ? compensation.solver(solver) : solver,
    parts: partsOf,
    raise: options.throw !== false,
    controller,
    rtol,
    atol,
    dt: typeof dt === "number" ? Tensor.scalar(dt, timeType(target), target) : dt && positiveLength(dt),
    maxSteps,
    adjoint,
    independent,
    target,
    events,
    stepTs: extraTimes("stepTs", adaptive?.stepTs, target),
    jumpTs: extraTimes("jumpTs", adaptive?.jumpTs, target),
  };
}

const extraTimes = (name: string, times: Times | undefined, target: Tensor["target"]): Tensor | undefined =>
  times && (times instanceof Tensor ? times.size : times.length) > 0
    ? readTimes("pid", name, times, target).tensor
    : undefined;

function readController<A>(where: string, solver: Solver, { controller, dt0 }: OdeintOptions<A>): Controller {
  const estimates = isAdaptive(solver);
  if (controller === undefined) {
    if (estimates) return usualController(solver);
    if (dt0 !== undefined) return usualConstant(dt0);
    throw new TypeError(
      `${where}: ${solver.name} has no error estimate and there is no dt0; give dt0, or controller: constant({ dt })`,
    );
  }
  const { kind } = controller as { kind?: unknown };
  if (kind !== "adaptive" && kind !== "constant")
    throw new TypeError(`${where}: controller is of no known kind; give pid() or constant()`);
  if (kind === "adaptive" && !estimates)
    throw new TypeError(
      solver.kind === "symplectic"
        ? `${where}: ${solver.name} is symplectic with steps of one length only; give controller: constant({ dt })`
        : `${where}: ${solver.name} has no error estimate; give controller: constant({ dt }), or a solver such as tsit5`,
    );
  if (controller.kind === "constant" && dt0 !== undefined) checkSameLength(where, dt0, controller.dt);
  return controller;
}
