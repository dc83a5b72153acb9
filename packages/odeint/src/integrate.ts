import {
  type Aval, bind, broadcastTo, cast, cond, loop, stopGradient, take, type Tensor, trace, tree, where, withinRule, zerosLike, isFinite,
} from "@dzdt/tensor";
import type { AdaptiveController } from "./controllers/controller";
import { Status } from "./status";
import type { Method } from "./step";

/** How steps are chosen, with all numbers settled. */
export type Stepping =
  | {
      readonly kind: "adaptive";
      readonly controller: AdaptiveController;
      /** Scaled size of an error estimate: a float64 scalar. */
      readonly norm: (error: readonly Tensor[], y: readonly Tensor[], next: readonly Tensor[]) => Tensor;
      /** First step, positive; undefined: found by trial. */
      readonly dt0: Tensor | undefined;
    }
  | { readonly kind: "fixed"; readonly dt: Tensor }
  /** One step from stop to stop. */
  | { readonly kind: "stops" };

/** An initial value problem of leaves. */
export interface Problem {
  readonly method: Method;
  readonly stepping: Stepping;
  readonly t0: Tensor;
  readonly y0: readonly Tensor[];
  /** Times at which a step ends, float64 `[stops]`; the last one ends the solve. */
  readonly stops: Tensor;
  /** Times at which the state is wanted, float64 `[outputs]`, in the direction of the stops; undefined: at the stops, and cheaper so. */
  readonly outputs: Tensor | undefined;
  readonly maxSteps: number;
}

/** A solve as leaves. */
export interface Outcome {
  /** States at the outputs, `[outputs, …leaf]`; NaN where the solve did not get. */
  readonly ys: readonly Tensor[];
  readonly status: Tensor;
  readonly steps: Tensor;
  readonly rejected: Tensor;
  readonly evaluations: Tensor;
  readonly t: Tensor;
  readonly h: Tensor;
  readonly y: readonly Tensor[];
  readonly derivative: readonly Tensor[];
}

/** What goes from iteration to iteration. Lists are empty where a kind of solve has no use for them. */
interface Carry {
  /** Time, float64, and the next step with its sign, a constant of derivatives. */
  readonly t: Tensor;
  readonly h: Tensor;
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
  /** The last step, for its dense output: its length and what the method kept. */
  readonly length: readonly Tensor[];
  readonly dense: readonly Tensor[];
  readonly controller: readonly Tensor[];
  /** Outputs written and stops reached, int32. */
  readonly written: readonly Tensor[];
  readonly reached: readonly Tensor[];
  readonly rejected: readonly Tensor[];
  /** A number of `Status`, or running. */
  readonly status: Tensor;
}

const running = -1;

/** Numbers of the program on the tape of a traced tensor. */
const numbers = (x: Tensor): { int: (value: number) => Tensor; real: (value: number) => Tensor } => ({
  int: (value) => x.tape!.literal(value, "int32"),
  real: (value) => x.tape!.literal(value, "float64"),
});

/** Solves an initial value problem with one loop. To be called while tracing, with traced `t0`. */
export function integrate(problem: Problem): Outcome {
  return withinRule(() => integrateTraced(problem));
}

function integrateTraced(problem: Problem): Outcome {
  const { method, stepping, t0, y0, stops, outputs, maxSteps } = problem;
  const { int, real } = numbers(t0);
  const stopCount = stops.shape[0]!;
  const outputCount = outputs ? outputs.shape[0]! : stopCount;
  const end = take(stops, int(stopCount - 1), 0);
  const direction = stopGradient(end.sub(t0).sign());
  const memory = method.begin(t0, y0);
  const first = firstStep(problem, end, direction, memory);
  const start: Carry = {
    t: t0,
    h: stopGradient(first.h),
    y: y0,
    memory,
    length: outputs ? [real(1)] : [],
    dense: outputs ? method.dense.map(({ dtype, shape }) => broadcastTo(t0.tape!.literal(0, dtype), shape)) : [],
    controller: stepping.kind === "adaptive" ? stepping.controller.init().map(real) : [],
    written: outputs ? [int(0)] : [],
    reached: stopCount > 1 ? [int(0)] : [],
    rejected: stepping.kind === "adaptive" ? [int(0)] : [],
    status: where(allFinite([...y0, ...memory], t0), int(running), int(Status.nonFinite)),
  };
  const { carry, rows, iterations } = runLoop(problem, start, direction);
  const status = carry.status;
  const done = outputs ? carry.written[0]! : carry.reached[0];
  const ys = done
    ? rows.map((y) => where(reached(done, y), y, NaN))
    : carry.y.map((y) => {
        const last = where(status.equal(int(Status.success)), y, NaN);
        return last.reshape([1, ...last.shape]);
      });
  const written = outputs ? carry.written[0]! : int(0);
  const steps = iterations.sub(written);
  const { evaluations } = method;
  return {
    ys,
    status,
    steps,
    rejected: carry.rejected[0] ?? int(0),
    evaluations: steps
      .mul(int(evaluations.attempt))
      .add(int(evaluations.begin + first.evaluations))
      .add(written.mul(int(evaluations.interpolate))),
    t: carry.t,
    h: carry.h,
    y: carry.y,
    derivative: method.derivative ? carry.memory.slice(0, y0.length) : [],
  };

  function reached(count: Tensor, y: Tensor): Tensor {
    const row = broadcastTo(int(1), [outputCount]).cumsum(0).lessEqual(count);
    return row.reshape([outputCount, ...y.shape.slice(1).map(() => 1)]);
  }
}

function runLoop(problem: Problem, start: Carry, direction: Tensor): { carry: Carry; rows: Tensor[]; iterations: Tensor } {
  const { method, outputs, stops, y0, maxSteps } = problem;
  const flat = tree.flatten(start as never);
  const init = flat.leaves as Tensor[];
  const types = init.map(({ dtype, shape }): Aval => ({ dtype, shape }));
  const rebuild = (ins: readonly Tensor[]): Carry => tree.unflatten(flat.structure, ins);
  const leavesOf = (carry: Carry): Tensor[] => tree.flatten(carry as never).leaves as Tensor[];
  const count = outputs?.shape[0] ?? stops.shape[0]!;
  const rowwise = outputs !== undefined || count > 1;
  const body = trace(
    "step",
    (i, ...ins) => {
      const carry = rebuild(ins);
      if (!outputs) {
        const { next, row } = attempt(problem, carry, i!, direction);
        return rowwise ? [...leavesOf(next), row, ...next.y] : leavesOf(next);
      }
      const { int } = numbers(i!);
      const written = carry.written[0]!;
      const due = take(outputs, written, 0);
      const late = direction.mul(due.sub(carry.t)).lessEqual(0);
      return cond(
        late,
        (...now: Tensor[]) => {
          const c = rebuild(now);
          const ended = c.written[0]!.add(1);
          const length = c.length[0]!;
          const s = take(outputs, c.written[0]!, 0).sub(c.t).div(length);
          const y = method.interpolate({ t: c.t, h: length, s, y: c.y, memory: c.memory, dense: c.dense });
          const status = where(ended.equal(int(count)), int(Status.success), int(running));
          return [...leavesOf({ ...c, written: [ended], status }), c.written[0]!, ...y];
        },
        (...now: Tensor[]) => {
          const c = rebuild(now);
          const { next } = attempt(problem, c, i!.sub(c.written[0]!), direction);
          return [...leavesOf(next), int(-1), ...c.y.map((y) => zerosLike(y))];
        },
        ...ins,
      );
    },
    [{ dtype: "int32", shape: [] }, ...types],
  );
  const condition = trace("unfinished", (...ins) => [rebuild(ins).status.less(0)], types);
  const results = bind(loop, [...init, ...body.captured, ...condition.captured], {
    body: body.tape,
    condition: condition.tape,
    carries: init.length,
    xs: 0,
    length: maxSteps + (outputs ? count : 0),
    counted: false,
    reverse: false,
    ys: rowwise ? y0.map(() => "row" as const) : [],
    rows: rowwise ? count : 0,
    lanes: 0,
  });
  return { carry: rebuild(results.slice(0, init.length)), rows: results.slice(init.length, -1), iterations: results.at(-1)! };
}

/** One attempt at a step. `attempts` counts those before it. */
function attempt(problem: Problem, c: Carry, attempts: Tensor, direction: Tensor): { next: Carry; row: Tensor } {
  const { method, stepping, stops, t0, outputs, maxSteps } = problem;
  const { int } = numbers(attempts);
  const stop = take(stops, c.reached[0] ?? int(0), 0);
  const left = stop.sub(c.t);
  // A last step up to 1 % longer than planned saves a tiny one; fixed steps only absorb rounding.
  const slack = stepping.kind === "adaptive" ? 1.01 : 1 + 1e-9;
  const last = stepping.kind === "stops" ? undefined : left.abs().lessEqual(c.h.abs().mul(slack));
  const h = last ? where(last, left, c.h) : left;
  const planned = stepping.kind === "fixed" ? t0.add(cast(attempts.add(1), "float64").mul(c.h)) : c.t.add(c.h);
  const tNext = last ? where(last, stop, planned) : stop;
  const tried = method.attempt(c.t, tNext, h, c.y, c.memory);
  const decision = decide(problem, c, h, tried);
  const { accept } = decision;
  const choose = (next: readonly Tensor[], before: readonly Tensor[]): Tensor[] => next.map((x, k) => where(accept, x, before[k]!));
  const t = where(accept, tNext, c.t);
  const landed = last ? accept.and(last) : accept;
  const stopCount = stops.shape[0]!;
  const ended = stopCount > 1 ? landed.and(c.reached[0]!.equal(int(stopCount - 1))) : landed;
  const exhausted = attempts.equal(int(maxSteps - 1));
  const proceeding = where(exhausted, int(Status.maxStepsReached), int(running));
  const unless = decision.failure ? where(decision.failure.when, int(decision.failure.status), proceeding) : proceeding;
  const next: Carry = {
    t,
    h: decision.h,
    y: choose(tried.y, c.y),
    memory: choose(tried.memory, c.memory),
    length: outputs ? [h] : [],
    dense: outputs ? tried.dense : [],
    controller: decision.controller,
    written: c.written,
    reached: c.reached.map((n) => n.add(cast(landed, "int32"))),
    rejected: c.rejected.map((n) => n.add(cast(accept.not(), "int32"))),
    status: where(ended, outputs ? int(running) : int(Status.success), unless),
  };
  return { next, row: where(landed, c.reached[0] ?? int(0), int(-1)) };
}

interface Verdict {
  readonly accept: Tensor;
  readonly h: Tensor;
  readonly controller: readonly Tensor[];
  readonly failure: { readonly when: Tensor; readonly status: number } | undefined;
}

function decide({ method, stepping }: Problem, c: Carry, h: Tensor, tried: ReturnType<Method["attempt"]>): Verdict {
  if (stepping.kind !== "adaptive") {
    const accept = allFinite(tried.y, c.t);
    return { accept, h: c.h, controller: [], failure: { when: accept.not(), status: Status.nonFinite } };
  }
  const { controller, norm } = stepping;
  const [high, low] = tried.errors.map((error) => norm(error, c.y, tried.y));
  const ratio = stopGradient(low ? combined(high!, low) : high!);
  const { accept, factor, state } = controller.adapt(c.controller, ratio, method.errorOrder!);
  let next = stopGradient(h).mul(factor);
  if (controller.dtMax < Infinity) next = next.clip(-controller.dtMax, controller.dtMax);
  const least = c.t.abs().mul(4 * 2 ** -52).maximum(Math.max(controller.dtMin, 1e-290));
  return {
    accept,
    h: next,
    controller: state,
    failure: { when: next.abs().less(stopGradient(least)).and(accept.not()), status: Status.stepUnderflow },
  };
}

/** Hairer's combination of estimates of orders 5 and 3. */
const combined = (high: Tensor, low: Tensor): Tensor => {
  const square = high.mul(high);
  const size = square.add(low.mul(low).mul(0.01)).sqrt();
  return where(size.greater(0), square.div(size), size);
};

/** bool: no leaf has a NaN or an infinity. */
function allFinite(leaves: readonly Tensor[], like: Tensor): Tensor {
  // 0 · x is 0 for finite x, else NaN.
  const sums = leaves.filter((x) => x.size > 0).map((x) => x.mul(0).sum().equal(0));
  return sums.reduce((all, one) => all.and(one), like.tape!.literal(1, "bool"));
}

/** The first step with its sign: as given, or by Hairer, Nørsett and Wanner 1993, II.4. */
function firstStep(
  { method, stepping, t0, y0 }: Problem,
  end: Tensor,
  direction: Tensor,
  memory: readonly Tensor[],
): { h: Tensor; evaluations: number } {
  if (stepping.kind === "stops") return { h: direction, evaluations: 0 };
  if (stepping.kind === "fixed") return { h: direction.mul(stepping.dt), evaluations: 0 };
  const { controller, norm, dt0 } = stepping;
  const span = end.sub(t0).abs();
  const most = controller.dtMax < Infinity ? span.minimum(controller.dtMax) : span;
  if (dt0) return { h: direction.mul(dt0.minimum(most)), evaluations: 0 };
  const f0 = memory.slice(0, y0.length);
  const d0 = norm(y0, y0, y0);
  const d1 = norm(f0, y0, y0);
  // In float32 a difference over a very short step is all rounding.
  const short = y0.some(({ dtype }) => dtype === "float32") ? 1e-3 : 1e-6;
  const small = d0.less(1e-5).or(d1.less(1e-5));
  const h0 = where(small, span.mul(0).add(short), d0.mul(0.01).div(d1)).minimum(most);
  const step = direction.mul(h0);
  const y1 = y0.map((y, k) => y.add(f0[k]!.mul(cast(step, y.dtype))));
  const f1 = method.begin(t0.add(step), y1).slice(0, y0.length);
  const d2 = norm(f1.map((f, k) => f.sub(f0[k]!)), y0, y0).div(h0);
  const steep = d1.maximum(d2);
  const h1 = where(steep.lessEqual(1e-15), h0.mul(1e-3).maximum(short), steep.maximum(1e-300).mul(100).pow(-1 / method.errorOrder!));
  const h = where(isFinite(h1), h1, h0.mul(1e-3)).minimum(h0.mul(100)).minimum(most);
  return { h: direction.mul(h), evaluations: method.evaluations.begin };
}
