import { broadcastTo, cast, concat, cond, stopGradient, type Tensor, tree, type Tree, where } from "@dzdt/tensor";
import { acrossJumps, margin, nearness } from "../jumps";
import { methodOf, type Solver } from "../solver";
import { Status } from "../status";
import type { Attempt, Method } from "../step";
import type { Parts } from "../stepper";
import { scaledNorm } from "../tolerance";
import { derivative, realOf, traced } from "../vectorField";
import { delayOf, delaySums, type KnownDelays } from "./delays";
import { type Breaks, type Broken, brokenBy, nearest, type Trial } from "./breaking";
import { type History, historyLeaves } from "./history";
import { cutAt, emptyPast, oldest, type Past, remembered, stateAt } from "./past";

/** dy/dt as a function of time, state, the states each delay ago, and arguments. */
export type DelayedField<Y, A> = (t: Tensor, y: Y, delayed: readonly Y[], args: A) => Tree | Y;

/** An equation with delays, without its state. */
export interface DelayProblem {
  readonly field: DelayedField<never, never>;
  readonly history: History<Tree>;
  readonly delays: KnownDelays;
  /** The time at which the history ends. */
  readonly start: Tensor;
  /** How many steps are kept. */
  readonly kept: number;
  /** How often events may change the state: each time makes breaking points. */
  readonly resets: number;
}

/** Steps of a solver for an equation with delays: what it carries includes the latest steps. */
export function delayedMethod(solver: Solver, parts: Parts, problem: DelayProblem): Method {
  const { delays, start, kept, resets } = problem;
  const past = delayedParts(solver, parts, problem);
  const still = past(undefined);
  const constant = delays.tensor && stopGradient(delays.tensor);
  const reach = parts.exact ? constant?.max() : undefined;
  const lags = stateLags(parts, problem);
  // Leaves that the solver itself carries; known once it began.
  let own = 0;
  // Then come the breaking points found on the way, if there may be any, and if delays depend on the state their generations and, by delay, what arrives
  // at the start with them; and the past.
  const seeks = lags.length > 0;
  const points = (delays.tensor || seeks ? resets : 0) + (seeks ? 2 * lags.length * (solver.order + 1) : 0);
  const changes = points === 0 ? 0 : seeks ? 2 + lags.length : 1;
  const unpack = (memory: readonly Tensor[]): Past => {
    const [ends, lengths, until, ...rest] = memory.slice(own + changes) as [Tensor, Tensor, Tensor, ...Tensor[]];
    const count = parts.state.leaves.length;
    return {
      ends,
      lengths,
      until,
      y: rest.slice(0, count),
      memory: rest.slice(count, count + own),
      dense: rest.slice(count + own),
    };
  };
  const pack = ({ ends, lengths, until, y, memory, dense }: Past): Tensor[] => [
    ends,
    lengths,
    until,
    ...y,
    ...memory,
    ...dense,
  ];
  const noted = (memory: readonly Tensor[]): Tensor[] => memory.slice(own, own + changes);
  /** With one more in place of the oldest. */
  const withOneMore = (memory: readonly Tensor[], moment: Tensor, ...more: readonly Tensor[]): Tensor[] =>
    noted(memory).map((x, k) =>
      concat([x.slice([1], [points]), ([moment, ...more][k] ?? stopGradient(moment).mul(0)).reshape([1])], 0),
    );
  const sums = delays.tensor && delaySums(delays.tensor, solver.order + 1);
  const { undo: _, ...inner } = still;
  const method: Method = {
    ...inner,
    // A step may be 1 % longer than planned, and a delay ago must not be later than its start.
    ...(constant && { longest: constant.min().div(1.01) }),
    // The field at outputs' times is not to be had without the past.
    interpolantMoves: true,
    ...(seeks && !parts.exact && { lands: true, counted: true }),
    begin: (t, y) => {
      const memory = still.begin(t, y);
      own = memory.length;
      // The breaking points of the start are there anyway.
      const none = Array.from({ length: changes }, (_, k) =>
        broadcastTo(k === 0 ? start : stopGradient(start).mul(0), [points]),
      );
      return [...memory, ...none, ...pack(emptyPast(kept, start, y, memory, still))];
    },
    restart: (t, y, memory) => [...past(unpack(memory)).begin(t, y), ...memory.slice(own)],
    reset: (t, moment, y, memory) => {
      const before = cutAt(unpack(memory), t);
      return [...past(before).begin(t, y), ...withOneMore(memory, moment), ...pack(before)];
    },
    slope: (t, y, memory) => past(memory && unpack(memory)).slope(t, y),
    attempt: (t, tNext, h, y, memory): Attempt => {
      const before = unpack(memory);
      // Steps that stay where they are end a little before a jump: what looks back at its two sides must find the end between them.
      const until = parts.exact ? tNext.add(margin(tNext, h, undefined, reach)) : tNext;
      const sides = seeks && !parts.exact ? sidesAt(t, h, y, memory) : undefined;
      const carried = memory.slice(0, own);
      const from = sides
        ? cond(
            sides.turned,
            () => past(before, sides.all).begin(t, y),
            () => carried,
          )
        : carried;
      const tried = past(before, sides?.all).attempt(t, tNext, h, y, from);
      const after = remembered(before, { ...tried, end: tNext, length: h, until });
      const first = stopGradient(oldest(after));
      const ends = lags.map((lag) => stopGradient(lag(tNext, tried.y)));
      const reaches = [...(constant ? [constant.max()] : []), ...ends].reduce((a, b) => a.maximum(b));
      const forgotten = first.greater(start).and(first.greater(stopGradient(tNext).sub(reaches)));
      const broken = seeks && !parts.exact ? brokenBy(trial(), breaks(memory), lags, solver.order) : undefined;
      const found = broken ? noting(memory, tNext, broken) : noted(memory);
      return {
        ...tried,
        ...(broken && { lands: broken.lands }),
        ...(sides && {
          evaluations: cast(sides.turned, "int32")
            .mul(inner.evaluations.begin)
            .add(tried.evaluations ?? inner.evaluations.attempt),
        }),
        ...(ends.length > 0 && { longest: shortestOf([...ends, ...lags.map((lag) => stopGradient(lag(t, y)))]) }),
        memory: [...tried.memory, ...found, ...pack(after)],
        failure: { when: forgotten, status: Status.historyTooShort },
      };

      function trial(): Trial {
        const norm = scaledNorm(parts.rtol, parts.atol, parts.norm, parts.state, h.dtype);
        return {
          t,
          tNext,
          h,
          y,
          tried,
          within: (theta) => still.interpolate({ ...tried, t: tNext, h, s: theta.sub(1) }),
          size: (change) => stopGradient(norm(change, y, tried.y)),
        };
      }
    },
    interpolate: (step) => still.interpolate({ ...step, memory: step.memory.slice(0, own) }),
  };
  if (!delays.tensor) return method;
  const laterJumps = (memory: readonly Tensor[]): Tensor =>
    noted(memory)[0]!
      .reshape([points, 1])
      .add(sums!.reshape([1, sums!.size]))
      .reshape([points * sums!.size]);
  return acrossJumps(changes > 0 ? { ...method, laterJumps } : method, start.add(sums!), undefined, parts.exact, reach);

  /** Breaking points that delays that depend on the state may reach back to. */
  function breaks(memory: readonly Tensor[]): Breaks {
    const [times, generations] = noted(memory).map((x) => stopGradient(x)) as [Tensor, Tensor];
    const first = stopGradient(start).reshape([1]);
    const planned = sums ? [stopGradient(start.add(sums))] : [];
    return {
      times: concat([first, times, ...planned], 0),
      generations: concat([first.mul(0), generations, ...planned.map((x) => x.mul(0).add(1))], 0),
    };
  }

  /** Where delays that depend on the state reach back to from the start of a step, and which of them have just come to the start of the solve. */
  function sidesAt(t: Tensor, h: Tensor, y: readonly Tensor[], memory: readonly Tensor[]): Sides {
    const [times, , ...turns] = noted(memory).map((x) => stopGradient(x));
    // Beside jumps, if it is one of those as well.
    const here = times!.sub(stopGradient(t)).abs().lessEqual(margin(t, h).mul(2));
    const now = turns.map((turn) => where(here, turn, 0).sum());
    const all = lags.map((lag, i): Side => {
      const from = stopGradient(t.sub(lag(t, y)).sub(start));
      const turned = now[i]!.notEqual(0);
      const slack = where(turned, from.abs().mul(1.001), 0).add(nearness(t).mul(16));
      return { from, later: where(turned, now[i]!, from).greater(0), slack };
    });
    return { all, turned: now.map((turn) => turn.notEqual(0)).reduce((a, b) => a.or(b)) };
  }

  function noting(memory: readonly Tensor[], t: Tensor, { arrives, generation, turns }: Broken): Tensor[] {
    const each = lags.map((_, i) => turns.slice([i], [i + 1]));
    const after = withOneMore(memory, stopGradient(t), where(arrives, generation, 0), ...each);
    return after.map((x, k) => where(arrives, x, noted(memory)[k]!));
  }

  /** How long a step may be, as the delays are at its ends: a little shorter, as are constant ones. What is no delay bounds nothing. */
  function shortestOf(all: readonly Tensor[]): Tensor {
    const bounds = constant ? [...all, constant.min()] : all;
    return bounds
      .map((lag) => where(lag.greater(0), lag, Infinity))
      .reduce((a, b) => a.minimum(b))
      .div(1.01);
  }
}

/**
 * On which side of the start a delay that depends on the state reaches back from the start of a step. Steps end where it comes to the start, as nearly as
 * they can: up to the end that is still the side it came from, and from there on the other one.
 */
interface Side {
  /** Where to, from the start of the solve on. */
  readonly from: Tensor;
  /** bool: is it the side after the start? */
  readonly later: Tensor;
  /** So near to the start it is the side that counts. */
  readonly slack: Tensor;
}

interface Sides {
  /** Of each such delay. */
  readonly all: readonly Side[];
  /** bool: has one of them come to the start? */
  readonly turned: Tensor;
}

/** bool: is a time, from the start of the solve on, before it? Where a step may end at the start it is on the side from which the step came. */
function isBefore(reached: Tensor, { from, later, slack }: Side): Tensor {
  const still = stopGradient(reached);
  const near = still.abs().lessEqual(
    still
      .sub(from)
      .abs()
      .mul(2 * nearest)
      .maximum(slack),
  );
  return where(near, later.not(), still.lessEqual(0));
}

/** Delays that depend on the state, as functions of the program in the dtype of times. */
function stateLags(
  { state, args }: Parts,
  { delays, start }: DelayProblem,
): ((t: Tensor, y: readonly Tensor[]) => Tensor)[] {
  const real = realOf(state);
  return delays.slots.flatMap((slot, i) => {
    if (typeof slot === "number") return [];
    const run = traced(
      "delay",
      (t, ...y) => [
        cast(delayOf(slot(t, tree.unflatten<never>(state.structure, y), args as never), i, t), start.dtype),
      ],
      [{ dtype: real, shape: [] }, ...state.leaves],
    );
    return [(t: Tensor, y: readonly Tensor[]) => run([cast(t, real), ...y])[0]!];
  });
}

/** A solver's steps for a given past; undefined: no step was taken yet. With sides of the start, where those are known. */
function delayedParts(
  solver: Solver,
  parts: Parts,
  problem: DelayProblem,
): (past: Past | undefined, sides?: Sides["all"]) => Method {
  const { field, history, delays, start } = problem;
  const { state, args } = parts;
  const count = state.leaves.length;
  const real = realOf(state);
  const several = delays.slots.length;
  const treeOf = (leaves: readonly Tensor[]): never => tree.unflatten<never>(state.structure, leaves);
  const types = Array.from({ length: several + 1 }, () => state.leaves).flat();
  const run = traced(
    "field",
    (t, ...ins) => {
      const groups = Array.from({ length: several + 1 }, (_, i) => treeOf(ins.slice(i * count, (i + 1) * count)));
      return derivative("ddeint", field(t, groups[0]!, groups.slice(1), args as never), state, t);
    },
    [{ dtype: real, shape: [] }, ...types],
  );
  const earlier = traced("history", (t) => historyLeaves(history, cast(t, real), state), [
    { dtype: start.dtype, shape: [] },
  ]);
  const functions = stateLags(parts, problem);
  let next = 0;
  const lags = delays.slots.map((slot) => {
    if (typeof slot !== "number") return { place: next, of: functions[next++]! };
    return { place: undefined, of: () => delays.tensor!.slice([slot], [slot + 1]).reshape([]) };
  });
  const make = (past: Past | undefined, sides?: Sides["all"]): Method =>
    methodOf(solver, {
      ...parts,
      field: (t, y) => {
        const delayed = Array.from({ length: several }, (_, i) => {
          const { of: lag, place } = lags[i]!;
          const s = t.sub(lag(t, y));
          const old = earlier([s.minimum(start)]);
          if (!past) return old;
          const isOld = sides && place !== undefined ? isBefore(s.sub(start), sides[place]!) : s.lessEqual(start);
          return stateAt(past, s.maximum(start), still).map((x, k) => where(isOld, old[k]!, x));
        });
        return run([cast(t, real), ...y, ...delayed.flat()]);
      },
    });
  // Interpolation does not call the field.
  const still = make(undefined);
  return (past, sides) => (past ? make(past, sides) : still);
}
