import { bind, cast, loop, maximum, stopGradient, type Tensor, trace, where } from "@dzdt/tensor";
import { type FineTime, laterBy, since } from "./fine-time";
import { typeOf } from "./leaves";
import { allFinite, numbers, type Outcome, type Problem, startOf } from "./problem";
import { Status } from "./status";

/** Steps of one length from t0 on, the last one cut to end at `end`. */
export interface Grid {
  /** How many steps there are: int32; 0 where they would be more than a solve may take. */
  readonly count: Tensor;
  /** The steps' length, with its sign. A constant of derivatives. */
  readonly h: Tensor;
  /** The last step's length, with its sign. */
  readonly last: Tensor;
  readonly end: FineTime;
}

/** Where the steps end. To be called while tracing, with traced `t0`. */
export function gridOf(t0: FineTime, end: FineTime, dt: Tensor, maxSteps: number): Grid {
  const { int, real } = numbers(t0.t);
  const span = since(end, t0);
  const h = stopGradient(span.sign().mul(dt));
  // A last step that is longer by rounding saves a tiny one.
  const steps = span.div(dt).abs();
  const wanted = stopGradient(maximum(steps.sub(slackOf(steps)).ceil(), 1));
  const count = cast(where(wanted.lessEqual(real(maxSteps)), wanted, real(0)), "int32");
  return { count, h, last: since(end, timeAt(t0, h, count.sub(int(1)))), end };
}

/** How many steps of a length there are over a span, as numbers of the host. */
export const stepsOver = (span: number, dt: number): number => Math.max(Math.ceil(Math.abs(span / dt) - 1e-9), 1);

/** Time after some steps. */
export const timeAt = (t0: FineTime, h: Tensor, steps: Tensor): FineTime => laterBy(t0, h, cast(steps, h.dtype));

/** How many whole steps there are from t0 to a time: from within a rounding of a point on, the next one is meant. */
export function pointsPassed({ h }: Pick<Grid, "h">, t0: FineTime, to: FineTime): Tensor {
  const steps = stopGradient(since(to, t0)).div(h);
  return cast(steps.add(slackOf(steps)).floor(), "int32");
}

/** How far a number of steps may be from a whole one by rounding. */
const slackOf = (steps: Tensor): Tensor | number =>
  steps.dtype === "float32"
    ? stopGradient(steps)
        .abs()
        .mul(2 ** -21)
        .add(1e-3)
    : 1e-9;

/** Solves with steps of one length and no outputs but the last: a loop that counts, where all steps are taken before anyone looks at them. */
export function integrateFixed(problem: Problem, grid: Grid): Outcome {
  const { method, t0, y0, maxSteps, checkpoints } = problem;
  const { int } = numbers(t0);
  const memory = method.begin(t0, y0);
  const carries = [...y0, ...memory, ...(method.counted ? [int(0)] : [])];
  const size = y0.length + memory.length;
  const step = (t: Tensor, tNext: Tensor, h: Tensor, from: readonly Tensor[]): Tensor[] => {
    const tried = method.attempt(t, tNext, h, from.slice(0, y0.length), from.slice(y0.length, size));
    return [...tried.y, ...tried.memory, ...from.slice(size).map((n) => n.add(tried.evaluations!))];
  };
  const { h, last, end, count } = grid;
  // All that the field sees of times is a float.
  const about = (n: Tensor): Tensor => t0.add(cast(n, h.dtype).mul(h));
  const body = trace("step", (i, ...from) => step(about(i), about(i.add(1)), h, from), [
    { dtype: "int32", shape: [] },
    ...carries.map(typeOf),
  ]);
  const before = count.sub(1);
  const found = bind(loop, [before, ...carries, ...body.captured], {
    body: body.tape,
    condition: undefined,
    carries: carries.length,
    xs: 0,
    length: maxSteps,
    counted: true,
    reverse: false,
    ys: [],
    rows: 0,
    lanes: 0,
    checkpoints,
  });
  // Apart from the others: its length is another number, and the only one that derivatives change.
  const ended = step(timeAt(startOf(problem), h, before).t, end.t, last, found);
  const taken = count.greater(int(0));
  // Of more steps than there may be none is taken.
  const results = ended.map((x, k) => where(taken, x, carries[k]!));
  const y = results.slice(0, y0.length);
  // What is not finite stays so, as each step adds to the state.
  const finite = where(allFinite([...y, ...memory], t0), int(Status.success), int(Status.nonFinite));
  const tooMany = where(allFinite([t0], t0), int(Status.maxStepsReached), int(Status.nonFinite));
  const status = where(taken, finite, tooMany);
  const succeeded = status.equal(int(Status.success));
  const { evaluations } = method;
  return {
    ys: y.map((x) => where(succeeded, x, NaN).reshape([1, ...x.shape])),
    status,
    steps: count,
    rejected: int(0),
    evaluations: (results[size] ?? count.mul(int(evaluations.attempt))).add(int(evaluations.begin)),
    t: where(taken, end.t, t0),
    h,
    y,
    memory: results.slice(y0.length, size),
    derivative: method.derivative ? results.slice(y0.length, 2 * y0.length) : [],
  };
}
