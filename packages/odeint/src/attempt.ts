import { cast, concat, stopGradient, type Tensor, where } from "@dzdt/tensor";
import { exactly, type FineTime, later, sameTime, since, timeAmong, whereTime } from "./fine-time";
import { type Grid, pointsPassed, timeAt } from "./fixed-steps";
import type { Decision } from "./controllers/controller";
import { guarded } from "./guarded-call";
import { nearness, nextJump } from "./jumps";
import { flat, flatResult } from "./leaves";
import {
  allFinite,
  type Carry,
  moved,
  now,
  numbers,
  type Problem,
  running,
  startOf,
  type Stepping,
  stopsOf,
} from "./problem";
import { Status } from "./status";
import type { Attempt, Method } from "./step";
import { visitsAfter } from "./visits";

/** One attempt at a step. `attempts` counts those before it. */
export function attempt(problem: Problem, c: Carry, attempts: Tensor): { next: Carry; row: Tensor; accept: Tensor } {
  const { stepping, stops, outputs, maxSteps } = problem;
  const { int } = numbers(attempts);
  const stop = timeAmong(stopsOf(problem), c.reached[0] ?? int(0));
  const { last, h, tNext } = planned();
  const { tried, decision } = judged(problem, c, tNext.t, h);
  const { accept } = decision;
  const choose = (next: readonly Tensor[], before: readonly Tensor[]): Tensor[] =>
    next.map((x, k) => where(accept, x, before[k]!));
  const time = whereTime(accept, tNext, now(c));
  const landed = last ? accept.and(last) : accept;
  const stopCount = stops.shape[0]!;
  const ended = stopCount > 1 ? landed.and(c.reached[0]!.equal(int(stopCount - 1))) : landed;
  const exhausted = attempts.equal(int(maxSteps - 1));
  const proceeding = where(exhausted, int(Status.maxStepsReached), int(running));
  const stuck = where(decision.stuck, failed(), proceeding);
  const [place] = tried.lands ? c.visits.slice(-1) : [];
  const [visited] = c.visits
    .slice(0, tried.lands ? -1 : undefined)
    .map((times) => visitsAfter(times, now(c), tNext, accept.not()));
  const crowded = visited ? where(visited.full, int(Status.stepUnderflow), stuck) : stuck;
  const unless = tried.failure ? where(tried.failure.when.and(accept), int(tried.failure.status), crowded) : crowded;
  const next: Carry = {
    ...time,
    h: problem.landings || c.visits.length > 0 ? where(accept, unshortened(decision.h), decision.h) : decision.h,
    y: choose(tried.y, c.y),
    memory: choose(tried.memory, c.memory),
    length: outputs ? [tried.length ?? h] : [],
    dense: outputs ? tried.dense : [],
    controller: decision.controller,
    visits: [
      ...(visited ? [visited.visits] : []),
      ...(place ? [where(tried.lands!.when, tried.lands!.at, place)] : []),
    ],
    written: c.written,
    reached: c.reached.map((n) => n.add(cast(landed, "int32"))),
    rejected: c.rejected.map((n) => n.add(cast(accept.not(), "int32"))),
    evaluations: c.evaluations.map((n) => n.add(tried.evaluations!)),
    events: c.events,
    saves: c.saves,
    status: where(ended, outputs ? int(running) : int(Status.success), unless),
  };
  return { next, row: where(landed, c.reached[0] ?? int(0), int(-1)), accept };

  /** Where steps of the least length are taken whatever their errors, only those fail that are not finite, or too short for time to go on. */
  function failed(): Tensor {
    if (stepping.kind !== "adaptive") return int(Status.nonFinite);
    const tooShort = int(Status.stepUnderflow);
    return stepping.controller.forceDtMin ? where(allFinite(tried.y, c.t), tooShort, int(Status.nonFinite)) : tooShort;
  }

  /** A step cut short by a landing says nothing against the one that was planned. */
  function unshortened(next: Tensor): Tensor {
    const cut = stopGradient(h).abs().less(c.h.abs()).and(next.abs().less(c.h.abs()));
    return where(cut, c.h, next);
  }

  function planned(): Plan {
    const from = now(c);
    const jumps = landingsOf(problem, c);
    const resets = problem.events?.triggers.some(({ reset }) => reset);
    if (stepping.kind === "fixed" && (resets || problem.method.jumps))
      return onGrid(problem, stepping.grid, from, stop, jumps);
    if (stepping.kind === "fixed") {
      const { grid } = stepping;
      const last = attempts.equal(grid.count.sub(1));
      const ahead = timeAt(startOf(problem), grid.h, attempts.add(1));
      return { last, h: where(last, grid.last, grid.h), tNext: whereTime(last, stop, ahead) };
    }
    if (stepping.kind === "given")
      return {
        ...cutShort(from, { last: undefined, h: stepping.h, tNext: exactly(stepping.to) }, jumps),
        last: undefined,
      };
    const left = since(stop, from);
    if (stepping.kind === "stops") return cutShort(from, { last: undefined, h: left, tNext: stop }, jumps);
    // A last step up to 1 % longer than planned saves a tiny one.
    const reach = c.h.abs().mul(1.01);
    const last = left.abs().lessEqual(reach);
    if (!jumps) return { last, h: where(last, left, c.h), tNext: whereTime(last, stop, later(from, c.h)) };
    const jump = nextJump(jumps, from, stopGradient(left.sign()));
    const sooner = jump.ahead.add(nearness(stop.t)).less(left.abs());
    const target = whereTime(sooner, exactly(jump.time), stop);
    const lands = where(sooner, jump.ahead.lessEqual(reach), last);
    return {
      last: last.and(sooner.not()),
      h: where(lands, since(target, from), c.h),
      tNext: whereTime(lands, target, later(from, c.h)),
    };
  }
}

/** A step that is to be tried. */
interface Plan {
  /** bool: does it end at the next stop? Undefined: it does. */
  readonly last: Tensor | undefined;
  /** Its length, with its sign. */
  readonly h: Tensor;
  readonly tNext: FineTime;
}

/** A step, or one up to the first of some times that is before its end. */
function cutShort(from: FineTime, step: Plan, jumps: Tensor | undefined): Plan {
  if (!jumps) return step;
  const length = stopGradient(step.h);
  const jump = nextJump(jumps, from, length.sign());
  const sooner = jump.ahead.less(length.abs());
  const there = exactly(jump.time);
  const whole = sooner.not();
  return {
    last: step.last?.and(whole) ?? whole,
    h: where(sooner, since(there, from), step.h),
    tNext: whereTime(sooner, there, step.tNext),
  };
}

/** Times at which steps end, of the method's own accord or because it was asked for, or tried before. */
function landingsOf({ method, landings }: Problem, { memory, visits }: Carry): Tensor | undefined {
  const jumps = [...(method.jumps ? [method.jumps] : []), ...(method.laterJumps ? [method.laterJumps(memory)] : [])];
  const all = [...jumps, ...(landings ? [landings] : []), ...visits];
  return all.length > 1 ? concat(all) : all[0];
}

/** The next step of a grid from any time on, as after resets: to the next point of the grid, or to a landing before it. */
function onGrid(problem: Problem, grid: Grid, from: FineTime, stop: FineTime, jumps: Tensor | undefined): Plan {
  const { int } = numbers(from.t);
  const t0 = startOf(problem);
  const passed = pointsPassed(grid, t0, from);
  const last = passed.greaterEqual(grid.count.sub(int(1)));
  const ahead = whereTime(last, stop, timeAt(t0, grid.h, passed.add(int(1))));
  const whole = sameTime(from, timeAt(t0, grid.h, passed)).and(last.not());
  const length = since(ahead, from);
  // Though the time may be that of a landing, which moves.
  const exact = grid.h.add(length.sub(stopGradient(length)));
  return cutShort(from, { last, h: where(whole, exact, length), tNext: ahead }, jumps);
}

/** An attempt and what becomes of it; a call of its own where it may be rejected. */
function judged(problem: Problem, c: Carry, tNext: Tensor, h: Tensor): { tried: Attempt; decision: Verdict } {
  const { method, stepping } = problem;
  const [from, to] = [moved(problem, c.t), moved(problem, tNext)];
  if (stepping.kind !== "adaptive") {
    const tried = method.attempt(from, to, h, c.y, c.memory);
    const accept = allFinite(tried.y, c.t);
    return { tried, decision: { accept, h: c.h, controller: [], stuck: accept.not() } };
  }
  let endStatus: number | undefined;
  const given = flat({ t: from, tNext: to, h, y: c.y, memory: c.memory, controller: c.controller });
  const { run, rebuild } = flatResult((...ins) => {
    const own = given.rebuild(ins);
    const tried = method.attempt(own.t, own.tNext, own.h, own.y, own.memory);
    const { accept, ...rest } = decide(method, stepping, { ...c, ...own }, own.h, tried);
    const { dense, choice: _, longest: _longest, failure: ending, lands, ...used } = tried;
    endStatus = ending?.status;
    const found = {
      tried: { ...used, errors: [], dense: problem.outputs ? dense : [] },
      ended: ending ? [ending.when] : [],
      lands: lands ? [lands] : [],
      rest,
    };
    // Last, as guarded calls want it.
    return [found, accept] as const;
  });
  const [{ tried, ended, lands, rest }, accept] = rebuild(guarded("attempt", run, given.leaves));
  return {
    tried: {
      ...tried,
      ...(ended[0] && { failure: { when: ended[0], status: endStatus! } }),
      ...(lands[0] && { lands: lands[0] }),
    },
    decision: { ...rest, accept },
  };
}

/** What becomes of an attempt. */
interface Verdict {
  /** bool: the step is taken. */
  readonly accept: Tensor;
  /** The next step, with its sign. */
  readonly h: Tensor;
  readonly controller: readonly Tensor[];
  /** bool: there is no other step to try. */
  readonly stuck: Tensor;
}

function decide(
  method: Method,
  { controller, norm }: Extract<Stepping, { kind: "adaptive" }>,
  c: Carry,
  h: Tensor,
  tried: Attempt,
): Verdict {
  const { dtMin, dtMax, forceDtMin } = controller;
  const wanted = tried.choice ? chosen(tried.choice) : controlled();
  const { accept, factor, state } = tried.lands ? landing(wanted, tried.lands.when) : wanted;
  let next = stopGradient(h).mul(factor);
  if (dtMax < Infinity) next = next.clip(-dtMax, dtMax);
  if (dtMin > 0) next = next.sign().mul(next.abs().maximum(dtMin));
  const longest = tried.longest ?? method.longest;
  if (longest) next = next.sign().mul(next.abs().minimum(stopGradient(longest)));
  const single = c.t.dtype === "float32";
  const least = stopGradient(c.t)
    .abs()
    .mul(single ? 2 ** -44 : 2 ** -50)
    .maximum(single ? 1e-36 : 1e-290);
  const enough = next.abs().greaterEqual(least);
  const longer = dtMin > 0 ? enough.and(stopGradient(h).abs().greater(dtMin)) : enough;
  return {
    accept,
    h: next,
    controller: state,
    stuck: longer.or(accept).not(),
  };

  function controlled(): Decision {
    const [high, low] = tried.errors.map((error) => norm(error, c.y, tried.y));
    const ratio = stopGradient(low ? combined(high!, low) : high!);
    return controller.adapt(c.controller, bearable(ratio), method.errorOrder!);
  }

  /** Nothing is said against the step that was planned, and nothing for it. */
  function landing({ accept, factor, state }: Decision, when: Tensor): Decision {
    return {
      accept: accept.and(when.not()),
      factor: where(when, c.h.div(stopGradient(h)), factor),
      state: state.map((x, k) => where(when, c.controller[k]!, x)),
    };
  }

  function chosen({ ratio, factor }: NonNullable<Attempt["choice"]>): Decision {
    return { accept: bearable(ratio).lessEqual(1), factor: stopGradient(factor), state: c.controller };
  }

  /** The scaled error of a step that is taken whatever it is, as long as it is finite, is 1. */
  function bearable(ratio: Tensor): Tensor {
    if (!forceDtMin) return ratio;
    const forced = stopGradient(h).abs().lessEqual(dtMin).and(ratio.less(Infinity));
    return where(forced, ratio.minimum(1), ratio);
  }
}

/** Hairer's combination of estimates of orders 5 and 3. */
const combined = (high: Tensor, low: Tensor): Tensor => {
  const square = high.mul(high);
  const size = square.add(low.mul(low).mul(0.01)).sqrt();
  return where(size.greater(0), square.div(size), size);
};
