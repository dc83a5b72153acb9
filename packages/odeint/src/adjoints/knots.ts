import { concat, take, type Tensor, trace, tree, where, zerosLike } from "@dzdt/tensor";
import type { EventOutcome } from "../events/collect";
import { choose } from "../events/choose";
import { typeOf } from "../leaves";
import { numbers } from "../problem";
import { beside, placesOf } from "../rows";
import { backwards, plus } from "./backwards";
import { type Across, type Interval, intervalsTo, type Origin, type Outputs, type Passed } from "./intervals";
import { eventsAmong } from "./node";
import type { Passages } from "./passages";

/** Outputs and events of a solve: rows `[knots, …]`, in the order in which they came; beyond `count` the last one again. */
export interface Knots {
  readonly count: Tensor;
  /** Times, states (before resets) and cotangents of states. */
  readonly rows: Outputs;
  /** Cotangents of the times of events. */
  readonly ofTimes: Tensor;
  /** −1 for outputs. */
  readonly triggers: Tensor;
  /** Cotangents of the time and the state at which a terminal event ended the solve, which are in all rows of the outputs from then on. */
  readonly end: { readonly t: Tensor; readonly y: readonly Tensor[] };
}

/** Cotangents of all that a solve with events gives, without those of rows that are of no use. */
export interface OfEvents {
  /** Of the states and the times of the outputs that were reached. */
  readonly ys: readonly Tensor[];
  readonly times: Tensor;
  /** Of what was recorded of each event. */
  readonly list: readonly { readonly t: Tensor; readonly y: readonly Tensor[] }[];
  readonly end: Knots["end"];
}

/** Takes apart cotangents in the order of the node's results. */
export function cotangentsOf(
  { log, valid, list }: EventOutcome,
  cotangents: readonly Tensor[],
  leaves: number,
): OfEvents {
  const { used } = log!;
  const outputs = valid.shape[0]!;
  const given = eventsAmong(cotangents.slice(leaves), leaves, list);
  const among = (mask: Tensor, x: Tensor): Tensor => where(beside(mask, x), x, 0);
  const ys = cotangents.slice(0, leaves);
  const held = valid.not();
  return {
    ys: ys.map((ct) => among(used.slice([0], [outputs]), ct)),
    times: among(valid, given.ts),
    list: given.list.map(({ t, y }, slot) => {
      const from = outputs + slot * t.size;
      const mine = used.slice([from], [from + t.size]);
      return { t: among(mine, t), y: y.map((ct) => among(mine, ct)) };
    }),
    end: { t: among(held, given.ts).sum(), y: ys.map((ct) => among(held, ct).sum([0])) },
  };
}

/** No cotangents, for derivatives forwards. */
export function noCotangents({ list, ts }: EventOutcome): OfEvents {
  const each = list.map(({ t }) => ({ t: zerosLike(t), y: [] }));
  return { ys: [], times: zerosLike(ts), list: each, end: { t: zerosLike(ts).sum(), y: [] } };
}

/** Puts outputs and events into their order. `of` is what `cotangentsOf` gave. */
export function knotsOf({ t0, rests }: Origin, outputs: Outputs, { list, log }: EventOutcome, of: OfEvents): Knots {
  const { count, places, triggers } = log!;
  const rows = placesOf(t0, places.size);
  const place = take(places, rows.minimum(count.sub(1)).maximum(0), 0);
  const inOrder = (first: Tensor, others: readonly Tensor[]): Tensor => take(concat([first, ...others], 0), place, 0);
  return {
    count,
    rows: {
      times: inOrder(
        outputs.times,
        list.map(({ t }) => t),
      ),
      rests:
        rests &&
        outputs.rests &&
        inOrder(
          outputs.rests,
          list.map(({ t }) => zerosLike(t)),
        ),
      ys: outputs.ys.map((ys, k) =>
        inOrder(
          ys,
          list.map(({ y }) => y[k]!),
        ),
      ),
      cotangents: of.ys.map((ct, k) =>
        inOrder(
          ct,
          of.list.map(({ y }) => y[k]!),
        ),
      ),
    },
    ofTimes: inOrder(
      of.times.mul(0),
      of.list.map(({ t }) => t),
    ),
    triggers: take(triggers, place, 0),
    end: of.end,
  };
}

/** What goes back over knots: besides, cotangents of what events close over. */
interface Carried extends Passed {
  readonly ofEvents: readonly Tensor[];
}

/** An output or an event, its interval and the trigger of the knot before. */
interface Knot {
  readonly interval: Interval;
  readonly cotangents: readonly Tensor[];
  readonly ofTime: Tensor;
  readonly trigger: Tensor;
  readonly triggerBefore: Tensor;
}

/**
 * Goes from the last output or event back to t0: `across` intervals, or by `standing` where they have no length. At an output its cotangent is added; at an
 * event the cotangent of the state after it becomes that of the state before it, by the saltation matrix, to which those of its time and of the state then
 * are added.
 * Reference: Corner, Sandu and Sandu 2019, doi:10.1016/j.nahs.2018.07.003; Chen, Amos and Nickel 2021, arXiv:2011.03902.
 */
export function backOverKnots(
  origin: Origin,
  { count, rows, ofTimes, triggers, end }: Knots,
  passages: Passages,
  { lambda, rest }: Passed,
  { across, standing }: { readonly across: Across; readonly standing: Across },
): Carried {
  const { int } = numbers(origin.t0);
  const xs: Knot = {
    interval: intervalsTo(origin, rows),
    cotangents: rows.cotangents,
    ofTime: ofTimes,
    trigger: triggers,
    triggerBefore: concat([int(-1).reshape([1]), triggers.slice([0], [triggers.size - 1])], 0),
  };
  const start: Carried = { lambda, rest, ofEvents: passages.moving.map((x) => zerosLike(x)) };
  const [flat, inputs] = [tree.flatten(start as never), tree.flatten(xs as never)];
  const [init, arrays] = [flat.leaves as Tensor[], inputs.leaves as Tensor[]];
  const body = trace(
    "knot",
    (_i, ...ins) => {
      const carried: Carried = tree.unflatten(flat.structure, ins.slice(0, init.length));
      const knot: Knot = tree.unflatten(inputs.structure, ins.slice(init.length));
      return tree.flatten(toTheOneBefore(carried, knot) as never).leaves as Tensor[];
    },
    [
      { dtype: "int32", shape: [] },
      ...init.map(typeOf),
      ...arrays.map(({ dtype, shape }) => ({ dtype, shape: shape.slice(1) })),
    ],
  );
  const found = backwards({ count: count, most: triggers.size, body, carries: init, arrays: arrays });
  return tree.unflatten(flat.structure, found);

  function toTheOneBefore(carried: Carried, knot: Knot): Carried {
    const { lambda, ofEvents } = met(0, { carried, knot });
    const { interval, triggerBefore } = knot;
    const before = stateAfter(0, { trigger: triggerBefore, t: interval.to, y: interval.before });
    const [length] = interval.length;
    const here = length ? length.equal(0) : interval.from.equal(interval.to);
    const passed: Passed = { lambda, rest: carried.rest };
    const next = choose(
      here,
      { passed, interval: { ...interval, before } },
      (given) => standing(given.passed, given.interval),
      (given) => across(given.passed, given.interval),
    );
    return { lambda: next.lambda, rest: next.rest, ofEvents };
  }

  /** The cotangent of the state before a knot, whose trigger is the i-th or a later one, or none. */
  function met(
    i: number,
    given: { readonly carried: Carried; readonly knot: Knot },
  ): Pick<Carried, "lambda" | "ofEvents"> {
    if (i === passages.count)
      return { lambda: plus(given.carried.lambda, given.knot.cotangents), ofEvents: given.carried.ofEvents };
    return choose(
      given.knot.trigger.equal(int(i)),
      given,
      ({ carried, knot }) => {
        const { from, y } = knot.interval;
        const ends = passages.terminal(i);
        const pulled = passages.pull(i, from, y, {
          t: ends ? knot.ofTime.add(end.t) : knot.ofTime,
          y: knot.cotangents,
          after: ends ? end.y : carried.lambda,
        });
        return { lambda: pulled.y, ofEvents: plus(carried.ofEvents, pulled.closed) };
      },
      (rest) => met(i + 1, rest),
    );
  }

  /** The state with which the solve went on. */
  function stateAfter(
    i: number,
    given: { readonly trigger: Tensor; readonly t: Tensor; readonly y: readonly Tensor[] },
  ): readonly Tensor[] {
    if (i === passages.count) return given.y;
    return choose(
      given.trigger.equal(int(i)),
      given,
      ({ t, y }) => passages.after(i, t, y),
      (rest) => stateAfter(i + 1, rest),
    );
  }
}
