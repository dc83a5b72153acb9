import { cast, isFloat, stopGradient, take, type Tensor, trace, tree, where, whileLoop, zerosLike } from "@dzdt/tensor";
import { choose } from "../events/choose";
import type { EventOutcome } from "../events/collect";
import type { Trigger } from "../events/leaf-event";
import { exactly, timeAmong } from "../fine-time";
import { typeOf } from "../leaves";
import { numbers, startOf } from "../problem";
import { astray, backwards, plus } from "./backwards";
import { place, powers } from "./continuous";
import { cutsOf, timesBetweenCuts } from "./cuts";
import { cotangentsOf, knotsOf } from "./knots";
import type { Inputs } from "./node";
import type { Passages } from "./passages";
import {
  beginPull,
  driftingHalves,
  driftOf,
  interpolationPull,
  outputPull,
  placeIn,
  type Pulled,
  stateIn,
  type Way,
  type When,
} from "./step-pulls";

/** What goes from step to step, backwards. Cotangents begin with `ct`. */
interface Undone {
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
  readonly ctY: readonly Tensor[];
  readonly ctMemory: readonly Tensor[];
  readonly sums: Sums;
  /** Cuts yet to come. */
  readonly cuts: Tensor;
}

/** What is summed up on the way: cotangents of the drift of all steps, of what they and of what events close over. */
type Sums = {
  readonly drift: Tensor;
  readonly closed: readonly Tensor[];
  readonly ofEvents: readonly Tensor[];
  /** Knots yet to come. */
  readonly left: Tensor;
  /** bool: steps that were undone did not lead back to where they had begun. */
  readonly astray: Tensor;
};

/** What goes from knot to knot after a step. */
type AtKnot = {
  readonly sums: Sums;
  /** Cotangents of the state there and of what the method carries; and of the step's dense output. */
  readonly ctY: readonly Tensor[];
  readonly ctMemory: readonly Tensor[];
  readonly ctDense: readonly Tensor[];
  /** The state there. */
  readonly y: readonly Tensor[];
};

/** A step that knots come after: its times, and its state, memory and dense output. */
interface Step {
  readonly when: When;
  readonly after: readonly Tensor[];
}

/**
 * Undoes all steps of a solve with events. After each step come the outputs and the events within it, last first: of an event the function by which the
 * solve passes it is pulled back, at the state in the step. Where an event changed the state, the way back goes on from what was kept there: the end
 * of the step before.
 */
export function undoKnots(
  way: Way,
  inputs: Inputs,
  ins: readonly Tensor[],
  wanted: readonly boolean[],
  triggers: readonly Pick<Trigger, "terminal" | "reset">[],
  passages: Passages,
  timesMove: boolean,
): { readonly results: readonly Tensor[]; readonly astray: Tensor } {
  const { t0, y0, rests, pieces, closed, marks, end, cotangents, maxSteps } = way;
  const { int, real } = numbers(t0);
  const happened: EventOutcome = end.events!;
  const log = happened.log!;
  const kept = happened.kept!;
  const size = y0.length;
  const carried = size + end.memory.length;
  const of = cotangentsOf(happened, [...cotangents.slice(0, size), ...cotangents.slice(size + carried)], size);
  const ctKept = cotangents.slice(cotangents.length - kept.length);
  const outputs = { times: way.outputs!, rests: rests?.outputs, ys: end.ys, cotangents: of.ys };
  const knots = knotsOf({ t0, y0, ...(rests && { rests }) }, outputs, happened, of);
  const cutting = triggers.map(({ terminal, reset }) => terminal || reset !== undefined);
  const cuts = cutsOf(log, knots, cutting);
  const count = knots.triggers.size;
  const timesOf = timesBetweenCuts(way, cuts, knots);
  const drift = driftOf(way);
  const [pull, pullOutput] = [interpolationPull(way), outputPull(way, timesMove)];
  const { ahead, behind } = driftingHalves(way);
  const slope = (t: Tensor, y: readonly Tensor[]): Tensor[] => pieces.slope.run([t, ...y], closed);
  const none = pieces.step.outs.slice(carried);
  const floats = pieces.undo.outs.map(({ dtype }) => isFloat(dtype));
  const rowOf = (knot: Tensor): Tensor => take(log.places, knot, 0);

  const start: Undone = {
    y: end.y,
    memory: end.memory,
    ctY: cotangents.slice(size, 2 * size),
    ctMemory: cotangents.slice(2 * size, size + carried),
    sums: {
      drift: zerosLike(t0),
      closed: closed.filter((_, j) => marks[j]).map((x) => zerosLike(x)),
      ofEvents: passages.moving.map((x) => zerosLike(x)),
      left: knots.count,
      astray: int(0).greater(0),
    },
    cuts: cuts.count,
  };
  const flat = tree.flatten(start as never);
  const init = flat.leaves as Tensor[];
  const body = trace(
    "undo",
    (n, ...list) => tree.flatten(undone(n, tree.unflatten(flat.structure, list)) as never).leaves as Tensor[],
    [{ dtype: "int32", shape: [] }, ...init.map(typeOf)],
  );
  const found = backwards({ count: end.steps, most: maxSteps, body, carries: init });
  return atStart(tree.unflatten(flat.structure, found));

  /** From the last knot after a step to its start. */
  function undone(n: Tensor, c: Undone): Undone {
    const last = take(cuts.knots, c.cuts.sub(1).maximum(0), 0);
    const cut = c.cuts.greater(0).and(take(cuts.steps, last, 0).equal(n.add(1)));
    const row = rowOf(last);
    const state = [...c.y, ...c.memory].map((x, k) => where(cut, take(kept[k]!, row, 0), x));
    const cutsBefore = c.cuts.sub(cast(cut, "int32"));
    const when = timesOf({ step: n, cutsBefore, cut, end: timeAmong(log.ends!, row) });
    const before = pieces.undo.run([when.t.t.add(drift), when.tNext.t.add(drift), when.h, ...state], closed);
    const again = ahead(n, when, before);
    const dense = again.slice(carried, pieces.step.outs.length);
    const step: Step = { when, after: [...state, ...dense] };
    const at = overKnots(n, c, step);
    const saved = again.slice(pieces.step.outs.length);
    const [ofDrift, ...rest] = behind(saved, [...at.ctY, ...at.ctMemory, ...at.ctDense]);
    const cts = place(rest, floats).map((ct, k) => ct ?? zerosLike(before[k]!));
    const { sums } = at;
    return {
      y: before.slice(0, size),
      memory: before.slice(size),
      ctY: cts.slice(0, size),
      ctMemory: cts.slice(size),
      sums: {
        ...sums,
        drift: sums.drift.add(ofDrift!),
        closed: plus(sums.closed, rest.slice(floats.filter((is) => is).length)),
      },
      cuts: cutsBefore,
    };
  }

  /** Back to the end of step `n`. */
  function overKnots(n: Tensor, { y, ctY, ctMemory, sums }: Undone, step: Step): AtKnot {
    return whileLoop<AtKnot>(
      ({ sums: { left } }) => left.greater(0).and(take(cuts.steps, left.sub(1).maximum(0), 0).greater(n)),
      (at) => overKnot(0, { at, step }),
      { sums, ctY, ctMemory, ctDense: step.after.slice(carried).map((x) => zerosLike(x)), y },
      { maxSteps: count },
    );
  }

  /** Back over a knot, whose trigger is the i-th or a later one, or none. */
  function overKnot(i: number, given: { readonly at: AtKnot; readonly step: Step }): AtKnot {
    if (i === triggers.length) return overOutput(given.at, given.step);
    return choose(
      take(knots.triggers, given.at.sums.left.sub(1), 0).equal(int(i)),
      given,
      ({ at, step }) => overEvent(i, at, step),
      (rest) => overKnot(i + 1, rest),
    );
  }

  function overOutput(at: AtKnot, step: Step): AtKnot {
    const knot = at.sums.left.sub(1);
    const { times, rests } = knots.rows;
    const due = timeAmong({ t: times, rest: rests ? [rests] : exactly(times).rest }, knot);
    const cts = knots.rows.cotangents.map((ct) => take(ct, knot, 0));
    return within({ ...at, sums: { ...at.sums, left: knot } }, pullOutput(step.when, step.after, due, cts));
  }

  function overEvent(i: number, at: AtKnot, step: Step): AtKnot {
    const { terminal, reset } = triggers[i]!;
    const knot = at.sums.left.sub(1);
    const [row, time] = [rowOf(knot), stopGradient(take(knots.rows.times, knot, 0))];
    const from = time.add(drift);
    const before = kept.map((x) => take(x, row, 0));
    // Where the step ended, or another event had just set the state.
    const outside = time.equal(step.when.tNext.t);
    const exact = placeIn(step.when, exactly(time));
    // A single float of the time may lie beside a step that is shorter than its last digit.
    const s = exact.dtype === "float32" ? exact.clip(-1, 0) : exact;
    const y = choose(
      outside,
      { step, s, before },
      (given) => given.before.slice(0, size),
      (given) => stateIn(way, given.step.when, given.step.after, given.s),
    );
    const after = cutting[i]! ? passages.after(i, from, y) : y;
    const begun = reset && !terminal ? beginPull(way, from, after, at.ctMemory) : undefined;
    const ofTime = take(knots.ofTimes, knot, 0);
    const ctAfter = begun ? plus(at.ctY, begun.y) : terminal ? plus(at.ctY, knots.end.y) : at.ctY;
    const pulled = passages.pull(i, from, y, {
      t: terminal ? ofTime.add(knots.end.t) : ofTime,
      y: knots.rows.cotangents.map((ct) => take(ct, knot, 0)),
      after: cutting[i]! ? ctAfter : ctAfter.map((x) => zerosLike(x)),
    });
    const ctBefore = ctKept.map((ct) => take(ct, row, 0));
    const [ctY, ctMemory] = [ctBefore.slice(0, size), ctBefore.slice(size)];
    const { sums } = at;
    const passed: AtKnot = {
      ...at,
      ctY: cutting[i]! ? ctY : plus(at.ctY, ctY),
      ctMemory: begun ? ctMemory : plus(at.ctMemory, ctMemory),
      y: cutting[i]! ? before.slice(0, size) : at.y,
      sums: {
        drift: begun ? sums.drift.add(pulled.t).add(begun.t) : sums.drift.add(pulled.t),
        closed: begun ? plus(sums.closed, begun.closed) : sums.closed,
        ofEvents: plus(sums.ofEvents, pulled.closed),
        left: knot,
        astray: cutting[i]! ? sums.astray.or(astray(at.y, after, at.y, t0)) : sums.astray,
      },
    };
    return choose(
      outside,
      { passed, step, s, cts: pulled.y },
      ({ passed, cts }) => ({ ...passed, ctY: plus(passed.ctY, cts) }),
      ({ passed, step, s, cts }) => within(passed, pull(step.when, step.after, s, cts)),
    );
  }

  /** Adds the cotangents of a state within a step. */
  function within(at: AtKnot, { drift, after, closed }: Pulled): AtKnot {
    return {
      ...at,
      ctY: plus(at.ctY, after.slice(0, size)),
      ctMemory: plus(at.ctMemory, after.slice(size, carried)),
      ctDense: plus(at.ctDense, after.slice(carried)),
      sums: { ...at.sums, drift: at.sums.drift.add(drift), closed: plus(at.sums.closed, closed) },
    };
  }

  /** What comes before the first step, and the results. */
  function atStart(c: Undone): { readonly results: readonly Tensor[]; readonly astray: Tensor } {
    const t = startOf({ t0: stopGradient(t0), ...(rests && { rests }) });
    const dense = none.map(({ dtype, shape }) => t0.tape!.literal(0, dtype).broadcastTo(shape));
    const step: Step = {
      when: { t, tNext: t, h: real(1) },
      after: [...c.y, ...c.memory, ...dense],
    };
    const { sums, y, ctY, ctMemory } = overKnots(int(-1), c, step);
    const first = beginPull(way, t0, y0, ctMemory);
    const asked = inputs.moving(wanted);
    // Rows that were not reached are NaN.
    const used = log.used.slice([0], [way.outputs!.size]);
    const each = asked.times && where(used, powers(slope, outputs), 0);
    const all = inputs.closed(wanted).map((want, j) => want && isFloat(inputs.closed(ins)[j]!.dtype));
    const results = inputs.results(ins, wanted, {
      t0: sums.drift.add(first.t),
      times: each ? each.add(of.times) : undefined,
      y0: plus(ctY, first.y),
      closed: place([...plus(sums.closed, first.closed), ...sums.ofEvents], all),
    });
    return { results, astray: sums.astray.or(astray(y, y0, y, t0)) };
  }
}
