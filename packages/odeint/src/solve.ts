import {
  applyTape,
  cast,
  concat,
  scan,
  stopGradient,
  take,
  type Target,
  Tensor,
  trace,
  withinRule,
} from "@dzdt/tensor";
import type { Adjoint } from "./adjoints/adjoint";
import { discretize } from "./adjoints/discretize";
import type { Asked } from "./asked";
import type { AdaptiveController, Controller } from "./controllers/controller";
import type { Events, GivenEvents } from "./events/leaf-event";
import { exactly, type FineTime, inOrder, timesFrom } from "./fine-time";
import { type Grid, gridOf } from "./fixed-steps";
import { integrate } from "./integrate";
import { acrossJumps } from "./jumps";
import { flat, flatResult, typeOf } from "./leaves";
import type { Outcome, Problem, Stepping } from "./problem";
import { isRestless, resting } from "./resting";
import { rowsFirst } from "./rows";
import type { GivenSaves } from "./saves/given";
import { determined } from "./slopes";
import { methodOf, type Solver } from "./solver";
import type { Method } from "./step";
import type { Parts } from "./stepper";
import { scaledNorm } from "./tolerance";
import { realOf, type StateType } from "./vectorField";

/** A solve with all options settled. */
export interface Request {
  /** The state of one trajectory. */
  readonly state: StateType;
  readonly solver: Solver;
  /** All about the method but its steps; called while tracing. */
  readonly parts: () => Parts;
  /** Failures throw. */
  readonly raise: boolean;
  readonly controller: Controller;
  readonly rtol: readonly Tensor[];
  readonly atol: readonly Tensor[];
  readonly dt: Tensor | undefined;
  readonly maxSteps: number;
  readonly adjoint: Adjoint;
  readonly independent: boolean;
  readonly target: Target;
  readonly events: GivenEvents | undefined;
  readonly saves: GivenSaves | undefined;
  /** Times at which steps end, and at which the field jumps: constants of derivatives. */
  readonly stepTs: Tensor | undefined;
  readonly jumpTs: Tensor | undefined;
  /** What is wanted at the times, unless states. */
  readonly asked?: Asked | undefined;
  /** Times are known only when the program runs: some may be equal. */
  readonly open?: boolean;
  /** Look at the state after each step even where that is not free, to end at the first that fails. */
  readonly watched?: boolean;
}

/** Times of one solve. */
export interface Span {
  readonly ts: Tensor;
  readonly queries: Tensor | undefined;
  /** What their floats leave of them, where that is known. */
  readonly rests?: { readonly ts: Tensor; readonly queries: Tensor | undefined };
  /** Whether they are traced: numbers do not move. */
  readonly move: boolean;
}

/** Leaves of a solve's results; independent trajectories are axis 1 of `ys` and axis 0 of all others. */
export type Solved = Outcome;

/**
 * Solves, as one program: run at once, or recorded on the trace that its tensors belong to.
 * @param ts first to last time
 * @param queries other times at which the state is wanted, in the same direction: as it is with `ts`, these take no part in the steps
 */
export function solve(request: Request, y0: readonly Tensor[], ts: FineTime, queries?: FineTime): Solved {
  const times = flat({ ts, queries: queries ? [queries] : [] });
  const count = times.leaves.length;
  const saved = request.saves?.list.some((save) => save.times?.t.tape !== undefined) ?? false;
  const move = ts.t.tape !== undefined || queries?.t.tape !== undefined || saved;
  const { run, rebuild } = flatResult((...ins) => {
    const given = times.rebuild(ins);
    return trajectories(request, ins.slice(count), spanOf(given.ts, given.queries[0], move));
  });
  const inputs = [...times.leaves, ...y0];
  const { tape, captured } = trace("odeint", run, inputs.map(typeOf), { target: request.target });
  return rebuild(applyTape(tape, [...inputs, ...captured]));
}

function spanOf(ts: FineTime, queries: FineTime | undefined, move: boolean): Span {
  const span: Span = { ts: ts.t, queries: queries?.t, move };
  const restOf = (time: FineTime): Tensor => (time.rest.length > 0 ? time : exactly(time.t)).rest[0]!;
  const known = [ts, ...(queries ? [queries] : [])].some(({ rest }) => rest.length > 0);
  return known ? { ...span, rests: { ts: restOf(ts), queries: queries && restOf(queries) } } : span;
}

function trajectories(request: Request, y0: readonly Tensor[], span: Span): Outcome {
  // The same for all trajectories.
  const grid = withinRule(() => fixedGrid(request, span));
  if (!request.independent) return withFirst(request, single(request, y0, span, grid), y0, span);
  const none: Tensor[] = [];
  const solveRow = (row: Tensor[]): Outcome => single(request, row, span, grid);
  const [, all] = scan<Tensor[], Tensor[], never>((carry, row) => [carry, solveRow(row) as never], none, [...y0]);
  const stacked = all as unknown as Outcome;
  const { ys, events, saves } = stacked;
  const turned = {
    ...stacked,
    ys: ys.map(rowsFirst),
    ...(events && { events: request.events!.machinery.eventsFirst(events) }),
    ...(saves && {
      saves: saves.map(({ t, y, held }) => ({ t: rowsFirst(t), y: y.map(rowsFirst), held: rowsFirst(held) })),
    }),
  };
  return withFirst(request, turned, y0, span);
}

/** With y0 as the first row. */
export function withFirst(request: Request, outcome: Outcome, y0: readonly Tensor[], { queries, ts }: Span): Outcome {
  if (queries) return outcome;
  const { ys, events } = outcome;
  return {
    ...outcome,
    ys: ys.map((y, k) => concat([y0[k]!.reshape([1, ...y0[k]!.shape]), y], 0)),
    ...(events && { events: request.events!.machinery.fromStart(events, ts.slice([0], [1])) }),
  };
}

export function fixedGrid({ controller, dt, maxSteps }: Request, { ts, rests }: Span): Grid | undefined {
  if (controller.kind !== "constant" || !dt) return undefined;
  const count = ts.shape[0]!;
  const one = (x: Tensor, i: number): Tensor => x.slice([i], [i + 1]).reshape([]);
  const at = (i: number): FineTime => (rests ? { t: one(ts, i), rest: [one(rests.ts, i)] } : exactly(one(ts, i)));
  return gridOf(at(0), at(count - 1), cast(dt, ts.dtype), maxSteps);
}

function single(request: Request, y0: readonly Tensor[], span: Span, grid: Grid | undefined): Outcome {
  const { solver, controller, dt, adjoint, raise, target } = request;
  const parts = request.parts();
  const problem = problemOf(request, parts, y0, span, grid);
  const outcome =
    adjoint.kind === "discretize"
      ? integrate(problem)
      : adjoint.solve({ solver, controller, dt, parts, raise, target }, problem);
  // Of use to adjoints only.
  return settled({ ...outcome, memory: [] }, request, y0, span);
}

/** A span's times in all known digits. */
const timesOf = ({ ts, rests }: Span): FineTime => (rests ? { t: ts, rest: [rests.ts] } : { t: ts, rest: [] });

/** The times at which a solve gives its states. */
function outputsOf(span: Span, saves: GivenSaves | undefined): FineTime {
  const { queries, rests, ts } = span;
  if (queries) return { t: queries, rest: rests?.queries ? [rests.queries] : [] };
  return saves ? saves.machinery.outputs(timesOf(span), saves) : timesFrom(timesOf(span), 1, ts.size);
}

/** An outcome with what it has for saves apart. To be called while tracing. */
export const settled = (outcome: Outcome, { saves }: Request, y0: readonly Tensor[], span: Span): Outcome =>
  saves ? saves.machinery.takenApart(outcome, timesOf(span), saves, y0) : outcome;

/** The problem of one trajectory. To be called while tracing. */
export function problemOf(
  request: Request,
  parts: Parts,
  y0: readonly Tensor[],
  span: Span,
  grid: Grid | undefined,
): Problem {
  const { ts, queries, rests, move } = span;
  const { controller, rtol, atol, state, dt, maxSteps, adjoint, saves, watched = false } = request;
  const count = ts.shape[0]!;
  const stepping = steppingOf();
  const landing = stepping.kind === "stops";
  const dense = queries !== undefined || (!landing && count > 2) || (request.events ?? saves) !== undefined;
  const own = jumping(methodOf(request.solver, parts));
  const exact = parts.mass && request.raise && !watched ? determined(own) : own;
  const method = request.open && (landing || !dense) && isRestless(request.solver) ? resting(exact, landing) : exact;
  const events = request.events?.machinery.traced(request.events, method, state, parts.args);
  const landings = landingsOf(events);
  const wanted = dense ? outputsOf(span, saves) : undefined;
  return {
    method,
    stepping,
    t0: ts.slice([0], [1]).reshape([]),
    y0,
    stops: stopsAmong(ts),
    outputs: wanted?.t,
    ...(rests && {
      rests: {
        t0: rests.ts.slice([0], [1]).reshape([]),
        stops: stopsAmong(rests.ts),
        outputs: wanted?.rest[0],
      },
    }),
    timesMove: move,
    maxSteps,
    watched,
    checkpoints: adjoint.kind === "discretize" ? adjoint.checkpoints : "all",
    ...(events && { events }),
    ...(saves && { kept: saves }),
    ...(landings && { landings }),
    ...(request.asked && { asked: request.asked }),
  };

  function stopsAmong(times: Tensor): Tensor {
    return times.slice([landing || !dense ? 1 : count - 1], [count]);
  }

  function jumping(plain: Method): Method {
    const { jumpTs } = request;
    if (!jumpTs) return plain;
    const times = stopGradient(plain.jumps ? concat([plain.jumps, jumpTs]) : jumpTs);
    return acrossJumps(plain, times, realOf(state));
  }

  /** Steps end where they are told to, and where events are known to change the state. */
  function landingsOf(given: Events | undefined): Tensor | undefined {
    const presets = given?.triggers.flatMap(({ times, reset, terminal }) =>
      times && (reset || terminal) ? [times] : [],
    );
    const all = [...(request.stepTs ? [request.stepTs] : []), ...(presets ?? [])];
    return all.length > 0 ? stopGradient(concat(all)) : undefined;
  }

  function steppingOf(): Stepping {
    if (controller.kind === "constant") return grid ? { kind: "fixed", grid } : { kind: "stops" };
    const { norm }: AdaptiveController = controller;
    return {
      kind: "adaptive",
      controller,
      norm: scaledNorm(rtol, atol, norm, state, ts.dtype),
      dt0: dt && cast(dt, ts.dtype),
    };
  }
}

/** States at times, none of them outside of the solve, or what else is asked, in the order of the times: `[times, …leaf]`. */
export function solveAt(given: Request, y0: readonly Tensor[], ts: FineTime, times: FineTime, asked?: Asked): Tensor[] {
  // Other adjoints know of states before jumps only.
  const request = { ...given, saves: undefined, ...(asked && { asked, adjoint: discretize() }) };
  const { sorted, back } = inOrder(times, ts);
  const { ys } = solve(request, y0, ts, sorted);
  const places = back();
  return ys.map((y) => take(y, places, 0));
}
