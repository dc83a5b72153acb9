import { transforms } from "@dzdt/autograd";
import {
  applyTape,
  type Aval,
  concat,
  isFloat,
  stopGradient,
  type Tensor,
  trace,
  where,
  zerosLike,
} from "@dzdt/tensor";
import { type FineTime, since, timeAmong, whereTime } from "../fine-time";
import { gridOf, timeAt } from "../fixed-steps";
import { flow } from "../flow";
import { typeOf } from "../leaves";
import { numbers, type Outcome, startOf, stopsOf } from "../problem";
import { place } from "./continuous";
import type { Start } from "./node";
import type { Pieces } from "./pieces";

/** What the way back is given. */
export interface Way extends Start {
  readonly pieces: Pieces;
  readonly closed: readonly Tensor[];
  readonly marks: readonly boolean[];
  readonly end: Outcome;
  readonly cotangents: readonly Tensor[];
  readonly maxSteps: number;
  readonly fixed: boolean;
}

/** Times of a step: its ends and its length. */
export interface When {
  readonly t: FineTime;
  readonly tNext: FineTime;
  readonly h: Tensor;
}

/** The times of step `n`, as functions of the solve's times. */
export function timesOf(way: Way, n: Tensor, t0: Tensor, stops: Tensor, dt: Tensor | undefined): When {
  const { fixed, maxSteps, rests } = way;
  const { int } = numbers(t0);
  const [start, ends] = [startOf({ t0, ...(rests && { rests }) }), stopsOf({ stops, ...(rests && { rests }) })];
  if (!fixed || !dt) {
    const knotsOf = (first: Tensor, rest: Tensor): Tensor => concat([first.reshape([1]), rest], 0);
    const knots: FineTime = { t: knotsOf(t0, stops), rest: start.rest.map((x, k) => knotsOf(x, ends.rest[k]!)) };
    const [t, tNext] = [timeAmong(knots, n), timeAmong(knots, n.add(1))];
    return { t, tNext, h: since(tNext, t) };
  }
  const end = timeAmong(ends, int(stops.size - 1));
  const grid = gridOf(start, end, dt, maxSteps);
  const last = n.equal(grid.count.sub(1));
  return {
    t: timeAt(start, grid.h, n),
    tNext: whereTime(last, end, timeAt(start, grid.h, n.add(1))),
    h: where(last, grid.last, grid.h),
  };
}

/** A step with its derivatives. */
export interface StepHalves {
  /** @returns the step's results, then what is saved for the way back */
  readonly ahead: (n: Tensor, when: When, before: readonly Tensor[]) => Tensor[];
  /** @returns cotangents of what the times are made of, then those of the state before, of the memory, and of closed values that are marked */
  readonly behind: (saved: readonly Tensor[], cts: readonly Tensor[]) => Tensor[];
}

/** Step `n` in its own times: the first two cotangents are those of t0 and of the stops. */
export function stepHalves(way: Way): StepHalves {
  const { t0, stops, fixed } = way;
  const { ahead, behind } = halves(
    way,
    [{ dtype: "int32", shape: [] }, ...[t0, stops].map(typeOf)],
    [false, true, true],
    ([n, start, ends], closed) => {
      const { t, tNext, h } = timesOf(way, n!, start!, ends!, fixed ? closed[0] : undefined);
      return [t.t, tNext.t, h];
    },
  );
  return { ahead: (n, _when, before) => ahead([n, t0, stops], before), behind };
}

/** A step whose times are given, constants but for the drift, of which the first cotangent is. */
export function driftingHalves(way: Way): StepHalves {
  const time = typeOf(way.t0);
  const { ahead, behind } = halves(
    way,
    [time, time, time, time],
    [false, false, false, true],
    ([t, tNext, h, drift]) => [t!.add(drift!), tNext!.add(drift!), h!],
  );
  return { ahead: (_n, { t, tNext, h }, before) => ahead([t.t, tNext.t, h, driftOf(way)], before), behind };
}

/** 0, which moves with t0. */
export const driftOf = ({ t0 }: Pick<Way, "t0">): Tensor => t0.sub(stopGradient(t0));

/** @param times a step's ends and its length, as functions of values of types `head` */
function halves(
  { pieces, closed, marks }: Way,
  head: readonly Aval[],
  moving: readonly boolean[],
  times: (head: readonly Tensor[], closed: readonly Tensor[]) => readonly Tensor[],
): {
  ahead: (head: readonly Tensor[], before: readonly Tensor[]) => Tensor[];
  behind: (saved: readonly Tensor[], cts: readonly Tensor[]) => Tensor[];
} {
  const carried = pieces.undo.outs;
  const from = head.length;
  const { tape, captured } = trace(
    "step",
    (...ins) => {
      const all = ins.slice(from + carried.length);
      return pieces.step.run([...times(ins.slice(0, from), all), ...ins.slice(from, from + carried.length)], all);
    },
    [...head, ...carried, ...closed.map(typeOf)],
  );
  const wanted = [...moving, ...carried.map(({ dtype }) => isFloat(dtype)), ...marks, ...captured.map(() => false)];
  const active = pieces.step.outs.map(({ dtype }) => isFloat(dtype));
  const { forward, backward } = transforms.linearize(tape, wanted, active);
  return {
    ahead: (head, before) => applyTape(forward.tape, [...head, ...before, ...closed, ...captured, ...forward.captured]),
    behind: (saved, cts) =>
      applyTape(backward.tape, [...saved, ...cts.filter((_, k) => active[k]), ...backward.captured]),
  };
}

/** θ − 1 of a time in a step. */
export const placeIn = ({ tNext, h }: When, time: FineTime): Tensor => stopGradient(since(time, tNext)).div(h);

/** The state at a place in a step, which moves with the drift. */
export const stateIn = (way: Way, { tNext, h }: When, after: readonly Tensor[], s: Tensor): Tensor[] =>
  way.pieces.interpolate.run([tNext.t.add(driftOf(way)), h, s, ...after], way.closed);

/** Cotangents of the drift, of a step's end (state, memory, dense output), and of closed values that are marked. */
export interface Pulled {
  readonly drift: Tensor;
  readonly after: readonly Tensor[];
  readonly closed: readonly Tensor[];
}

/** Pulls back an output within a step. */
export type OutputPull = (when: When, after: readonly Tensor[], due: FineTime, cotangents: readonly Tensor[]) => Pulled;

/** @param timesMove whether the state at an output moves with its time, as the field says */
export function outputPull(way: Way, timesMove: boolean): OutputPull {
  const within = interpolationPull(way);
  const ofFlow = timesMove ? flowPull(way) : undefined;
  const drift = driftOf(way);
  return (when, after, due, cotangents) => {
    const s = placeIn(when, due);
    if (!ofFlow) return within(when, after, s, cotangents);
    const flown = ofFlow(stopGradient(due.t).add(drift), due.t, stateIn(way, when, after, s), cotangents);
    const pulled = within(when, after, s, flown.y);
    return {
      drift: pulled.drift.add(flown.from),
      after: pulled.after,
      closed: pulled.closed.map((ct, k) => ct.add(flown.closed[k]!)),
    };
  };
}

/** Pulls back the state at a place `s` of a step, which moves with the drift. */
export type InterpolationPull = (
  when: When,
  after: readonly Tensor[],
  s: Tensor,
  cotangents: readonly Tensor[],
) => Pulled;

export function interpolationPull(way: Way): InterpolationPull {
  const { pieces, closed, marks } = way;
  const { types, run } = pieces.interpolate;
  const drift = driftOf(way);
  const { tape, captured } = trace("output", (...ins) => run(ins.slice(0, types.length), ins.slice(types.length)), [
    ...types,
    ...closed.map(typeOf),
  ]);
  const after = types.slice(3);
  const wanted = [
    true,
    false,
    false,
    ...after.map(({ dtype }) => isFloat(dtype)),
    ...marks,
    ...captured.map(() => false),
  ];
  const pulled = transforms.vjp(
    tape,
    wanted,
    tape.outputs.map(() => true),
  );
  return ({ tNext, h }, step, s, rows) => {
    const all = [tNext.t.add(drift), h, s, ...step, ...closed, ...captured, ...rows, ...pulled.captured];
    const [ofDrift, ...rest] = applyTape(pulled.tape, all);
    const floats = after.map(({ dtype }) => isFloat(dtype));
    const own = place(rest, floats);
    return {
      drift: ofDrift!,
      after: step.map((x, k) => own[k] ?? zerosLike(x)),
      closed: rest.slice(floats.filter((is) => is).length),
    };
  };
}

/**
 * Pulls back what the field makes of a state on the way to the moment of an output: cotangents of the time and the state before, and of closed values that
 * are marked, which are 0 but move with the times.
 */
export function flowPull({
  pieces,
  t0,
  y0,
  closed,
  marks,
}: Way): (
  from: Tensor,
  to: Tensor,
  y: readonly Tensor[],
  cotangents: readonly Tensor[],
) => { readonly from: Tensor; readonly y: readonly Tensor[]; readonly closed: readonly Tensor[] } {
  const size = y0.length;
  const { tape, captured } = trace(
    "output",
    (from, to, ...ins) => {
      const [y, own] = [ins.slice(0, size), ins.slice(size)];
      return flow((t, state) => pieces.slope.run([t, ...state], own), from, to, y);
    },
    [t0, t0, ...y0, ...closed].map(typeOf),
  );
  const pulled = transforms.vjp(
    tape,
    [true, false, ...y0.map(() => true), ...marks, ...captured.map(() => false)],
    y0.map(() => true),
  );
  return (from, to, y, cotangents) => {
    const all = [from, to, ...y, ...closed, ...captured, ...cotangents, ...pulled.captured];
    const [ofFrom, ...rest] = applyTape(pulled.tape, all);
    return { from: ofFrom!, y: rest.slice(0, size), closed: rest.slice(size) };
  };
}

/** Cotangents of what the method begins with. */
export function beginPull(
  { pieces, closed, marks }: Way,
  t0: Tensor,
  y0: readonly Tensor[],
  cotangents: readonly Tensor[],
): { readonly t: Tensor; readonly y: readonly Tensor[]; readonly closed: readonly Tensor[] } {
  const { types, outs, run } = pieces.begin;
  const { tape, captured } = trace("begin", (...ins) => run(ins.slice(0, types.length), ins.slice(types.length)), [
    ...types,
    ...closed.map(typeOf),
  ]);
  const active = outs.map(({ dtype }) => isFloat(dtype));
  const wanted = [...types.map(() => true), ...marks, ...captured.map(() => false)];
  const pulled = transforms.vjp(tape, wanted, active);
  const all = [t0, ...y0, ...closed, ...captured, ...cotangents.filter((_, k) => active[k]), ...pulled.captured];
  const [t, ...rest] = applyTape(pulled.tape, all);
  return { t: t!, y: rest.slice(0, y0.length), closed: rest.slice(y0.length) };
}
