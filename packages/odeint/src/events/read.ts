import { type Target, Tensor, tensor } from "@dzdt/tensor";
import { timeType } from "../at-hand";
import { readTimes, type Times } from "../saveAt";
import type { SolveEvent } from "./event";
import type { GivenEvents } from "./leaf-event";

/** How often each event may fire unless it is told: 16 times, or as many as an event has preset times. */
export const usualMaxEvents = (events: readonly SolveEvent[]): number =>
  events.reduce((most, { at }) => Math.max(most, at === undefined ? 0 : countOf(at)), 16);

const countOf = (at: Times): number => (at instanceof Tensor ? at.size : at.length);

/** Events of a solve, at least one, with their times read. @throws RangeError for times that are none */
export function readEach(events: readonly SolveEvent[], maxEvents: number | undefined, target: Target): GivenEvents {
  return {
    list: events.map((event) => ({ event, times: timesOf(event, target) })),
    maxEvents: maxEvents ?? usualMaxEvents(events),
    machinery: events[0]!.machinery,
  };
}

function timesOf({ at, condition }: SolveEvent, target: Target): Tensor | undefined {
  if (at !== undefined && countOf(at) > 0) return presetTimes(at, target);
  // NaN is a time that never comes.
  return condition ? undefined : tensor([NaN], { dtype: timeType(target), target });
}

/** @throws RangeError for a known time that is not finite, or that is there twice: an event fires once at a time */
function presetTimes(at: Times, target: Target): Tensor {
  const { tensor: times, values } = readTimes("event", "at", at, target);
  const known = Array.from(values ?? []);
  const twice = known.findIndex((t, j) => known.indexOf(t) < j);
  if (twice >= 0)
    throw new RangeError(
      `event: at[${twice}] = ${known[twice]!} is at[${known.indexOf(known[twice]!)}] again, and an event fires once at a time; make it one change, or give another event`,
    );
  return times;
}
