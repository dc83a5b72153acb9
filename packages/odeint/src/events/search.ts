import { jvp, vmap } from "@dzdt/autograd";
import { broadcastTo, cast, concat, max, min, sign, stopGradient, take, type Tensor, where } from "@dzdt/tensor";
import { traced } from "../vectorField";
import { type Carry, numbers, type Problem } from "../problem";
import { type Bracket, crossing } from "./bracket";
import type { EventDirection } from "./event";
import type { Events, Trigger } from "./leaf-event";
import type { EventState, Upcoming } from "./state";

/** Each step is looked at in so many places: crossings nearer to each other than that may hide. */
const samples = 8;

const eventsOf = (problem: Problem): Events => problem.events!;

/** Later than any time of a solve. */
export const never = (direction: Tensor): Tensor => direction.mul(Infinity);

/** The events before a solve begins. Conditions that are zero there take the sign that they are about to have. */
export function beginEvents(problem: Problem, direction: Tensor): EventState {
  const { t0, y0 } = problem;
  const { triggers, slots } = eventsOf(problem);
  const { int } = numbers(t0);
  const [start, y] = [stopGradient(t0), y0.map((x) => stopGradient(x))];
  const left = triggers.map(({ times }) => (times ? lastBefore(times, start, direction) : start));
  const side = triggers.map((trigger) => sideAt(problem, trigger, { t: start, y }, direction));
  return {
    left,
    last: left.map(() => start.mul(NaN)),
    side,
    next: triggers.map((trigger, i) => nextPreset(trigger, left[i]!, start, direction)),
    turn: side,
    counts: Array.from({ length: slots }, () => int(0)),
    until: triggers.some(({ terminal }) => terminal) ? [t0] : [],
    evaluations: int(0),
  };
}

/** A time, the state then, and what the method carries; at the start what it begins with. */
interface Place {
  readonly t: Tensor;
  readonly y: readonly Tensor[];
  readonly memory?: readonly Tensor[];
}

/** A condition that has just been found to be zero. */
export interface Crossed {
  /** bool: has it? */
  readonly now: Tensor;
  /** The state then. */
  readonly y: readonly Tensor[];
  /** How long the step was. */
  readonly length: Tensor;
}

/**
 * The sign that a condition has from now on: where it is zero, the one that it is about to have.
 * @param crossed it has just been zero: what is left of that by rounding is still zero, and what a reset has made of it is not
 */
export function sideAt(
  problem: Problem,
  { value, smooth }: Trigger,
  { t, y, memory }: Place,
  direction: Tensor,
  crossed?: Crossed,
): Tensor {
  const none = t.mul(0);
  if (!value) return none;
  const here = stopGradient(value(t, y));
  const own = sign(here);
  if (!smooth) return own;
  const slopes = problem.method.slope(t, y, memory);
  const [, rate] = jvp((s: Tensor, x: readonly Tensor[]) => value(s, x), [t, y], [none.add(1), slopes]);
  const ahead = sign(stopGradient(rate).mul(direction));
  const zero = crossed ? own.equal(0).or(crossed.now.and(stillZero(crossed))) : own.equal(0);
  return where(zero, ahead, own);

  function stillZero({ y: before, length }: Crossed): Tensor {
    const eps = here.dtype === "float32" || t.dtype === "float32" ? 2 ** -23 : 2 ** -52;
    const reach = t.abs().add(stopGradient(length).abs());
    const left = stopGradient(value!(t, before)).abs().add(stopGradient(rate).abs().mul(reach).mul(eps));
    return here.abs().lessEqual(left.mul(16));
  }
}

/** The last preset time before a solve begins: it and those before it do not fire. */
function lastBefore(times: Tensor, start: Tensor, direction: Tensor): Tensor {
  const all = stopGradient(times).mul(direction);
  return direction.mul(max(where(all.less(start.mul(direction)), all, -Infinity)));
}

/** The first preset time after `left`, as far as `t`. */
function nextPreset({ times }: Trigger, left: Tensor, t: Tensor, direction: Tensor): Tensor {
  if (!times) return never(direction);
  const all = stopGradient(times);
  const due = direction
    .mul(all.sub(left))
    .greater(0)
    .and(direction.mul(all.sub(t)).lessEqual(0));
  return direction.mul(min(where(due, all.mul(direction), Infinity)));
}

/** The earliest of the next events. Of several at one time those that are only recorded come first, then those that end the solve, then resets in their order. */
export function upcoming({ triggers }: Events, { next }: EventState, direction: Tensor): Upcoming {
  const { int } = numbers(next[0]!);
  const rank = ({ terminal, reset }: Trigger): number => (terminal ? 1 : reset ? 2 : 0);
  const order = triggers.map((_, i) => i).sort((i, j) => rank(triggers[i]!) - rank(triggers[j]!) || i - j);
  let found: Upcoming = { time: never(direction), trigger: int(-1) };
  for (const i of order) {
    const earlier = direction.mul(next[i]!).less(direction.mul(found.time));
    found = { time: where(earlier, next[i]!, found.time), trigger: where(earlier, int(i), found.trigger) };
  }
  return found;
}

/**
 * Looks for the next event of each trigger in what is left of the last step.
 * @param whole nothing of the step has been looked at, which single floats may not tell of times as near to each other as steps can be
 */
export function search(problem: Problem, c: Carry, direction: Tensor, whole = false): EventState {
  const { triggers } = eventsOf(problem);
  const { interpolate, evaluations } = problem.method;
  const events = c.events[0]!;
  const { int } = numbers(c.t);
  const still = (list: readonly Tensor[]): Tensor[] => list.map((x) => stopGradient(x));
  const [t, h] = [stopGradient(c.t), stopGradient(c.length[0]!)];
  const [y, memory, dense] = [still(c.y), still(c.memory), still(c.dense)];
  // What does not depend on the place, such as a dense output's own stages, is computed once.
  const state = traced("interpolant", (s) => interpolate({ t, h, s, y, memory, dense }), [
    { dtype: t.dtype, shape: [] },
  ]);
  const at = (s: Tensor, values: readonly Trigger["value"][]): Tensor[] => {
    const [when, x] = [t.add(h.mul(s)), state([s])];
    return values.map((value) => stopGradient(value!(when, x)));
  };
  const places = placesLike(t);
  const conditions = triggers.flatMap(({ value }) => (value ? [value] : []));
  const values = conditions.length > 0 ? vmap((s: Tensor) => at(s, conditions))(places) : [];
  const found = triggers.map((trigger, i) => {
    const [left, side] = [events.left[i]!, events.side[i]!];
    if (!trigger.value) return { next: nextPreset(trigger, left, t, direction), turn: t.mul(0) };
    const from = whole && t.dtype === "float32" ? t.mul(0).sub(1) : left.sub(t).div(h);
    const own = values[conditions.indexOf(trigger.value)]!;
    const { bracket, turn } = firstBracket(own, places, from, side, trigger.direction);
    const eps = t.dtype === "float32" ? 2 ** -24 : 2 ** -53;
    const root = crossing((s) => at(s, [trigger.value])[0]!, bracket, t.div(h).abs().maximum(1).mul(eps));
    return {
      next: where(bracket.found, t.add(h.mul(root)), never(direction)),
      turn: where(from.less(0), turn, events.turn[i]!),
    };
  });
  const work = conditions.length > 0 ? evaluations.interpolate : 0;
  return {
    ...events,
    next: found.map(({ next }) => next),
    turn: found.map(({ turn }) => turn),
    evaluations: events.evaluations.add(int(work)),
  };
}

/** Places in a step at which conditions are looked at, in θ − 1: the last is the step's end. */
const placesLike = (t: Tensor): Tensor =>
  broadcastTo(t.mul(0).add(1 / samples), [samples])
    .cumsum(0)
    .sub(1);

/**
 * Between which places a condition first goes where it fires, and the sign that it has afterwards; the one at the step's end if it does not.
 * @param values of the condition at the places
 * @param from the place after which to look
 * @param side sign of the condition there
 */
function firstBracket(
  values: Tensor,
  places: Tensor,
  from: Tensor,
  side: Tensor,
  direction: EventDirection,
): { readonly bracket: Bracket; readonly turn: Tensor } {
  const signs = sign(values);
  // What is at the place before each; the first is that before the step's start.
  const shifted = (x: Tensor): Tensor => concat([x.slice([0], [1]), x.slice([0], [samples - 1])]);
  const passed = shifted(places)
    .lessEqual(from)
    .or(places.equal(1 / samples - 1));
  const before = where(passed, side, shifted(signs));
  const allowed = { up: before.less(0), down: before.greater(0), both: before.equal(0).not() }[direction];
  const fires = places.greater(from).and(allowed).and(before.mul(signs).lessEqual(0));
  const place = min(where(fires, places, 1));
  const found = place.lessEqual(0);
  const b = where(found, place, 0);
  const k = cast(b.add(1).mul(samples), "int32").sub(1);
  const a = b.sub(1 / samples).maximum(from);
  const fa = take(where(passed, 0, shifted(values)), k, 0);
  return { bracket: { a, b, side: take(before, k, 0), fa, fb: take(values, k, 0), found }, turn: take(signs, k, 0) };
}
