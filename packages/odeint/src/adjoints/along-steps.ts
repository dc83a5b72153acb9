import { type Aval, bind, broadcastTo, cast, loop, stopGradient, type Tensor, trace, tree, where } from "@dzdt/tensor";
import { attempt } from "../attempt";
import { type FineTime, sameTime, since, timeAmong } from "../fine-time";
import { firstStep } from "../initialStep";
import { allFinite, type Carry, now, numbers, type Problem, running, startOf, stopsOf } from "../problem";
import { Status } from "../status";
import type { Method, Taken } from "../step";
import { noVisits } from "../visits";
import { typeOf } from "./pullback";

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
  const { t0, stops, maxSteps } = problem;
  // Outputs make attempts keep what they are interpolated by.
  const whole: Problem = { ...problem, outputs: stops, timesMove: true, watched: false, checkpoints: "all" };
  const end = timeAmong(stopsOf(whole), numbers(t0).int(0));
  const flat = tree.flatten(begin(whole, end) as never);
  const count = flat.leaves.length;
  const init = [...(flat.leaves as Tensor[]), ...sums];
  const types = init.map(typeOf);
  const rebuild = (ins: readonly Tensor[]): Carry => tree.unflatten(flat.structure, ins.slice(0, count));
  const body = trace(
    "step",
    (i, ...ins) => {
      const before = rebuild(ins);
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
      return [...(tree.flatten(next as never).leaves as Tensor[]), ...added, ...(keep ? kept(before, step) : [])];
    },
    [{ dtype: "int32", shape: [] }, ...types],
  );
  const condition = trace(
    "unfinished",
    (...ins) => {
      const carry = rebuild(ins);
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
  const last = rebuild(results);
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

function begin(problem: Problem, end: FineTime): Carry {
  const { method, stepping, t0, y0 } = problem;
  const { int, real } = numbers(t0);
  const memory = method.begin(t0, y0);
  const first = firstStep(problem, end, stopGradient(since(end, startOf(problem)).sign()), memory);
  const proceeding =
    stepping.kind === "fixed"
      ? where(stepping.grid.count.greater(0), int(running), int(Status.maxStepsReached))
      : int(running);
  return {
    ...startOf(problem),
    h: stopGradient(first.h),
    y: y0,
    memory,
    length: [real(1)],
    dense: method.dense.map(({ dtype, shape }: Aval) => broadcastTo(t0.tape!.literal(0, dtype), shape)),
    controller: stepping.kind === "adaptive" ? stepping.controller.init().map(real) : [],
    visits: noVisits(stepping, t0, method),
    written: [int(0)],
    reached: [],
    rejected: stepping.kind === "adaptive" ? [int(0)] : [],
    evaluations: method.counted ? [int(0)] : [],
    events: [],
    saves: [],
    status: where(allFinite([...y0, ...memory], t0), proceeding, int(Status.nonFinite)),
  };
}
