import { bind, cast, check, registerFailure, stopGradient, type Tensor, where, withinRule } from "@dzdt/tensor";
import { exactly, type FineTime, timesFrom, whereTime } from "./fine-time";
import { beside } from "./rows";
import type { KnownTimes } from "./saveAt";

/** Failures by their texts: each is registered once. */
const codes = new Map<string, number>();

function codeOf(who: string, up: boolean): number {
  const text = up ? "do not increase; give finite, increasing times" : "turn back; give finite times that go one way";
  const message = `${who}: ts, known only when the program runs, ${text}`;
  const known = codes.get(message);
  if (known !== undefined) return known;
  const code = registerFailure(() => new RangeError(message));
  codes.set(message, code);
  return code;
}

/**
 * Times that are known only when a program runs: as they are where they go one way, else NaN, so that no solve takes them for times. Times that are
 * equal go both ways.
 * @param who whose name errors begin with
 * @param up they may only increase
 * @param raise the program throws a RangeError when it returns, where they do not
 */
export function oneWay(
  who: string,
  { tensor: times, values }: KnownTimes,
  { up = false, raise }: { readonly up?: boolean; readonly raise: boolean },
): Tensor {
  const count = times.size;
  if (values) return times;
  return withinRule(() => {
    const still = stopGradient(times);
    const steps = count > 1 ? still.slice([1], [count]).sub(still.slice([0], [count - 1])) : still.sub(still);
    const rises = steps.min().greaterEqual(0);
    const goes = up ? rises : rises.or(steps.max().lessEqual(0));
    const fine = goes.and(steps.abs().max().less(Infinity));
    const held = where(fine, times, NaN);
    if (!raise) return held;
    return bind(check, [held, cast(where(fine, 0, codeOf(who, up)), "int32")])[0]!;
  });
}

/** Times, and what is found at them. */
interface Held {
  readonly held: FineTime;
  readonly masked: (found: Tensor) => Tensor;
}

/** Times that were checked. */
export const allWithin = (times: FineTime): Held => ({ held: times, masked: (found) => found });

/**
 * Times, of which those outside of a solve are held at the end that they lie beyond, NaN at the last; and what is found at them, NaN at those.
 * @param ts the times of the solve, from first to last
 */
export function heldWithin(times: FineTime, ts: FineTime): Held & { readonly outside: Tensor } {
  const [first, last] = [timesFrom(ts, 0, 1), timesFrom(ts, ts.t.size - 1, ts.t.size)];
  // Of a solve of no length all times but its own are outside.
  const direction = where(last.t.less(first.t), -1, 1);
  const early = stopGradient(times.t.sub(first.t).mul(direction)).less(0);
  const late = stopGradient(last.t.sub(times.t).mul(direction)).greaterEqual(0).not();
  const outside = early.or(late);
  return {
    held: whereTime(early, inFull(first), whereTime(late, inFull(last), inFull(times))),
    outside,
    masked: (found) => where(beside(outside, found), NaN, found),
  };
}

/** With a rest where floats are single, if only of 0. */
const inFull = (time: FineTime): FineTime => (time.rest.length > 0 ? time : exactly(time.t));
