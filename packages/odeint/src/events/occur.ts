import { broadcastTo, cast, stopGradient, sum, type Tensor, where } from "@dzdt/tensor";
import { choose } from "./choose";
import { exactly, since, whereTime } from "../fine-time";
import { allFinite, type Carry, moved, numbers, type Problem, running, stopsOf } from "../problem";
import { Status } from "../status";
import { passage } from "./passage";
import { never, search, sideAt } from "./search";
import type { EventState, Upcoming } from "./state";

/** The state and the time at an event, which are recorded, and what the solve goes on with. */
export interface Occurrence {
  readonly next: Carry;
  readonly t: Tensor;
  readonly y: readonly Tensor[];
  /** The place among the rows of all events; −1 when the event has no more rows. */
  readonly row: Tensor;
}

/** What an event is given: the state there, too. */
interface Here {
  readonly c: Carry;
  readonly time: Tensor;
  readonly trigger: Tensor;
  readonly y: readonly Tensor[];
}

/** Lets the upcoming event happen. */
export function occur(problem: Problem, carry: Carry, upcoming: Upcoming, direction: Tensor): Occurrence {
  const { triggers } = problem.events!;
  const { time, trigger } = upcoming;
  const y = stateWithin(problem, carry, time);
  return among(0, { c: carry, time, trigger, y });

  function among(i: number, here: Here): Occurrence {
    if (i === triggers.length - 1) return happening(problem, here, i, direction);
    return choose(
      here.trigger.equal(numbers(here.time).int(i)),
      here,
      (now) => happening(problem, now, i, direction),
      (now) => among(i + 1, now),
    );
  }
}

/** The state at a time within the last step. */
export function stateWithin(problem: Problem, carry: Carry, time: Tensor): readonly Tensor[] {
  const { method } = problem;
  // The end of a step is there without its interpolant, of which there is none before the first step.
  return choose<{ c: Carry; time: Tensor }, readonly Tensor[]>(
    time.equal(carry.t),
    { c: carry, time },
    ({ c }) => c.y,
    ({ c, time }) => {
      const h = c.length[0]!;
      const apart = since(exactly(time), { t: c.t, rest: c.rest });
      const place = (method.interpolantMoves ? apart : stopGradient(apart)).div(h);
      // A single float of the time may lie beside a step that is shorter than its last digit.
      const s = time.dtype === "float32" ? place.clip(-1, 0) : place;
      return method.interpolate({ t: moved(problem, c.t), h, s, y: c.y, memory: c.memory, dense: c.dense });
    },
  );
}

function happening(problem: Problem, { c, time, y: found }: Here, i: number, direction: Tensor): Occurrence {
  const { method, events: all } = problem;
  const { triggers, maxEvents } = all!;
  const { slot, terminal, reset } = triggers[i]!;
  const { int } = numbers(time);
  const events = c.events[0]!;
  const from = moved(problem, time);
  const { t, y, after } = passage(method, triggers[i]!, from, found, c.memory);
  const before = events.counts[slot]!;
  const full = before.greaterEqual(int(maxEvents));
  const counts = events.counts.map((n, k) => (k === slot ? n.add(1) : n));
  const work = events.evaluations.add(int(method.evaluations.interpolate));
  const noted: EventState = {
    ...events,
    counts,
    evaluations: work,
    left: at(events.left, i, time),
    last: at(events.last, i, time),
    side: at(events.side, i, events.turn[i]!),
  };
  const row = where(full, int(-1), before.add(int(slot * maxEvents)));
  const overflow = where(full, int(Status.maxEventsReached), int(running));
  const next = terminal
    ? ended({ ...c, events: [noted] }, overflow)
    : reset
      ? restarted({ ...c, events: [noted] }, overflow)
      : {
          ...c,
          ...whereTime(full, exactly(time), { t: c.t, rest: c.rest }),
          events: [search(problem, { ...c, events: [noted] }, direction)],
          status: overflow,
        };
  return { next, t, y, row };

  function ended(now: Carry, overflow: Tensor): Carry {
    const end = int(Status.eventTerminated);
    const status = where(full, overflow, reset ? where(allFinite(after, time), end, int(Status.nonFinite)) : end);
    return { ...now, ...exactly(time), y: after, events: [{ ...now.events[0]!, until: [t] }], status };
  }

  function restarted(now: Carry, overflow: Tensor): Carry {
    const { stepping, stops } = problem;
    const memory = method.reset ? [...method.reset(from, t, after, now.memory)] : method.begin(from, after);
    const finite = allFinite([...after, ...memory], time);
    const ahead = direction.mul(since(stopsOf(problem), exactly(time)));
    const passed = broadcastTo(int(1), stops.shape).mul(cast(ahead.lessEqual(0), "int32"));
    return {
      ...now,
      ...exactly(time),
      y: after,
      memory,
      controller: stepping.kind === "adaptive" ? stepping.controller.init().map(numbers(time).real) : [],
      reached: now.reached.map(() => stopGradient(sum(passed))),
      events: [anew(problem, { ...now, memory }, i, time, { before: y, after }, direction)],
      status: where(finite, overflow, int(Status.nonFinite)),
    };
  }
}

const at = (list: readonly Tensor[], place: number, value: Tensor): Tensor[] =>
  list.map((x, k) => (k === place ? value : x));

/** What is known of events after a reset by one of them. Those of the same time are still to come. */
function anew(
  problem: Problem,
  c: Carry,
  own: number,
  time: Tensor,
  { before, after }: { readonly before: readonly Tensor[]; readonly after: readonly Tensor[] },
  direction: Tensor,
): EventState {
  const { triggers } = problem.events!;
  const events = c.events[0]!;
  const still = (y: readonly Tensor[]): Tensor[] => y.map((x) => stopGradient(x));
  const [t, y, start] = [stopGradient(time), still(before), still(after)];
  const { int } = numbers(t);
  const side = triggers.map((trigger, k) => {
    if (trigger.times) return events.side[k]!;
    const crossed = { now: events.last[k]!.equal(t), y, length: c.length[0]! };
    const fresh = sideAt(problem, trigger, { t, y: start, memory: still(c.memory) }, direction, crossed);
    return k === own ? fresh : where(events.next[k]!.equal(t), events.side[k]!, fresh);
  });
  return {
    ...events,
    left: events.left.map((x, k) => (triggers[k]!.times ? x : t)),
    side,
    turn: side,
    // Preset times of this moment that have not had their turn.
    next: triggers.map(({ times }, k) =>
      times && k !== own ? where(events.next[k]!.equal(t), t, never(direction)) : never(direction),
    ),
    evaluations: events.evaluations.add(int(problem.method.evaluations.begin)),
  };
}
