import { cast, invariant, stopGradient, type Tensor, tree, type Tree, where } from "@dzdt/tensor";
import { acrossJumps } from "../jumps";
import { methodOf, type Solver } from "../solver";
import { Status } from "../status";
import type { Attempt, Method } from "../step";
import type { Parts } from "../stepper";
import { derivative, realOf, traced } from "../vectorField";
import { breakingPoints, type KnownDelays } from "./delays";
import { type History, historyLeaves } from "./history";
import { emptyPast, oldest, type Past, remembered, stateAt } from "./past";

/** dy/dt as a function of time, state, the states each delay ago, and arguments. */
export type DelayedField<Y, A> = (t: Tensor, y: Y, delayed: readonly Y[], args: A) => Tree;

/** An equation with delays, without its state. */
export interface DelayProblem {
  readonly field: DelayedField<never, never>;
  readonly history: History<unknown>;
  readonly delays: KnownDelays;
  /** The time at which the history ends. */
  readonly start: Tensor;
  /** How many steps are kept. */
  readonly kept: number;
}

/** Steps of a solver for an equation with delays: what it carries includes the latest steps. */
export function delayedMethod(solver: Solver, parts: Parts, problem: DelayProblem): Method {
  const { delays, start, kept } = problem;
  const past = delayedParts(solver, parts, problem);
  const still = past(undefined);
  const shortest = stopGradient(delays.tensor.min());
  const longest = stopGradient(delays.tensor.max());
  // Leaves that the solver itself carries; known once it began.
  let own = 0;
  const unpack = (memory: readonly Tensor[]): Past => {
    const [ends, lengths, ...rest] = memory.slice(own) as [Tensor, Tensor, ...Tensor[]];
    const count = parts.state.leaves.length;
    return {
      ends,
      lengths,
      y: rest.slice(0, count),
      memory: rest.slice(count, count + own),
      dense: rest.slice(count + own),
    };
  };
  const pack = ({ ends, lengths, y, memory, dense }: Past): Tensor[] => [ends, lengths, ...y, ...memory, ...dense];
  const { undo: _, ...inner } = still;
  const method: Method = {
    ...inner,
    // A step may be 1 % longer than planned, and a delay ago must not be later than its start.
    longest: shortest.div(1.01),
    begin: (t, y) => {
      const memory = still.begin(t, y);
      own = memory.length;
      return [...memory, ...pack(emptyPast(kept, start, y, memory, still))];
    },
    restart: (t, y, memory) => [...past(unpack(memory)).begin(t, y), ...memory.slice(own)],
    slope: () => invariant(false, "ddeint: the slope at a time is not to be had without the past") as never,
    attempt: (t, tNext, h, y, memory): Attempt => {
      const before = unpack(memory);
      const tried = past(before).attempt(t, tNext, h, y, memory.slice(0, own));
      const after = remembered(before, { ...tried, end: tNext, length: h });
      const first = stopGradient(oldest(after));
      const forgotten = first.greater(start).and(first.greater(stopGradient(tNext).sub(longest)));
      return {
        ...tried,
        memory: [...tried.memory, ...pack(after)],
        failure: { when: forgotten, status: Status.historyTooShort },
      };
    },
    interpolate: (step) => still.interpolate({ ...step, memory: step.memory.slice(0, own) }),
  };
  const { order } = solver;
  return acrossJumps(method, breakingPoints(start, delays.tensor, order + 1));
}

/** A solver's steps for a given past; undefined: no step was taken yet. */
function delayedParts(solver: Solver, parts: Parts, problem: DelayProblem): (past: Past | undefined) => Method {
  const { field, history, delays, start } = problem;
  const { state, args } = parts;
  const count = state.leaves.length;
  const real = realOf(state);
  const several = delays.tensor.shape[0]!;
  const treeOf = (leaves: readonly Tensor[]): never => tree.unflatten<never>(state.structure, leaves);
  const types = Array.from({ length: several + 1 }, () => state.leaves).flat();
  const run = traced(
    "field",
    (t, ...ins) => {
      const groups = Array.from({ length: several + 1 }, (_, i) => treeOf(ins.slice(i * count, (i + 1) * count)));
      return derivative("ddeint", field(t, groups[0]!, groups.slice(1), args as never), state);
    },
    [{ dtype: real, shape: [] }, ...types],
  );
  const earlier = traced("history", (t) => historyLeaves(history, cast(t, real), state), [
    { dtype: delays.tensor.dtype, shape: [] },
  ]);
  const delay = (i: number): Tensor => delays.tensor.slice([i], [i + 1]).reshape([]);
  const make = (past: Past | undefined): Method =>
    methodOf(solver, {
      ...parts,
      field: (t, y) => {
        const delayed = Array.from({ length: several }, (_, i) => {
          const s = t.sub(delay(i));
          const old = earlier([s.minimum(start)]);
          if (!past) return old;
          const isOld = s.lessEqual(start);
          return stateAt(past, s.maximum(start), still).map((x, k) => where(isOld, old[k]!, x));
        });
        return run([cast(t, real), ...y, ...delayed.flat()]);
      },
    });
  // Interpolation does not call the field.
  const still = make(undefined);
  return (past) => (past ? make(past) : still);
}
