import {
  applyTape,
  bind,
  broadcastTo,
  call,
  cast,
  type Checkpoints,
  concat,
  loop,
  maximum,
  primitive,
  stopGradient,
  take,
  type Target,
  type Tensor,
  trace,
  UnsupportedError,
  where,
  withinRule,
} from "@dzdt/tensor";
import { flatResult, typeOf } from "../leaves";
import { allFinite, numbers } from "../problem";
import { Status } from "../status";
import { type Accuracy, adaptively } from "./adaptive";
import type { StateType } from "../vectorField";
import type { SdeMethod } from "./methods/method";
import type { Motion, Span } from "./motion";
import { type Advance, type Steps, undone, type Walked } from "./undone";

/** A solve with all options settled. */
export interface SdeRequest {
  readonly state: StateType;
  /** Records the method; called while tracing. */
  readonly method: () => SdeMethod;
  readonly motion: Motion;
  /** The longest step; undefined: one step from time to time. */
  readonly dt: Tensor | undefined;
  readonly maxSteps: number;
  /** Which states reverse mode keeps. */
  readonly checkpoints: Checkpoints;
  readonly target: Target;
  /** Are steps undone for gradients, instead of kept? */
  readonly undone: boolean;
  /** Do gradients of steps that cannot be undone throw, or are they NaN? */
  readonly raise: boolean;
  /** Absent: steps of equal length. */
  readonly accuracy?: Omit<Accuracy, "longest"> | undefined;
  /** Solves in place of `integrate`, with derivatives of its own. */
  readonly solve?: typeof integrate | undefined;
}

/** Where a solve ended: of steps of equal length at the first of the times at which it is not finite, else the last. */
export interface SdeEnd {
  readonly t: Tensor;
  /** The step that was to be next, or the longest of steps of equal length. */
  readonly h: Tensor;
  readonly y: readonly Tensor[];
  /** How many steps of equal length there are to be, in the dtype of times. */
  readonly wanted?: Tensor;
}

/** A solve as leaves. */
export interface SdeOutcome {
  /** `[times, …leaf]`; NaN from where it is not finite. */
  readonly ys: readonly Tensor[];
  readonly status: Tensor;
  readonly steps: Tensor;
  readonly rejected: Tensor;
  readonly evaluations: Tensor;
  /** Where it ended, for errors. */
  readonly end: SdeEnd;
}

/** Solves, as one program: run at once, or recorded on the trace that its tensors belong to. */
export function solveSde(request: SdeRequest, y0: readonly Tensor[], ts: Tensor): SdeOutcome {
  const inputs = [...(ts.tape ? withoutDerivatives(ts) : [ts]), ...(request.dt ? [request.dt] : []), ...y0];
  const { run, rebuild } = flatResult((...ins) => {
    const dt = request.dt && stopGradient(ins[1]!);
    return (request.solve ?? integrate)(request, ins.slice(dt ? 2 : 1), ins[0]!, dt);
  });
  const { tape, captured } = trace("sdeint", run, inputs.map(typeOf), { target: request.target });
  return rebuild(applyTape(tape, [...inputs, ...captured]));
}

const refuse = (): never => {
  throw new UnsupportedError(
    "sdeint: a Brownian path has no derivative in time, and one with respect to ts was asked for; stopGradient the times",
  );
};

/** Times that derivatives may not ask about. */
const steadyTimes: typeof call = primitive({
  ...call,
  name: "steadyTimes",
  forward: refuse,
  backward: refuse,
  pushforward: refuse,
  batch: (o, ins, batched, a, size) => {
    const wide = o.transforms.batch(a.tape, batched, size);
    return o.bind(steadyTimes, [...ins, ...wide.captured], { ...a, tape: wide.tape });
  },
});

const withoutDerivatives = (ts: Tensor): Tensor[] => {
  const { tape } = trace("times", (x) => [x], [{ dtype: ts.dtype, shape: ts.shape }]);
  return bind(steadyTimes, [ts], { tape });
};

/** To be called while tracing. */
export function integrate(request: SdeRequest, y0: readonly Tensor[], ts: Tensor, dt: Tensor | undefined): SdeOutcome {
  const method = request.method();
  return withinRule(() => {
    const { int, real } = numbers(ts);
    const count = ts.shape[0]! - 1;
    const start = ts.slice([0], [count]);
    const end = ts.slice([1], [count + 1]);
    const memory = method.begin(cast(take(ts, int(0), 0), ts.dtype), y0);
    const { accuracy, motion, maxSteps, checkpoints } = request;
    if (accuracy) {
      const full: Accuracy = { ...accuracy, longest: dt };
      const found = adaptively({ method, motion, accuracy: full, maxSteps, checkpoints, start, end, y0, memory });
      // A step, and its two halves.
      const each = int(3 * method.evaluations.step);
      return {
        ...found,
        ys: y0.map((y, k) => concat([y.reshape([1, ...y.shape]), found.rows[k]!], 0)),
        evaluations: found.steps.mul(each).add(int(method.evaluations.begin)),
      };
    }
    const plan: Plan = { request, method, start, end, y0, carries: [...y0, ...memory] };
    const span = take(end, int(count - 1), 0).sub(take(start, int(0), 0));
    const found = dt || request.undone ? inSteps(plan, dt ?? span) : fromTimeToTime(plan);
    const rows = y0.map((y, k) => concat([y.reshape([1, ...y.shape]), found.rows[k]!], 0));
    const reached = finiteRows(rows, ts);
    const fine = reached.equal(count + 1).and(allFinite(found.memory, ts));
    const status = where(
      found.allowed,
      where(fine, int(Status.success), int(Status.nonFinite)),
      int(Status.maxStepsReached),
    );
    const at = where(found.allowed, reached.minimum(count), int(0));
    return {
      ys: rows.map((y) => where(found.allowed.and(y.mul(0).equal(0)), y, NaN)),
      status,
      steps: found.steps,
      rejected: int(0),
      evaluations: found.steps.mul(int(method.evaluations.step)).add(int(method.evaluations.begin)),
      end: { t: take(ts, at, 0), h: dt ?? real(0), y: rows.map((y) => take(y, at, 0)), wanted: found.wanted },
    };
  });
}

/** How many of as many rows as there are times are finite: what is not stays so. */
function finiteRows(ys: readonly Tensor[], ts: Tensor): Tensor {
  const count = ts.shape[0]!;
  const rows = ys.filter((y) => y.size > 0).map((y) => y.mul(0).reshape([count, -1]).sum(1).equal(0));
  return rows.length > 0
    ? cast(
        rows.reduce((all, one) => all.and(one)),
        "int32",
      ).sum()
    : numbers(ts).int(count);
}

interface Plan {
  readonly request: SdeRequest;
  readonly method: SdeMethod;
  /** Both ends of each interval between times. */
  readonly start: Tensor;
  readonly end: Tensor;
  readonly y0: readonly Tensor[];
  readonly carries: readonly Tensor[];
}

interface Found {
  /** `[times − 1, …leaf]`. */
  readonly rows: readonly Tensor[];
  readonly memory: readonly Tensor[];
  readonly steps: Tensor;
  /** How many steps there are to be, in the dtype of times, and bool: no more than there may be. */
  readonly wanted: Tensor;
  readonly allowed: Tensor;
}

function stepped({ request, method, y0 }: Plan, span: Required<Span>, from: readonly Tensor[]): Tensor[] {
  const noise = request.motion.over(span);
  const { y, memory } = method.step({ ...span, y: from.slice(0, y0.length), memory: from.slice(y0.length), noise });
  return [...y, ...memory];
}

/** One step for each interval. */
function fromTimeToTime(plan: Plan): Found {
  const { request, start, end, y0, carries } = plan;
  const { int, real } = numbers(start);
  const count = start.shape[0]!;
  const body = trace(
    "step",
    (number, ...ins) => {
      const [t, tNext] = [ins[carries.length]!, ins[carries.length + 1]!];
      const next = stepped(plan, { t, tNext, h: tNext.sub(t), number }, ins.slice(0, carries.length));
      return [...next, ...next.slice(0, y0.length)];
    },
    [
      { dtype: "int32", shape: [] },
      ...carries.map(typeOf),
      { dtype: start.dtype, shape: [] },
      { dtype: start.dtype, shape: [] },
    ],
  );
  const results = bind(loop, [...carries, start, end, ...body.captured], {
    body: body.tape,
    condition: undefined,
    carries: carries.length,
    xs: 2,
    length: count,
    counted: false,
    reverse: false,
    ys: y0.map(() => "each" as const),
    rows: 0,
    lanes: 0,
    checkpoints: request.checkpoints,
  });
  return {
    rows: results.slice(carries.length),
    memory: results.slice(y0.length, carries.length),
    steps: int(count),
    wanted: real(count),
    allowed: start.tape!.literal(1, "bool"),
  };
}

/** Each interval in equal steps, no longer than dt: a loop that counts over all of them. */
function inSteps(plan: Plan, dt: Tensor): Found {
  const { request, method, start, end, y0, carries } = plan;
  const { real } = numbers(start);
  const length = end.sub(start);
  const each = stepsWithin(length, dt);
  const wanted = each.sum();
  const allowed = wanted.lessEqual(real(request.maxSteps));
  const counts = cast(where(allowed, each, 0), "int32");
  const steps: Steps = { start, end, step: length.div(maximum(cast(counts, length.dtype), 1)), counts };
  const advance: Advance = (...at) => stepped(plan, ...at);
  const walk = (times: Steps, from: readonly Tensor[], by: Advance): Walked =>
    walked(times, from, y0.length, by, request);
  const { undo } = method;
  const { rows, ended } =
    request.undone && undo
      ? undone(
          steps,
          carries,
          y0.length,
          advance,
          (...at) => stepped({ ...plan, method: { ...method, step: undo } }, ...at),
          walk,
          request.raise,
        )
      : walk(steps, carries, advance);
  return { rows, memory: ended.slice(y0.length), steps: counts.sum(), wanted, allowed };
}

/** How many equal steps intervals are divided into, in the dtype of times. */
export function stepsWithin(length: Tensor, dt: Tensor): Tensor {
  // A step that is longer by rounding saves a tiny one.
  const slack = length.dtype === "float32" ? 1e-3 : 1e-9;
  return stopGradient(maximum(length.div(dt).sub(slack).ceil(), 1));
}

/** Takes all steps of all intervals. */
function walked(
  { start, end, step, counts }: Steps,
  carries: readonly Tensor[],
  size: number,
  advance: Advance,
  { maxSteps, checkpoints }: Pick<SdeRequest, "maxSteps" | "checkpoints">,
): Walked {
  const { int } = numbers(start);
  const intervals = start.shape[0]!;
  const several = intervals > 1;
  const total = counts.sum();
  // Before the carries: which interval, and which step of it.
  const places = several ? [int(0), int(0)] : [];
  const init = [...places, ...carries];
  const body = trace(
    "step",
    (counter, ...ins) => {
      const [interval, i] = several ? [ins[0]!, ins[1]!] : [int0(counter), counter];
      const at = (list: Tensor): Tensor => (several ? take(list, interval, 0) : list.reshape([]));
      const [t0, h, count] = [at(start), at(step), at(counts)];
      const next = i.add(1);
      const last = next.equal(count);
      const time = (n: Tensor): Tensor => t0.add(cast(n, t0.dtype).mul(h));
      const span = { t: time(i), tNext: where(last, at(end), time(next)), h, number: counter };
      const found = advance(span, ins.slice(places.length));
      if (!several) return found;
      const row = where(last, interval, -1);
      return [where(last, interval.add(1), interval), where(last, 0, next), ...found, row, ...found.slice(0, size)];
    },
    [{ dtype: "int32", shape: [] }, ...init.map(typeOf)],
  );
  const results = bind(loop, [total, ...init, ...body.captured], {
    body: body.tape,
    condition: undefined,
    carries: init.length,
    xs: 0,
    length: maxSteps,
    counted: true,
    reverse: false,
    ys: several ? carries.slice(0, size).map(() => "row" as const) : [],
    rows: several ? intervals : 0,
    lanes: 0,
    checkpoints,
  });
  const ended = results.slice(places.length, init.length);
  return {
    rows: several ? results.slice(init.length) : ended.slice(0, size).map((y) => broadcastTo(y, [1, ...y.shape])),
    ended,
  };
}

const int0 = (like: Tensor): Tensor => like.tape!.literal(0, "int32");
