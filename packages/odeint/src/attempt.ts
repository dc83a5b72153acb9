import { cast, stopGradient, take, type Tensor, tree, where } from "@dzdt/tensor";
import { timeAt } from "./fixed-steps";
import type { Decision } from "./controllers/controller";
import { guarded } from "./guarded-call";
import { allFinite, type Carry, moved, numbers, type Problem, running } from "./problem";
import { Status } from "./status";
import type { Attempt } from "./step";

/** One attempt at a step. `attempts` counts those before it. */
export function attempt(problem: Problem, c: Carry, attempts: Tensor): { next: Carry; row: Tensor } {
  const { stepping, stops, t0, outputs, maxSteps } = problem;
  const { int } = numbers(attempts);
  const stop = take(stops, c.reached[0] ?? int(0), 0);
  const { last, h, tNext } = planned();
  const { tried, decision } = judged(problem, c, tNext, h);
  const { accept } = decision;
  const choose = (next: readonly Tensor[], before: readonly Tensor[]): Tensor[] =>
    next.map((x, k) => where(accept, x, before[k]!));
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

  function planned(): { last: Tensor | undefined; h: Tensor; tNext: Tensor } {
    if (stepping.kind === "fixed") {
      const { grid } = stepping;
      const last = attempts.equal(grid.count.sub(1));
      const ahead = timeAt(t0, grid.h, attempts.add(1));
      return { last, h: where(last, grid.last, grid.h), tNext: where(last, stop, ahead) };
    }
    const left = stop.sub(c.t);
    if (stepping.kind === "stops") return { last: undefined, h: left, tNext: stop };
    // A last step up to 1 % longer than planned saves a tiny one.
    const last = left.abs().lessEqual(c.h.abs().mul(1.01));
    return { last, h: where(last, left, c.h), tNext: where(last, stop, c.t.add(c.h)) };
  }
}

/** An attempt and what becomes of it; a call of its own where it may be rejected. */
function judged(problem: Problem, c: Carry, tNext: Tensor, h: Tensor): { tried: Attempt; decision: Verdict } {
  const { method, stepping } = problem;
  if (stepping.kind !== "adaptive") {
    const tried = method.attempt(moved(problem, c.t), moved(problem, tNext), h, c.y, c.memory);
    return { tried, decision: decide(problem, c, h, tried) };
  }
  let status = 0;
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
      const { dense, choice: _, ...used } = tried;
      const out = tree.flatten({
        tried: { ...used, errors: [], dense: problem.outputs ? dense : [] },
        rest,
        when: failure!.when,
      });
      structure = out.structure;
      return [...(out.leaves as Tensor[]), accept];
    },
    flat.leaves as Tensor[],
  ).reverse();
  const { tried, rest, when }: { tried: Attempt; rest: Omit<Verdict, "accept" | "failure">; when: Tensor } =
    tree.unflatten(structure, results.reverse());
  return { tried, decision: { ...rest, accept: accept!, failure: { when, status } } };
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
  const { accept, factor, state } = tried.choice ? chosen(tried.choice) : controlled();
  let next = stopGradient(h).mul(factor);
  if (controller.dtMax < Infinity) next = next.clip(-controller.dtMax, controller.dtMax);
  const least = c.t
    .abs()
    .mul(4 * 2 ** -52)
    .maximum(Math.max(controller.dtMin, 1e-290));
  return {
    accept,
    h: next,
    controller: state,
    failure: { when: next.abs().less(stopGradient(least)).and(accept.not()), status: Status.stepUnderflow },
  };

  function controlled(): Decision {
    const [high, low] = tried.errors.map((error) => norm(error, c.y, tried.y));
    const ratio = stopGradient(low ? combined(high!, low) : high!);
    return controller.adapt(c.controller, ratio, method.errorOrder!);
  }

  function chosen({ ratio, factor }: NonNullable<Attempt["choice"]>): Decision {
    return { accept: ratio.lessEqual(1), factor: stopGradient(factor), state: c.controller };
  }
}

/** Hairer's combination of estimates of orders 5 and 3. */
const combined = (high: Tensor, low: Tensor): Tensor => {
  const square = high.mul(high);
  const size = square.add(low.mul(low).mul(0.01)).sqrt();
  return where(size.greater(0), square.div(size), size);
};
