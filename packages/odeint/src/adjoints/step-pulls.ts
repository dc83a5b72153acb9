import { transforms } from "@dzdt/autograd";
import { applyTape, type Aval, concat, isFloat, take, type Tensor, trace, where, zerosLike } from "@dzdt/tensor";
import { type FineTime, since, timeAmong, whereTime } from "../fine-time";
import { gridOf, timeAt } from "../fixed-steps";
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
  const { pieces, t0, stops, outputs, closed, marks, fixed } = way;
  const drifts = outputs !== undefined;
  const carried = pieces.undo.outs;
  const types: Aval[] = [
    { dtype: "int32", shape: [] },
    typeOf(t0),
    typeOf(stops),
    typeOf(t0),
    ...carried,
    ...closed.map(typeOf),
  ];
  const { tape, captured } = trace(
    "step",
    (n, start, ends, drift, ...rest) => {
      const all = rest.slice(carried.length);
      const { t, tNext, h } = timesOf(way, n, start, ends, fixed ? all[0] : undefined);
      return pieces.step.run([t.t.add(drift), tNext.t.add(drift), h, ...rest.slice(0, carried.length)], all);
    },
    types,
  );
  const wanted = [
    false,
    !drifts,
    !drifts,
    drifts,
    ...carried.map(({ dtype }) => isFloat(dtype)),
    ...marks,
    ...captured.map(() => false),
  ];
  const active = pieces.step.outs.map(({ dtype }) => isFloat(dtype));
  const { forward, backward } = transforms.linearize(tape, wanted, active);
  return {
    ahead: (n, before) =>
      applyTape(forward.tape, [n, t0, stops, zerosLike(t0), ...before, ...closed, ...captured, ...forward.captured]),
    behind: (saved, cts) => {
      const found = applyTape(backward.tape, [...saved, ...cts.filter((_, k) => active[k]), ...backward.captured]);
      // The drift stands for t0, and stops then have no part in it.
      return drifts ? [found[0]!, zerosLike(stops), ...found.slice(1)] : found;
    },
  };
}

/** Adds what an output says about the step that it lies in. */
export type OutputPull = (
  when: When,
  after: readonly Tensor[],
  index: Tensor,
) => { readonly start: Tensor; readonly after: readonly Tensor[]; readonly closed: readonly Tensor[] };

export function outputPull(way: Way): OutputPull {
  const { pieces, closed, marks, cotangents, end } = way;
  const dueTimes = outputsOf(way);
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
  return ({ tNext, h }, step, index) => {
    const s = since(timeAmong(dueTimes, index), tNext).div(h);
    const rows = cotangents.slice(0, end.ys.length).map((ct) => take(ct, index, 0));
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

/** Cotangents of what the method begins with. */
export function beginPull(
  { pieces, t0, y0, closed, marks }: Way,
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
