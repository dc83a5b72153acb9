import { type Tensors, tree, UnsupportedError } from "@dzdt/tensor";
import { eachTrajectory } from "../each-trajectory";
import type { SolveEvent } from "../events/event";
import { usualMaxEvents } from "../events/read";
import { solveTarget } from "../initial-state";
import { type OdeintOptions, solvedAs } from "../odeint";
import { checkOptions } from "../options";
import { optionNames } from "../prepare";
import { type KnownTimes, readTimes, type Times } from "../saveAt";
import type { Saves } from "../saves/save";
import type { Solution } from "../solution";
import { checkSolver, isAdaptive, isImplicit, type Solver } from "../solver";
import { tsit5 } from "../solvers";
import type { StepperSolver } from "../stepper";
import { type Delays, type KnownDelays, readDelays } from "./delays";
import type { History } from "./history";
import type { StateLike } from "../vectorField";
import { type DelayedField, delayedMethod, type DelayProblem } from "./method";

/** Options of {@link ddeint}: those of `odeint`, and: */
export interface DdeintOptions<A = undefined, Y = never> extends OdeintOptions<A> {
  /**
   * How long ago the states are that the field receives, in units of time: positive, one or more. Numbers and scalars are constant; a function
   * (t, y, args) → delay may depend on the state.
   */
  readonly delays: Delays<Y, A>;
  /**
   * How many steps are kept to look back at. The solve fails with `historyTooShort` when they do not reach back as far as the longest delay. Each step
   * copies them, and reverse mode keeps as many for every step that it keeps: see `discretize({ checkpoints })`. @defaultValue 128
   */
  readonly historySteps?: number;
}

/**
 * Solves dy/dt = field(t, y, [y(t − delays[0]), …], args) from y(ts[0]) = y0 and the states before, by the method of steps: the past is the dense output
 * of the steps taken. Steps end at the breaking points, sums of delays after ts[0] at which the solution is not smooth, up to as many delays as
 * the solver's order and one more; adaptive ones are no longer than the shortest delay. Where delays depend on the state, breaking points are not known beforehand: an adaptive
 * step within which such a delay reaches back over one is tried again up to there, so that steps end at them too, but derivatives do not move them; and a delay that comes down to 0 ends the solve with `stepUnderflow`. Differentiable, in both modes and to any order, with respect to y0, args, delays,
 * ts, and what field and history close over.
 * @param field (t, y, delayed, args) → a tree like y; `delayed` has a tree like y for each delay; traced once for each program
 * @param history the states before ts[0]: a function of time (a scalar of the state's real dtype), or a tree like y0 if they were always the same. It need
 * not meet y0
 * @param y0 a tree of floats
 * @param ts strictly increasing; ts[0] is where the history ends
 * @param options with `batch: "independent"` a history that is a tree has an axis 0 like y0, one that is a function is that of all trajectories. Solvers:
 * explicit and implicit Runge–Kutta and Rosenbrock methods with a dense output of their own stages, so neither dop853 nor multistep methods; nor kvaerno4
 * and kvaerno5, which look beyond a step's end: past a breaking point, which then would not move as delays do
 * @throws RangeError for delays that are not positive, times that do not increase, or steps of one length that are longer than a delay;
 * UnsupportedError for solvers and adjoints that have no past; ShapeError, TypeError for what does not fit; SolveError as `odeint`
 * @example ddeint((t, y, [past]) => past.neg(), tensor(1), tensor(1), [0, 0.5, 1], { delays: 1 }).ys // [1, 0.5, 0]
 */
export function ddeint<Y extends StateLike<Y>, A = undefined, S extends Saves<Tensors<Y>, A> = Record<never, never>>(
  field: DelayedField<Tensors<Y>, A>,
  history: History<Tensors<Y>>,
  y0: Y,
  ts: Times,
  options: DdeintOptions<A, Tensors<Y>> & { readonly saves?: S },
): Solution<Tensors<Y>, S> {
  if (typeof field !== "function")
    throw new TypeError(`ddeint: the field is ${String(field)}; give a function (t, y, delayed, args) => dy`);
  checkOptions("ddeint", options ?? {}, ["delays", "historySteps", ...optionNames]);
  const { delays: given, historySteps = 128, ...rest } = options ?? {};
  if (given === undefined) throw new TypeError("ddeint: there are no delays; give them, as in { delays: [1, 2.5] }");
  if (!Number.isInteger(historySteps) || historySteps < 1)
    throw new RangeError(`ddeint: historySteps is ${String(historySteps)}; give a positive integer`);
  checkEvents(rest.events);
  if (rest.batch === "independent") {
    const shared = typeof history === "function";
    const rows = { y0, ...(!shared && { history }) };
    return eachTrajectory<Y, typeof rows, S>(
      (row) =>
        ddeint<Y, A, S>(field, shared ? history : row.history!, row.y0 as Y, ts, { ...options, batch: "shared" }),
      rows,
    );
  }
  const target = solveTarget(tree.leaves(y0));
  const delays = readDelays(given, target);
  const times = readTimes("ddeint", "ts", ts, target);
  checkIncreasing(times.values);
  checkFixed(rest, delays);
  checkTold(times, delays);
  // What is no list of events is refused with the rest of the options.
  const events = Array.isArray(rest.events) ? (rest.events as readonly SolveEvent[]) : [];
  const changing = events.filter((one?: Partial<SolveEvent>) => one?.reset && !one.terminal).length;
  const problem: DelayProblem = {
    field: field as unknown as DelayProblem["field"],
    history: history,
    delays,
    start: times.tensor.slice([0], [1]).reshape([]),
    kept: historySteps,
    resets: changing && changing * (rest.maxEvents ?? usualMaxEvents(events)),
  };
  // The method calls the field itself, with its past.
  const front = { where: "ddeint", forwards: true };
  return solvedAs<Y, A, S>(front, (_t, y) => y, y0, ts, { ...rest, solver: withPast(rest, problem) });
}

/** @throws UnsupportedError for peaks */
function checkEvents(events: readonly SolveEvent[] | undefined): void {
  const place = Array.isArray(events) ? events.findIndex((one?: Partial<SolveEvent>) => one?.derivative) : -1;
  if (place >= 0)
    throw new UnsupportedError(
      `ddeint: events[${place}] is a peak, whose condition would need the past; give an event with a condition of time and state, or look for it with solution.at`,
    );
}

function checkIncreasing(values: ArrayLike<number> | undefined): void {
  if (!values) return;
  for (let j = 1; j < values.length; j++)
    if (!(values[j]! > values[j - 1]!))
      throw new RangeError(
        `ddeint: ts[${j}] = ${values[j]!} is not after ts[${j - 1}] = ${values[j - 1]!}; give strictly increasing times: the past is known, not the future`,
      );
}

function checkFixed<A>({ controller, dt0, solver = tsit5 }: OdeintOptions<A>, { values }: KnownDelays): void {
  const fixed = controller?.kind === "constant" || (controller === undefined && !isAdaptive(solver));
  const dt = controller?.kind === "constant" ? controller.dt : dt0;
  if (!fixed || typeof dt !== "number" || !values) return;
  const shortest = Math.min(...values);
  if (dt > shortest * (1 + 1e-9))
    throw new RangeError(`ddeint: steps of ${dt} are longer than the delay ${shortest}; take steps that are no longer`);
}

/** The past is known at times that are floats: single ones must tell them apart. */
function checkTold({ tensor: ts, values: times }: KnownTimes, { values }: KnownDelays): void {
  if (ts.dtype !== "float32" || !times || !values) return;
  const [latest, shortest] = [Math.max(...Array.from(times, Math.abs)), Math.min(...values)];
  if (shortest < latest * 2 ** -14)
    throw new RangeError(
      `ddeint: a delay of ${shortest} at times as large as ${latest} is less than float32 times can tell, as they are on ${ts.target.name}; ` +
        `measure time from ts[0], or use a CPU target`,
    );
}

/** A solver whose steps look back. */
function withPast<A>({ solver: given = tsit5, adjoint }: OdeintOptions<A>, problem: DelayProblem): StepperSolver {
  checkSolver(given, "ddeint");
  if (adjoint && adjoint.kind !== "discretize")
    throw new UnsupportedError(
      "ddeint: this adjoint solves the equation backwards, without its past; use discretize(), with checkpoints to save memory",
    );
  checkDense(given);
  return {
    kind: "stepper",
    name: given.name,
    order: given.order,
    reference: (given as StepperSolver).reference ?? "",
    adaptive: isAdaptive(given),
    implicit: isImplicit(given),
    method: (parts) => delayedMethod(given, parts, problem),
  };
}

/** @throws UnsupportedError for solvers whose dense output is not made of what they keep of a step, or that look beyond its end */
function checkDense(solver: Solver): void {
  if ("c" in solver && solver.c.some((node) => node > 1))
    throw new UnsupportedError(
      `ddeint: ${solver.name} evaluates the field beyond the end of a step, so on the far side of a breaking point; use rodas5p, radau5 or kvaerno3`,
    );
  const lazy = solver.kind === "explicit" && solver.dense !== undefined && solver.dense.kind !== "polynomial";
  if (solver.kind === "symplectic" || solver.kind === "stepper" || lazy)
    throw new UnsupportedError(
      `ddeint: ${solver.name} ${lazy ? "evaluates the field for its dense output" : "is no Runge–Kutta method"}, which has no past there; use tsit5, dopri5, or rodas5p for stiff equations`,
    );
}
