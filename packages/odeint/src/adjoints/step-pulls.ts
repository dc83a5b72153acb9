import { transforms } from "@dzdt/autograd";
import {
  applyTape,
  type Aval,
  concat,
  isFloat,
  stopGradient,
  take,
  type Tensor,
  trace,
  where,
  zerosLike,
} from "@dzdt/tensor";
import { type FineTime, since, timeAmong, whereTime } from "../fine-time";
import { gridOf, timeAt } from "../fixed-steps";
import { flow } from "../flow";
import { numbers, type Outcome, outputsOf, startOf, stopsOf } from "../problem";
import { place } from "./continuous";
import type { Start } from "./node";
import type { Pieces } from "./pieces";
import { typeOf } from "./pullback";

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

/** One step with its derivatives: in steps' times where they have their own, else in `drift`, by which all of them move. */
export function stepHalves(way: Way): {
  ahead: (n: Tensor, before: readonly Tensor[]) => Tensor[];
  behind: (saved: readonly Tensor[], cts: readonly Tensor[]) => Tensor[];
} {
  const { t0, stops, outputs, fixed } = way;
  const drifts = outputs !== undefined;
  const { ahead, behind } = halves(
    way,
    [{ dtype: "int32", shape: [] }, ...[t0, stops, t0].map(typeOf)],
    [false, !drifts, !drifts, drifts],
    ([n, start, ends, drift], closed) => {
      const { t, tNext, h } = timesOf(way, n!, start!, ends!, fixed ? closed[0] : undefined);
      return [t.t.add(drift!), tNext.t.add(drift!), h];
    },
  );
  return {
    ahead: (n, before) => ahead([n, t0, stops, zerosLike(t0)], before),
    behind: (saved, cts) => {
      const found = behind(saved, cts);
      // The drift stands for t0, and stops then have no part in it.
      return drifts ? [found[0]!, zerosLike(stops), ...found.slice(1)] : found;
    },
  };
}

/** The same for steps whose times are given: constants, but for the drift. */
export function driftingHalves(way: Way): {
  ahead: (when: When, before: readonly Tensor[]) => Tensor[];
  behind: (saved: readonly Tensor[], cts: readonly Tensor[]) => Tensor[];
} {
  const time = typeOf(way.t0);
  const { ahead, behind } = halves(
    way,
    [time, time, time, time],
    [false, false, false, true],
    ([t, tNext, h, drift]) => [t!.add(drift!), tNext!.add(drift!), h!],
  );
  return {
    ahead: ({ t, tNext, h }, before) => ahead([t.t, tNext.t, h, driftOf(way)], before),
    behind,
  };
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

/** Adds what an output says about the step that it lies in. */
export type OutputPull = (
  when: When,
  after: readonly Tensor[],
  index: Tensor,
) => { readonly start: Tensor; readonly after: readonly Tensor[]; readonly closed: readonly Tensor[] };

export function outputPull(way: Way): OutputPull {
  const { cotangents, end } = way;
  const dueTimes = outputsOf(way);
  const pull = interpolationPull(way);
  return (when, step, index) => {
    const s = since(timeAmong(dueTimes, index), when.tNext).div(when.h);
    return pull(
      when,
      step,
      s,
      cotangents.slice(0, end.ys.length).map((ct) => take(ct, index, 0)),
    );
  };
}

/** Adds what the state at a place `s` of a step says about it. */
export type InterpolationPull = (
  when: Pick<When, "tNext" | "h">,
  after: readonly Tensor[],
  s: Tensor,
  cotangents: readonly Tensor[],
) => ReturnType<OutputPull>;

export function interpolationPull({ pieces, closed, marks }: Way): InterpolationPull {
  const { types, run } = pieces.interpolate;
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
    const all = [tNext.t, h, s, ...step, ...closed, ...captured, ...rows, ...pulled.captured];
    const [start, ...rest] = applyTape(pulled.tape, all);
    const floats = after.map(({ dtype }) => isFloat(dtype));
    const own = place(rest, floats);
    return {
      start: start!,
      after: step.map((x, k) => own[k] ?? zerosLike(x)),
      closed: rest.slice(floats.filter((is) => is).length),
    };
  };
}

/** Pulls back what the field makes of a state on the way to the moment of an output: cotangents of that state and of its time. */
export function flowPull({
  pieces,
  t0,
  y0,
  closed,
}: Way): (
  from: Tensor,
  to: Tensor,
  y: readonly Tensor[],
  cotangents: readonly Tensor[],
) => { readonly from: Tensor; readonly y: readonly Tensor[] } {
  const slope = (t: Tensor, y: readonly Tensor[]): Tensor[] => pieces.slope.run([t, ...y], closed);
  const { tape, captured } = trace("output", (from, to, ...y) => flow(slope, from, to, y), [t0, t0, ...y0].map(typeOf));
  const pulled = transforms.vjp(
    tape,
    [true, false, ...y0.map(() => true), ...captured.map(() => false)],
    y0.map(() => true),
  );
  return (from, to, y, cotangents) => {
    const all = [from, to, ...y, ...captured, ...cotangents, ...pulled.captured];
    const [ofFrom, ...rest] = applyTape(pulled.tape, all);
    return { from: ofFrom!, y: rest };
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
