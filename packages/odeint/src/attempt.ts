import { cast, concat, stopGradient, type Tensor, tree, where } from "@dzdt/tensor";
import { exactly, type FineTime, later, sameTime, since, timeAmong, whereTime } from "./fine-time";
import { type Grid, pointsPassed, timeAt } from "./fixed-steps";
import type { Decision } from "./controllers/controller";
import { guarded } from "./guarded-call";
import { nearness, nextJump } from "./jumps";
import { allFinite, type Carry, moved, now, numbers, type Problem, running, startOf, stopsOf } from "./problem";
import { Status } from "./status";
import type { Attempt } from "./step";
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
  const stuck = decision.failure
    ? where(decision.failure.when, failed(decision.failure.status), proceeding)
    : proceeding;
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
  function failed(status: number): Tensor {
    if (stepping.kind !== "adaptive" || !stepping.controller.forceDtMin) return int(status);
    return where(allFinite(tried.y, c.t), int(status), int(Status.nonFinite));
  }

  /** A step cut short by a landing says nothing against the one that was planned. */
  function unshortened(next: Tensor): Tensor {
    const cut = stopGradient(h).abs().less(c.h.abs()).and(next.abs().less(c.h.abs()));
    return where(cut, c.h, next);
  }

  function planned(): { last: Tensor | undefined; h: Tensor; tNext: FineTime } {
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
    if (stepping.kind === "given") {
      const { h, tNext } = cutShort(from, { h: stepping.h, tNext: exactly(stepping.to) }, jumps);
      return { last: undefined, h, tNext };
    }
    const left = since(stop, from);
    if (stepping.kind === "stops") {
      const { sooner, ...step } = cutShort(from, { h: left, tNext: stop }, jumps);
      return { last: sooner?.not(), ...step };
    }
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

/** A step, its length with its sign, or one up to the first of some times that is before its end; and whether it is that. */
function cutShort(
  from: FineTime,
  step: { readonly h: Tensor; readonly tNext: FineTime },
  jumps: Tensor | undefined,
): { sooner: Tensor | undefined; h: Tensor; tNext: FineTime } {
  if (!jumps) return { sooner: undefined, ...step };
  const length = stopGradient(step.h);
  const jump = nextJump(jumps, from, length.sign());
  const sooner = jump.ahead.less(length.abs());
  const there = exactly(jump.time);
  return { sooner, h: where(sooner, since(there, from), step.h), tNext: whereTime(sooner, there, step.tNext) };
}

/** Times at which steps end, of the method's own accord or because it was asked for, or tried before. */
function landingsOf({ method, landings }: Problem, { memory, visits }: Carry): Tensor | undefined {
  const jumps = [...(method.jumps ? [method.jumps] : []), ...(method.laterJumps ? [method.laterJumps(memory)] : [])];
  const all = [...jumps, ...(landings ? [landings] : []), ...visits];
  return all.length > 1 ? concat(all) : all[0];
}

/** The next step of a grid from any time on, as after resets: to the next point of the grid, or to a landing before it. */
function onGrid(
  problem: Problem,
  grid: Grid,
  from: FineTime,
  stop: FineTime,
  jumps: Tensor | undefined,
): { last: Tensor; h: Tensor; tNext: FineTime } {
  const { int } = numbers(from.t);
  const t0 = startOf(problem);
  const passed = pointsPassed(grid, t0, from);
  const last = passed.greaterEqual(grid.count.sub(int(1)));
  const ahead = whereTime(last, stop, timeAt(t0, grid.h, passed.add(int(1))));
  const whole = sameTime(from, timeAt(t0, grid.h, passed)).and(last.not());
  const length = since(ahead, from);
  // Though the time may be that of a landing, which moves.
  const exact = grid.h.add(length.sub(stopGradient(length)));
  const { sooner, ...step } = cutShort(from, { h: where(whole, exact, length), tNext: ahead }, jumps);
  return { last: sooner ? last.and(sooner.not()) : last, ...step };
}

/** An attempt and what becomes of it; a call of its own where it may be rejected. */
function judged(problem: Problem, c: Carry, tNext: Tensor, h: Tensor): { tried: Attempt; decision: Verdict } {
  const { method, stepping } = problem;
  if (stepping.kind !== "adaptive") {
    const tried = method.attempt(moved(problem, c.t), moved(problem, tNext), h, c.y, c.memory);
    return { tried, decision: decide(problem, c, h, tried) };
  }
  let status = 0;
  let endStatus: number | undefined;
  let structure: tree.Structure = null;
  const given = {
    t: moved(problem, c.t),
    tNext: moved(problem, tNext),
    h,
    y: c.y,
    memory: c.memory,
    controller: c.controller,
  };
  const flat = tree.flatten(given);
  const [accept, ...results] = guarded(
    "attempt",
    (...ins) => {
      const own: typeof given = tree.unflatten(flat.structure, ins);
      const tried = method.attempt(own.t, own.tNext, own.h, own.y, own.memory);
      const { accept, failure, ...rest } = decide(problem, { ...c, ...own }, own.h, tried);
      status = failure!.status;
      const { dense, choice: _, longest: _longest, failure: ending, lands, ...used } = tried;
      endStatus = ending?.status;
      const out = tree.flatten({
        tried: { ...used, errors: [], dense: problem.outputs ? dense : [] },
        ended: ending ? [ending.when] : [],
        lands: lands ? [lands] : [],
        rest,
        when: failure!.when,
      });
      structure = out.structure;
      return [...(out.leaves as Tensor[]), accept];
    },
    flat.leaves as Tensor[],
  ).reverse();
  const found: Found = tree.unflatten(structure, results.reverse());
  const { rest, when, ended, lands } = found;
  const tried = {
    ...found.tried,
    ...(ended[0] && { failure: { when: ended[0], status: endStatus! } }),
    ...(lands[0] && { lands: lands[0] }),
  };
  return { tried, decision: { ...rest, accept: accept!, failure: { when, status } } };
}

/** What a guarded attempt returns. */
interface Found {
  readonly tried: Attempt;
  readonly rest: Omit<Verdict, "accept" | "failure">;
  readonly when: Tensor;
  readonly ended: readonly Tensor[];
  readonly lands: readonly NonNullable<Attempt["lands"]>[];
}

interface Verdict {
  readonly accept: Tensor;
  readonly h: Tensor;
  readonly controller: readonly Tensor[];
  readonly failure: { readonly when: Tensor; readonly status: number } | undefined;
}

function decide({ method, stepping }: Problem, c: Carry, h: Tensor, tried: Attempt): Verdict {
  if (stepping.kind !== "adaptive") {
    const accept = allFinite(tried.y, c.t);
    return { accept, h: c.h, controller: [], failure: { when: accept.not(), status: Status.nonFinite } };
  }
  const { controller, norm } = stepping;
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
    failure: { when: longer.or(accept).not(), status: Status.stepUnderflow },
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
