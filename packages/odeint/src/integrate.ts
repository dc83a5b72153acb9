import {
  bind,
  broadcastTo,
  cast,
  cond,
  loop,
  stopGradient,
  type Tensor,
  trace,
  where,
  withinRule,
  zerosLike,
} from "@dzdt/tensor";
import { attempt } from "./attempt";
import { eventRows } from "./events/advance";
import { since, timeAmong } from "./fine-time";
import { integrateFixed } from "./fixed-steps";
import { firstStep } from "./initialStep";
import { flat, typeOf } from "./leaves";
import { isDue, outputAt } from "./output";
import {
  allFinite,
  type Carry,
  endOf,
  now,
  numbers,
  onMovedSteps,
  type Outcome,
  outputsOf,
  type Problem,
  running,
  startOf,
} from "./problem";
import { beside, ordinals } from "./rows";
import { Status } from "./status";
import { noVisits } from "./visits";

/** Solves an initial value problem with one loop. To be called while tracing, with traced `t0`. */
export function integrate(problem: Problem): Outcome {
  const { method, stepping, outputs, watched } = problem;
  return withinRule(() =>
    stepping.kind === "fixed" && !outputs && !watched && !method.jumps
      ? integrateFixed(problem, stepping.grid)
      : integrateTraced(problem),
  );
}

function integrateTraced(given: Problem): Outcome {
  const { problem, direction, start, evaluations } = begin(given);
  return ending(problem, evaluations, direction, runLoop(problem, start, direction));
}

/** What comes before the first iteration. */
export interface Beginning {
  readonly problem: Problem;
  readonly direction: Tensor;
  readonly start: Carry;
  /** Field evaluations for the length of the first step. */
  readonly evaluations: number;
}

/** To be called while tracing, like the other parts of a solve. */
export function begin(given: Problem): Beginning {
  const problem = onMovedSteps(given);
  return { problem, ...startingWith(problem, given.t0) };
}

/** Likewise, of a problem whose steps are as it says. @param from t0 as it moves */
export function startingWith(problem: Problem, from: Tensor = problem.t0): Omit<Beginning, "problem"> {
  const { method, stepping, t0, y0, stops, outputs } = problem;
  const { int, real } = numbers(t0);
  const stopCount = stops.shape[0]!;
  const end = endOf(problem);
  const direction = directionOf(problem);
  const memory = method.begin(from, y0);
  const first = firstStep(problem, end, direction, memory);
  const proceeding =
    stepping.kind === "fixed"
      ? where(stepping.grid.count.greater(0), int(running), int(Status.maxStepsReached))
      : int(running);
  const start: Carry = {
    ...startOf(problem),
    h: stopGradient(first.h),
    y: y0,
    memory,
    length: outputs ? [real(1)] : [],
    dense: outputs ? method.dense.map(({ dtype, shape }) => broadcastTo(t0.tape!.literal(0, dtype), shape)) : [],
    controller: stepping.kind === "adaptive" ? stepping.controller.init().map(real) : [],
    visits: noVisits(stepping, t0, method),
    written: outputs ? [int(0)] : [],
    reached: stopCount > 1 ? [int(0)] : [],
    rejected: stepping.kind === "adaptive" ? [int(0)] : [],
    evaluations: method.counted ? [int(0)] : [],
    events: problem.events ? [problem.events.machinery.begin(problem, direction)] : [],
    saves: problem.kept && problem.kept.rows > 0 ? [int(0), int(0)] : [],
    status: where(allFinite([...y0, ...memory, t0], t0), proceeding, int(Status.nonFinite)),
  };
  return { direction, start, evaluations: first.evaluations };
}

/** 1 or −1, for increasing and decreasing times. */
export const directionOf = (problem: Problem): Tensor => stopGradient(since(endOf(problem), startOf(problem)).sign());

/** What the iterations leave behind. */
export interface Run {
  readonly carry: Carry;
  /** States at the outputs; if there are events with their times, and their log. */
  readonly rows: readonly Tensor[];
  readonly iterations: Tensor;
}

/** The outcome of a run. @param begun field evaluations for the length of the first step */
export function ending(problem: Problem, begun: number, direction: Tensor, { carry, rows, iterations }: Run): Outcome {
  const { method, t0, y0, outputs } = problem;
  const { int } = numbers(t0);
  const outputCount = (outputs ?? problem.stops).shape[0]!;
  // Without end in sight when iterations ran out, as where times that were not known do not go one way.
  const status = where(carry.status.equal(int(running)), int(Status.maxStepsReached), carry.status);
  const done = outputs ? carry.written[0]! : carry.reached[0];
  const more = rowCount(problem) > outputCount;
  const ys = done
    ? rows.slice(0, y0.length).map((y) => {
        const own = more ? y.slice([0], [outputCount]) : y;
        return where(beside(reached(done), own), own, NaN);
      })
    : carry.y.map((y) => {
        const last = where(status.equal(int(Status.success)), y, NaN);
        return last.reshape([1, ...last.shape]);
      });
  const written = outputs ? carry.written[0]! : int(0);
  const happened = carry.events[0];
  const steps = happened
    ? happened.counts.reduce((left, n) => left.sub(n), iterations.sub(written))
    : iterations.sub(written);
  // A step of a given length that is not finite ends the solve: it is one of the steps, but not taken.
  const failed = status.equal(int(Status.nonFinite));
  const { evaluations } = method;
  const worked = (carry.evaluations[0] ?? steps.mul(int(evaluations.attempt)))
    .add(int(evaluations.begin + begun))
    .add(written.mul(int(evaluations.interpolate)));
  return {
    ...(happened ? problem.events!.machinery.collect(problem, carry, rows, ys, status) : { ys }),
    status,
    steps,
    rejected: carry.rejected[0] ?? (happened ? int(0) : cast(failed.and(steps.greater(0)), "int32")),
    evaluations: happened ? worked.add(happened.evaluations) : worked,
    t: carry.t,
    h: carry.h,
    y: carry.y,
    memory: carry.memory,
    derivative: derivativeAt(problem, carry),
    ...(problem.kept && {
      found: problem.kept.machinery.found(problem, carry, rows, reached(done!), rowsBefore(problem)),
    }),
  };

  /** bool `[outputs]`. */
  function reached(count: Tensor): Tensor {
    let row = ordinals(t0, outputCount).lessEqual(count);
    // No step leads to a time before t0.
    if (outputs)
      row = row.and(
        direction
          .mul(since(outputsOf(problem), startOf(problem)))
          .less(0)
          .not(),
      );
    return row;
  }
}

/** Where a solve ended; of methods that do not keep it, in a solve that looks for what failed. */
function derivativeAt({ method, watched }: Problem, { t, y, memory }: Carry): readonly Tensor[] {
  if (method.derivative) return memory.slice(0, y.length);
  return watched ? method.slope(t, y, memory) : [];
}

/** The most iterations there may be: attempts, outputs and events. */
export const mostIterations = ({ maxSteps, outputs, events }: Problem): number =>
  maxSteps + (outputs ? outputs.shape[0]! : 0) + (events ? eventRows(events) + events.slots : 0);

/** Rows of outputs and of events, before those of steps that are kept. */
const rowsBefore = ({ outputs, stops, events }: Problem): number =>
  (outputs ?? stops).shape[0]! + (events ? eventRows(events) : 0);

/** How many rows iterations may write: one for each output, those of events, and those of steps that are kept. */
export const rowCount = (problem: Problem): number => rowsBefore(problem) + (problem.kept?.rows ?? 0);

/**
 * One iteration: (how many were before, leaves of the carry) → those of the next, and if there are several rows the one that is written, −1 for
 * none, with what is written there.
 */
export function iteration(
  problem: Problem,
  direction: Tensor,
  rebuild: (leaves: readonly Tensor[]) => Carry,
): (i: Tensor, ...ins: Tensor[]) => readonly Tensor[] {
  const { outputs, stops } = problem;
  const leavesOf = (carry: Carry): readonly Tensor[] => flat(carry).leaves;
  const count = (outputs ?? stops).shape[0]!;
  const rowwise = outputs !== undefined || count > 1;
  const keep = problem.kept && problem.kept.rows > 0 ? problem.kept.machinery.keep : undefined;
  return (i, ...ins) => {
    const carry = rebuild(ins);
    if (!outputs) {
      const { next, row } = attempt(problem, carry, i);
      return rowwise ? [...leavesOf(next), row, ...next.y] : leavesOf(next);
    }
    if (problem.events) {
      const { next, row, y, t, log } = problem.events.machinery.advance(problem, carry, i, direction);
      return [...leavesOf(next), row, ...y, t, ...log];
    }
    const { int } = numbers(i);
    const written = carry.written[0]!;
    const due = timeAmong(outputsOf(problem), written);
    const late = isDue(problem, carry, due, now(carry), direction);
    return cond(
      late,
      (...now: Tensor[]) => {
        const c = rebuild(now);
        const ended = c.written[0]!.add(1);
        const y = outputAt(problem, c);
        const status = where(ended.equal(int(count)), int(Status.success), int(running));
        return [...leavesOf({ ...c, written: [ended], status }), c.written[0]!, ...y, ...(keep ? [c.t.mul(0)] : [])];
      },
      (...now: Tensor[]) => {
        const c = rebuild(now);
        const { next, accept } = attempt(problem, c, i.sub(c.written[0]!));
        if (!keep) return [...leavesOf(next), int(-1), ...c.y.map((y) => zerosLike(y))];
        const kept = keep(problem, next, accept, rowsBefore(problem));
        return [...leavesOf(kept.next), kept.row, ...kept.y, kept.t];
      },
      ...ins,
    );
  };
}

function runLoop(problem: Problem, start: Carry, direction: Tensor): Run {
  const { outputs, stops, checkpoints } = problem;
  const { leaves: init, rebuild } = flat(start);
  const types = init.map(typeOf);
  const rowwise = outputs !== undefined || stops.shape[0]! > 1;
  const body = trace("step", iteration(problem, direction, rebuild), [{ dtype: "int32", shape: [] }, ...types]);
  const condition = trace("unfinished", (...ins) => [rebuild(ins).status.less(0)], types);
  const results = bind(loop, [...init, ...body.captured, ...condition.captured], {
    body: body.tape,
    condition: condition.tape,
    carries: init.length,
    xs: 0,
    length: mostIterations(problem),
    counted: false,
    reverse: false,
    ys: new Array<"row">(body.tape.outputs.length - init.length - (rowwise ? 1 : 0)).fill("row"),
    rows: rowwise ? rowCount(problem) : 0,
    lanes: 0,
    checkpoints,
  });
  return {
    carry: rebuild(results.slice(0, init.length)),
    rows: results.slice(init.length, -1),
    iterations: results.at(-1)!,
  };
}
