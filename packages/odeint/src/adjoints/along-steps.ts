import { bind, cast, loop, type Tensor, trace, where } from "@dzdt/tensor";
import { attempt } from "../attempt";
import { sameTime } from "../fine-time";
import { startingWith } from "../integrate";
import { flat, typeOf } from "../leaves";
import { type Carry, endOf, now, numbers, type Problem, running } from "../problem";
import { Status } from "../status";
import type { Method, Taken } from "../step";

/** One attempt at a step. */
export interface Attempted extends Omit<Taken, "s"> {
  /** bool: the step was taken. */
  readonly accepted: Tensor;
  /** Where it began. */
  readonly start: Tensor;
}

/** A solve from t0 to its one stop, seen step by step. */
export interface Along {
  readonly y: readonly Tensor[];
  /** A number of `Status`. */
  readonly status: Tensor;
  /** How long the next step would have been, with its sign. */
  readonly h: Tensor;
  readonly sums: readonly Tensor[];
  /** All attempts, without their dense output: as many rows as there were, which only loops read. Empty unless they are kept. */
  readonly attempts: readonly Tensor[];
  readonly count: Tensor;
}

/**
 * Solves without outputs, each step with its dense output.
 * @param sums what `visit` adds to after each attempt
 * @param keep whether attempts are kept
 */
export function alongSteps(
  problem: Omit<Problem, "outputs" | "timesMove" | "watched" | "checkpoints">,
  keep: boolean,
  sums: readonly Tensor[] = [],
  visit?: (step: Attempted, sums: readonly Tensor[]) => readonly Tensor[],
): Along {
  const { stops, t0, maxSteps } = problem;
  // Outputs make attempts keep what they are interpolated by.
  const whole: Problem = { ...problem, outputs: stops, timesMove: true, watched: false, checkpoints: "all" };
  const end = endOf(whole);
  const start = flat(startingWith(whole).start);
  const count = start.leaves.length;
  const init = [...start.leaves, ...sums];
  const types = init.map(typeOf);
  const body = trace(
    "step",
    (i, ...ins) => {
      const before = start.rebuild(ins);
      const { next, accept } = attempt(whole, before, i);
      const step: Attempted = {
        accepted: accept,
        start: before.t,
        t: next.t,
        h: next.length[0]!,
        y: next.y,
        memory: next.memory,
        dense: next.dense,
      };
      const added = visit ? visit(step, ins.slice(count)) : [];
      return [...flat(next).leaves, ...added, ...(keep ? kept(before, step) : [])];
    },
    [{ dtype: "int32", shape: [] }, ...types],
  );
  const condition = trace(
    "unfinished",
    (...ins) => {
      const carry = start.rebuild(ins);
      return [carry.status.less(0).and(sameTime(now(carry), end).not())];
    },
    types,
  );
  const rows = body.tape.outputs.length - init.length;
  const results = bind(loop, [...init, ...body.captured, ...condition.captured], {
    body: body.tape,
    condition: condition.tape,
    carries: init.length,
    xs: 0,
    length: maxSteps,
    counted: false,
    reverse: false,
    ys: new Array<"each">(rows).fill("each"),
    rows: 0,
    lanes: 0,
  });
  const last = start.rebuild(results);
  const { int } = numbers(t0);
  const ended = sameTime(now(last), end);
  const status = where(last.status.equal(int(running)), int(Status.maxStepsReached), last.status);
  return {
    y: last.y,
    status: where(ended.and(last.status.lessEqual(int(0))), int(Status.success), status),
    h: last.h,
    sums: results.slice(count, init.length),
    attempts: results.slice(init.length, -1),
    count: results.at(-1)!,
  };
}

/** What an attempt is made again from. */
const kept = ({ y, memory }: Carry, { accepted, start, t, h }: Attempted): Tensor[] => [
  cast(accepted, "int32"),
  start,
  t,
  h,
  ...y,
  ...memory,
];

/** An attempt that was kept, whether it was accepted, and the attempt itself made again. */
export function attemptedFrom(
  row: readonly Tensor[],
  method: Method,
  states: number,
): { readonly accepted: Tensor; readonly again: () => Attempted } {
  const [accepted, start, t, h, ...rest] = row;
  const taken = accepted!.greater(0);
  return {
    accepted: taken,
    again: () => {
      const tried = method.attempt(start!, t!, h!, rest.slice(0, states), rest.slice(states));
      return { ...tried, accepted: taken, start: start!, t: t!, h: h! };
    },
  };
}
