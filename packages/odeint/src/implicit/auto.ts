import { type Aval, broadcastTo, cast, cond, type Tensor, where } from "@dzdt/tensor";
import { checkOptions } from "../options";
import { type Attempt, explicitMethod, type Method, type Taken } from "../step";
import type { Parts, StepperSolver } from "../stepper";
import { deepFreeze, type ExplicitSolver } from "../tableau";
import { scaledNorm } from "../tolerance";
import { estimatesErrors, implicitKinds, type ImplicitSolver } from "./method";
import { type Sample, stabilityLimit, steepness } from "./stiffness";

/** What an automatic solver chooses from, and when. */
export interface AutoOptions {
  readonly name: string;
  /** Solver where the problem is not stiff, with an error estimate. */
  readonly explicit: ExplicitSolver;
  /** Solver where it is. */
  readonly implicit: ImplicitSolver;
  /** A step is stiff where h times the field's largest eigenvalue is beyond this part of what the explicit method's stability allows. @defaultValue 0.5 */
  readonly enter?: number;
  /** A step of the implicit method could be explicit where the same product is below this part. @defaultValue 0.3 */
  readonly leave?: number;
  /** So many stiff steps, with no more than five others in a row between them, are followed by the implicit method. @defaultValue 10 */
  readonly enterAfter?: number;
  /** So many steps in a row that could be explicit are followed by the explicit method. @defaultValue 5 */
  readonly leaveAfter?: number;
}

const names: readonly (keyof AutoOptions)[] = [
  "name",
  "explicit",
  "implicit",
  "enter",
  "leave",
  "enterAfter",
  "leaveAfter",
];

/** A solver that switches between an explicit and an implicit one, as the problem is stiff or not. */
export interface AutoSolver extends StepperSolver, Required<Omit<AutoOptions, "explicit" | "implicit">> {
  /** The explicit and the implicit one. */
  readonly solvers: readonly [ExplicitSolver, ImplicitSolver];
  /** The same with other solvers or other limits. */
  with(options: Partial<AutoOptions>): AutoSolver;
}

/** Steps that are not stiff, after which those before are forgotten. */
const forgotten = 6;

/** A stiff step that moves the state by less than its tolerance is as good as so many: accuracy alone would allow a far longer one. */
const plain = 4;

/** Numbers of the memory that say how the solve goes: is it stiff, votes to change that, votes against, and does the implicit method's memory hold? */
const count = 4;

/**
 * Steps of the one method or the other. `memory` is the field at the state, the direction in which the field is steepest, the numbers of the mode, and
 * what the implicit method carries besides.
 */
export function autoMethod(solver: AutoSolver, parts: Parts): Method {
  const { state, field, mass, rtol, atol, exact } = parts;
  const [explicit, implicit] = solver.solvers;
  const stiff = parts.methodOf(implicit);
  // Nothing explicit can solve with a mass matrix.
  if (mass) return stiff;
  const size = state.leaves.length;
  const samples: Sample[] = [];
  const observed: Parts["field"] = (t, y) => {
    const slope = field(t, y);
    samples.push({ y, slope });
    return slope;
  };
  const easy = explicitMethod(explicit, observed, state, exact);
  const limit = stabilityLimit(explicit);
  const own = (memory: readonly Tensor[]) => ({
    slope: memory.slice(0, size),
    direction: memory.slice(size, 2 * size),
    mode: memory.slice(2 * size, 2 * size + count) as [Tensor, Tensor, Tensor, Tensor],
    rest: memory.slice(2 * size + count),
  });
  const scaleOf = (y: readonly Tensor[]): Tensor[] =>
    y.map((x, k) => {
      const to = (leaf: Tensor): Tensor => cast(leaf, x.dtype);
      const scale = exact ? x.abs().add(1).mul(1e-5) : x.abs().mul(to(rtol[k]!)).add(to(atol[k]!));
      return scale
        .maximum(x.abs().mul(x.dtype === "float64" ? 1e-10 : 1e-4))
        .maximum(1e-30)
        .stopGradient();
    });

  const normOf = (like: Tensor) => scaledNorm(rtol, atol, parts.norm, state, like.dtype);

  function explicitAttempt(t: Tensor, tNext: Tensor, h: Tensor, y: readonly Tensor[], memory: readonly Tensor[]) {
    const { slope, direction: before, mode, rest } = own(memory);
    samples.length = 0;
    const tried = easy.attempt(t, tNext, h, y, slope);
    const { rate, direction } = steepness([samples.at(-2)!, samples.at(-1)!], scaleOf(tried.y), before, h);
    const product = h.abs().mul(rate);
    const [, votes, against] = mode;
    const vote = product.greater(solver.enter * limit);
    const others = where(vote, 0, against.add(1));
    const all = where(vote, votes.add(weight()), where(others.less(forgotten), votes, 0));
    const change = all.greaterEqual(solver.enterAfter);
    const next = [where(change, all.mul(0).add(1), 0), where(change, 0, all), where(change, 0, others), all.mul(0)];
    return flattened(tried, easy, [...tried.memory, ...direction, ...next, ...rest], [tried.dense, none(stiff, t)], h);

    /** How many votes a step has. */
    function weight(): Tensor | number {
      if (exact) return 1;
      const way = tried.y.map((x, k) => x.sub(y[k]!).stopGradient());
      return where(normOf(h)(way, y, tried.y).less(1), h.mul(0).add(plain), 1);
    }
  }

  function implicitAttempt(t: Tensor, tNext: Tensor, h: Tensor, y: readonly Tensor[], memory: readonly Tensor[]) {
    const { slope, direction: before, mode, rest } = own(memory);
    const [, votes, , ready] = mode;
    const carried =
      rest.length === 0
        ? []
        : cond(
            ready.greater(0),
            () => [...rest],
            () => stiff.begin(t, y).slice(size),
          );
    const tried = stiff.attempt(t, tNext, h, y, [...slope, ...carried]);
    const here: Sample = { y: tried.y, slope: tried.memory.slice(0, size) };
    const scale = scaleOf(tried.y);
    const near = tried.y.map((x, k) => x.add(before[k]!.mul(scale[k]!)).stopGradient());
    const there: Sample = { y: near, slope: field(tNext.stopGradient(), near) };
    const { rate, direction } = steepness([there, here], scale, before, h);
    const calm = h
      .abs()
      .mul(rate)
      .less(solver.leave * limit);
    const all = where(calm, votes.add(1), 0);
    const change = all.greaterEqual(solver.leaveAfter);
    const one = all.mul(0).add(1);
    const next = [where(change, 0, one), where(change, 0, all), all.mul(0), one];
    const memoryNext = [...here.slope, ...direction, ...next, ...tried.memory.slice(size)];
    return flattened(tried, stiff, memoryNext, [none(easy, t), tried.dense], h);
  }

  /** What a step of either method gives, as leaves. */
  function flattened(
    tried: Attempt,
    method: Method,
    memory: readonly Tensor[],
    dense: readonly (readonly Tensor[])[],
    like: Tensor,
  ): Tensor[] {
    const evaluations = tried.evaluations ?? like.tape!.literal(method.evaluations.attempt, "int32");
    const all = evaluations.add(method === stiff ? 1 : 0);
    return [...tried.y, ...memory, ...dense.flat(), ...errorOf(tried, method, like), all];
  }

  /** One estimate, whose size shrinks as that of the explicit method. */
  function errorOf({ errors: [high, low], y }: Attempt, { errorOrder }: Method, like: Tensor): readonly Tensor[] {
    const power = easy.errorOrder! / errorOrder!;
    if (exact || (!low && power === 1)) return high!;
    const norm = normOf(like);
    const one = norm(high!, y, y).maximum(1e-100);
    const ratio = low
      ? one
          .div(
            one
              .square()
              .add(norm(low, y, y).square().mul(0.01))
              .sqrt(),
          )
          .mul(one)
      : one;
    const factor = ratio.clip(1e-12, 1e12).pow(power).div(one).stopGradient();
    return high!.map((x) => x.mul(cast(factor, x.dtype)));
  }

  const none = (method: Method, t: Tensor): Tensor[] =>
    method.dense.map(({ dtype, shape }) => broadcastTo(t.tape!.literal(0, dtype), shape));
  return {
    name: solver.name,
    errorOrder: easy.errorOrder,
    derivative: true,
    counted: true,
    dense: [{ dtype: "float32", shape: [] } satisfies Aval, ...easy.dense, ...stiff.dense],
    evaluations: {
      begin: 1,
      attempt: 0,
      interpolate: Math.max(easy.evaluations.interpolate, stiff.evaluations.interpolate),
    },
    begin: (t, y) => {
      const slope = field(t, y);
      const zero = t.stopGradient().mul(0);
      const direction = y.map((x) => x.stopGradient().mul(0).add(1));
      return [...slope, ...direction, zero, zero, zero, zero, ...stiff.begin(t, y).slice(size)];
    },
    slope: (t, y) => field(t, y),
    attempt: (t, tNext, h, y, memory) => {
      const [now] = own(memory).mode;
      const found: Tensor[] = cond<[], Tensor[]>(
        now.greater(0),
        () => implicitAttempt(t, tNext, h, y, memory),
        () => explicitAttempt(t, tNext, h, y, memory),
      );
      const cuts = [size, memory.length, easy.dense.length + stiff.dense.length, size];
      const groups = cuts.map((length, i) => {
        const from = cuts.slice(0, i).reduce((sum, each) => sum + each, 0);
        return found.slice(from, from + length);
      });
      return {
        y: groups[0]!,
        memory: groups[1]!,
        dense: [cast(now, "float32"), ...groups[2]!],
        errors: [groups[3]!],
        evaluations: found.at(-1)!,
      };
    },
    interpolate: (taken: Taken) => {
      const [was, ...dense] = taken.dense;
      const { slope, rest } = own(taken.memory);
      return cond<[], Tensor[]>(
        was!.greater(0),
        () => stiff.interpolate({ ...taken, memory: [...slope, ...rest], dense: dense.slice(easy.dense.length) }),
        () => easy.interpolate({ ...taken, memory: slope, dense: dense.slice(0, easy.dense.length) }),
      );
    },
  };
}

/** An automatic solver from two others, checked. */
/* @__NO_SIDE_EFFECTS__ */
export function switching(options: AutoOptions): AutoSolver {
  const { name, explicit, implicit, enter = 0.5, leave = 0.3, enterAfter = 10, leaveAfter = 5 } = options;
  if (explicit?.kind !== "explicit" || !explicit.bError)
    throw new TypeError(
      `${name}: explicit is ${explicit?.name}; give an explicit solver with an error estimate, such as tsit5`,
    );
  if (!implicitKinds.includes(implicit?.kind) || !estimatesErrors(implicit))
    throw new TypeError(
      `${name}: implicit is ${implicit?.name}; give a one-step implicit solver with an error estimate, such as rodas5p`,
    );
  if (!(leave > 0 && leave < enter && enter <= 1))
    throw new RangeError(`${name}: leave is ${leave} and enter ${enter}; give 0 < leave < enter ≤ 1`);
  const solver: AutoSolver = deepFreeze({
    name,
    enter,
    leave,
    enterAfter,
    leaveAfter,
    kind: "stepper" as const,
    order: Math.min(explicit.order, implicit.order),
    solvers: [explicit, implicit] as const,
    adaptive: true,
    implicit: true,
    ...("controller" in implicit && { controller: implicit.controller }),
    reference: `${explicit.reference}; ${implicit.reference}`,
    with: (changes: Partial<AutoOptions>) => {
      checkOptions(`${options.name}.with`, changes, names);
      return switching({ ...options, ...changes });
    },
    method: (parts: Parts) => autoMethod(solver, parts),
  });
  return solver;
}
