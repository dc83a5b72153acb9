import { isFloat, scan, stopGradient, take, type Tensor, trace, tree, where, whileLoop, zerosLike } from "@dzdt/tensor";
import { sameTime, since, timeAmong } from "../fine-time";
import { typeOf } from "../leaves";
import { numbers, outputsOf, startOf, stopsOf } from "../problem";
import { beside } from "../rows";
import { astray, backwards, plus } from "./backwards";
import { place, powers } from "./continuous";
import type { Inputs } from "./node";
import {
  beginPull,
  driftingHalves,
  driftOf,
  flowPull,
  outputPull,
  stepHalves,
  timesOf,
  type Way,
  type When,
} from "./step-pulls";

/** What goes from step to step, backwards. Cotangents begin with `ct`. */
interface Undone {
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
  readonly ctY: readonly Tensor[];
  readonly ctMemory: readonly Tensor[];
  readonly ctClosed: readonly Tensor[];
  /** Of t0, or of the drift of all steps. */
  readonly ctStart: Tensor;
  /** Of the stops, where steps have times of their own. */
  readonly ctStops: readonly Tensor[];
  /** Outputs yet to come. */
  readonly left: Tensor;
}

/** Cotangents of a step's end (state, memory, dense output), of the drift and of closed values; and outputs that are left. */
type Sums = {
  readonly after: readonly Tensor[];
  readonly drift: Tensor;
  readonly closed: readonly Tensor[];
  readonly left: Tensor;
};

/**
 * Undoes all steps. Where there are outputs between steps, times of steps are constants but for the drift, as they are on the way there, and outputs move
 * along the field to their times; else steps have the derivatives of their times.
 * @returns the cotangents of the inputs, and whether y0 did not come back
 */
export function undoSteps(
  way: Way,
  inputs: Inputs,
  ins: readonly Tensor[],
  wanted: readonly boolean[],
  timesMove: boolean,
): { readonly results: readonly Tensor[]; readonly astray: Tensor } {
  const { t0, y0, stops, outputs, pieces, closed, marks, end, cotangents, maxSteps, fixed } = way;
  const { int } = numbers(t0);
  const size = y0.length;
  const states = cotangents.slice(0, size);
  const ending = cotangents.slice(size, 2 * size);
  const start: Undone = {
    y: end.y,
    memory: end.memory,
    // The only output of steps of one length is where they end.
    ctY:
      fixed && !outputs
        ? plus(
            ending,
            states.map((ct) => ct.reshape(ct.shape.slice(1))),
          )
        : ending,
    ctMemory: cotangents.slice(2 * size),
    ctClosed: closed.filter((_, j) => marks[j]).map((x) => zerosLike(x)),
    ctStart: zerosLike(t0),
    ctStops: outputs ? [] : [zerosLike(stops)],
    left: int(outputs ? outputs.size : 0),
  };
  const flat = tree.flatten(start as never);
  const init = flat.leaves as Tensor[];
  const { ahead, behind } = (outputs ? driftingHalves : stepHalves)(way);
  const drift = driftOf(way);
  const pull = outputs && outputPull(way, timesMove);
  const direction = stopGradient(since(timeAmong(stopsOf(way), int(stops.size - 1)), startOf(way)).sign());
  const body = trace(
    "undo",
    (n, ...list) => tree.flatten(undone(n, tree.unflatten(flat.structure, list)) as never).leaves as Tensor[],
    [{ dtype: "int32", shape: [] }, ...init.map(typeOf)],
  );
  const found = backwards({ count: end.steps, most: maxSteps, body, carries: init });
  return atStart(tree.unflatten(flat.structure, found));

  /** From the end of step `n` to its start. */
  function undone(n: Tensor, c: Undone): Undone {
    const when = timesOfStep(n);
    const [from, to] = [when.t.t, when.tNext.t].map((t) => (outputs ? t.add(drift) : t)) as [Tensor, Tensor];
    const before = pieces.undo.run([from, to, when.h, ...c.y, ...c.memory], closed);
    const again = ahead(n, when, before);
    const [step, saved] = [again.slice(0, pieces.step.outs.length), again.slice(pieces.step.outs.length)];
    const dense = step.slice(before.length);
    const own =
      fixed || outputs
        ? c.ctY
        : plus(
            c.ctY,
            states.map((ct) => take(ct, n, 0)),
          );
    const sums = outputsWithin(
      {
        after: [...own, ...c.ctMemory, ...dense.map((x) => zerosLike(x))],
        drift: c.ctStart,
        closed: c.ctClosed,
        left: c.left,
      },
      when,
      [...c.y, ...c.memory, ...dense],
    );
    const heads = 1 + c.ctStops.length;
    const all = behind(saved, sums.after);
    const [ofTimes, rest] = [all.slice(0, heads), all.slice(heads)];
    const floats = before.map(({ dtype }) => isFloat(dtype));
    const cts = place(rest, floats).map((ct, k) => ct ?? zerosLike(before[k]!));
    return {
      y: before.slice(0, size),
      memory: before.slice(size),
      ctY: cts.slice(0, size),
      ctMemory: cts.slice(size),
      ctClosed: plus(sums.closed, rest.slice(floats.filter((is) => is).length)),
      ctStart: sums.drift.add(ofTimes[0]!),
      ctStops: plus(c.ctStops, ofTimes.slice(1)),
      left: sums.left,
    };
  }

  function timesOfStep(n: Tensor): When {
    const [from, ends] = outputs ? [stopGradient(t0), stopGradient(stops)] : [t0, stops];
    return timesOf(way, n, from, ends, fixed ? closed[0] : undefined);
  }

  /** Adds all outputs within a step. */
  function outputsWithin(sums: Sums, when: When, step: readonly Tensor[]): Sums {
    if (!pull) return sums;
    const dueAt = (left: Tensor): ReturnType<typeof timeAmong> => timeAmong(outputsOf(way), left.sub(1).maximum(0));
    return whileLoop<Sums>(
      ({ left }) => left.greater(0).and(direction.mul(since(dueAt(left), when.t)).greater(0)),
      ({ after, drift, closed, left }) => {
        const index = left.sub(1);
        const cts = states.map((ct) => take(ct, index, 0));
        const one = pull(when, step, dueAt(left), cts);
        return {
          after: plus(after, one.after),
          drift: drift.add(one.drift),
          closed: plus(closed, one.closed),
          left: index,
        };
      },
      sums,
      { maxSteps: outputs.size },
    );
  }

  /** What comes before the first step, and the results. */
  function atStart(c: Undone): { readonly results: readonly Tensor[]; readonly astray: Tensor } {
    const first = beginPull(way, t0, y0, c.ctMemory);
    const asked = inputs.moving(wanted);
    const early = outputs && atOnce(outputs);
    const slope = (t: Tensor, y: readonly Tensor[]): Tensor[] => pieces.slope.run([t, ...y], closed);
    const [moved, ofClosed] = [c.ctStart.add(first.t), plus(c.ctClosed, first.closed)];
    const times = outputs
      ? asked.times
        ? powers(slope, { times: outputs, ys: end.ys, cotangents: states })
        : undefined
      : c.ctStops[0];
    const results = inputs.results(ins, wanted, {
      t0: early ? moved.add(early.from) : moved,
      times,
      y0: plus(plus(c.ctY, first.y), early ? early.y : y0.map((y) => zerosLike(y))),
      closed: place(early ? plus(ofClosed, early.closed) : ofClosed, marks),
    });
    return { results, astray: astray(c.y, y0, end.y, t0) };
  }

  /** Cotangents of t0, y0 and closed values from the outputs at t0, which are y0. */
  function atOnce(outputs: Tensor): ReturnType<ReturnType<typeof flowPull>> {
    const is = sameTime(outputsOf(way), startOf(way));
    const own = states.map((ct) => where(beside(is, ct), ct, 0));
    if (!timesMove) return { from: zerosLike(t0), y: own.map((ct) => ct.sum([0])), closed: start.ctClosed };
    const ofFlow = flowPull(way);
    const rows: { to: Tensor; cts: readonly Tensor[] } = { to: outputs, cts: own };
    const none: Tensor[] = [];
    const [, each] = scan(
      (carry: Tensor[], { to, cts }: typeof rows) => [carry, ofFlow(t0, to, y0, cts) as never],
      none,
      rows as never,
    ) as unknown as [unknown, ReturnType<typeof ofFlow>];
    const sum = (xs: readonly Tensor[]): Tensor[] => xs.map((x) => x.sum([0]));
    return { from: each.from.sum(), y: sum(each.y), closed: sum(each.closed) };
  }
}
