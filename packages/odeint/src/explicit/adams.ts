import { type Aval, cast, cond, stopGradient, type Tensor, where } from "@dzdt/tensor";
import { atOrder, upTo } from "../implicit/differences";
import { combine } from "../interpolation";
import { checkOptions } from "../options";
import type { Attempt, Method } from "../step";
import type { Parts, StepperSolver } from "../stepper";
import { deepFreeze, type ExplicitSolver } from "../tableau";
import { scaledNorm } from "../tolerance";
import { realOf } from "../vectorField";

/** What may be chosen of a family of Adams methods. */
export interface AdamsOptions {
  /** The highest order of the steps, 2 to 13; where steps are of one length the order of all, 2 to 10. */
  readonly order: number;
}

/** What defines a family of Adams methods. */
export interface AdamsFamily extends AdamsOptions {
  readonly name: string;
  /** First steps of fixed orders, for orders up to 5 and for those above. */
  readonly starters: readonly [ExplicitSolver, ExplicitSolver];
  /** Author, year and DOI. */
  readonly reference: string;
}

/** A predictor–corrector method of many steps and orders. */
export interface AdamsSolver extends AdamsFamily, StepperSolver {
  readonly dense: "differences";
  /** The same family with another order. */
  with(options: Partial<AdamsOptions>): AdamsSolver;
}

/** γ*ₖ, k from 1 on: with a corrector of order k and steps of one length a step errs by γ*ₖ h ∇ᵏf. By Σ γ*ⱼ / (k + 1 − j) = 1 / (k + 1), j from 1 to k. */
const errorConstants: number[] = [];
for (let k = 1; k <= 13; k++)
  errorConstants.push(errorConstants.reduce((rest, constant, j) => rest - constant / (k - j), 1 / (k + 1)));

/** Numbers of a step of length h from modified divided differences: for them all, h is a constant. */
interface StepNumbers {
  /** ψᵢ: from the step's end back to the i-th point before. */
  readonly psi: readonly Tensor[];
  /** What turns differences at the step's start into those with its end. */
  readonly beta: readonly Tensor[];
  /** Integrals of the Newton polynomials over the step, in units of it. */
  readonly g: readonly Tensor[];
  /** 1 for steps of one length. */
  readonly sigma: readonly Tensor[];
}

const last = <T>(list: readonly T[]): T => list[list.length - 1]!;

/** Integrals of Newton polynomials from recurrences of repeated integrals: `next(w, wq1, j)` gives the j-th from those before. */
function integrals(count: number, one: Tensor, next: (w: Tensor, further: Tensor, j: number) => Tensor): Tensor[] {
  let w = Array.from({ length: count }, (_, q) => one.mul(1 / (q + 1)));
  const found = [w[0]!];
  for (let j = 1; j < count; j++) {
    w = w.slice(0, -1).map((each, q) => next(each, w[q + 1]!, j));
    found.push(w[0]!);
  }
  return found;
}

/** @param before distances back from the step's start; `known` says how many of them, and the start itself, there are */
function stepNumbers(h: Tensor, before: readonly Tensor[], known: Tensor): StepNumbers {
  // In place of points there are not: any, but apart from each other.
  const past = before.map((psi, i) => where(known.greater(i + 1), psi, h.mul(i + 1)));
  const psi = [h, ...past.slice(0, -1).map((each) => each.add(h))];
  const one = h.mul(0).add(1);
  const beta = [one];
  const sigma = [one];
  psi.forEach((each, i) => {
    beta.push(last(beta).mul(each).div(past[i]!));
    sigma.push(
      last(sigma)
        .mul(h.div(each))
        .mul(i + 1),
    );
  });
  const g = integrals(psi.length + 1, one, (w, further, j) => w.sub(h.div(psi[j - 1]!).mul(further)));
  return { psi, beta, g, sigma };
}

/** The factor by which steps get longer, where errors allow. Steps of one length estimate best, so that smaller changes are not made. */
const growth = 2;

/**
 * Adams–Bashforth–Moulton steps of variable length and order in PECE mode: a predictor of order k, a corrector of order k + 1, whose result is kept.
 * `memory` is dy/dt at the state, modified divided differences of dy/dt of order 1 to `order` − 1 with the points before, the distances of these,
 * k, how many points are known, and whether the order is still rising from the start.
 */
function adamsMethod(solver: AdamsSolver, parts: Parts): Method {
  const { name, order } = solver;
  const { field, state, rtol, atol, exact } = parts;
  const highest = order - 1;
  const leaves = state.leaves;
  const size = leaves.length;
  if (exact && order > 10)
    throw new TypeError(
      `odeint: ${name} chooses among orders up to ${order} by errors; for steps of one length give solver: ${name}.with({ order }) with an order from 2 to 10`,
    );
  const starter = exact ? parts.methodOf(solver.starters[order > 5 ? 1 : 0]) : undefined;
  const scalar: Aval = { dtype: realOf(state), shape: [] };
  const like = (x: Tensor, list: readonly Tensor[]): Tensor[] => list.map((y) => cast(x, y.dtype));
  /** Σ weights[i] · lists[i], leaf by leaf. */
  const sum = (weights: readonly Tensor[], lists: readonly (readonly Tensor[])[]): Tensor[] =>
    leaves.map(({ dtype }, leaf) =>
      combine(
        weights.map((w) => cast(w, dtype)),
        lists.map((list) => list[leaf]!),
      )!,
    );
  const plus = (x: readonly Tensor[], y: readonly Tensor[]): Tensor[] => x.map((each, leaf) => each.add(y[leaf]!));
  const minus = (x: readonly Tensor[], y: readonly Tensor[]): Tensor[] => x.map((each, leaf) => each.sub(y[leaf]!));
  const times = (x: readonly Tensor[], factor: Tensor): Tensor[] => {
    const factors = like(factor, x);
    return x.map((each, leaf) => each.mul(factors[leaf]!));
  };
  const read = (
    memory: readonly Tensor[],
  ): { phi: Tensor[][]; psi: Tensor[]; k: Tensor; known: Tensor; rising: Tensor } => {
    const phi = Array.from({ length: order }, (_, i) => memory.slice(i * size, (i + 1) * size));
    const rest = memory.slice(order * size);
    const [k, known, rising] = rest.slice(highest);
    return { phi, psi: rest.slice(0, highest), k: k!, known: known!, rising: rising! };
  };
  return {
    name,
    // That of the first step.
    errorOrder: 2,
    derivative: true,
    counted: exact,
    dense: [...leaves, scalar, ...(starter?.dense ?? [])],
    evaluations: { begin: 1, attempt: 2, interpolate: 0 },
    begin: (t, y) => {
      const slope = field(t, y);
      const one = stopGradient(t).mul(0).add(1);
      const none = slope.map((f) => stopGradient(f).mul(0));
      return [
        ...slope,
        ...Array.from({ length: highest }, () => none).flat(),
        ...Array.from({ length: highest }, () => one),
        exact ? one.mul(highest) : one,
        one,
        one,
      ];
    },
    slope: (t, y) => field(t, y),
    attempt: (t, tNext, h, y, memory): Attempt => {
      const { phi, psi: before, k, known, rising } = read(memory);
      const { psi, beta, g, sigma } = stepNumbers(h, before, known);
      // At the step's start, as if its end were the newest point: those with more points than are known are 0.
      const past = phi.slice(0, highest).map((each, i) => (i === 0 ? each : times(each, beta[i]!)));
      const upToK = (weights: readonly Tensor[]): Tensor[] => past.map((_, i) => upTo(k, i + 1, weights[i]!));
      const advanced = (from: readonly Tensor[], slope: readonly Tensor[], weight: Tensor): Tensor[] =>
        plus(from, times(slope, h.mul(weight)));
      const one = h.mul(0).add(1);
      const predicted = (): { predictor: Tensor[]; surprise: Tensor[]; slope: Tensor[]; end: Tensor[] } => {
        const ahead = sum(
          upToK(g).map((w) => w.mul(h)),
          past,
        );
        const predictor = plus(y, ahead);
        const slope = field(tNext, predictor);
        const surprise = minus(slope, sum(upToK(past.map(() => one)), past));
        return { predictor, surprise, slope, end: advanced(predictor, surprise, atOrder(k, g.slice(1))) };
      };
      const { yNext, fNext, offset, kept, evaluations, surprise } = stepped();
      const next = differences();
      const choice = exact ? undefined : chosen(surprise!);
      const valid = exact ? known.add(1).minimum(order) : known.add(1).minimum(k.add(2)).minimum(order);
      const masked = next.map((each, i) => (i < 2 ? each : each.map((x) => where(valid.greater(i), x, 0))));
      return {
        y: yNext,
        memory: [...masked.flat(), ...psi, ...(choice ? [choice.k] : [k]), valid, choice ? choice.rising : rising],
        errors: [],
        dense: [...offset, cast(exact ? where(known.less(highest), 0, k) : k, scalar.dtype), ...kept],
        ...(choice && { choice: { ratio: choice.ratio, factor: choice.factor } }),
        ...(exact && { evaluations }),
      };

      function stepped(): {
        yNext: Tensor[];
        fNext: Tensor[];
        offset: Tensor[];
        kept: Tensor[];
        evaluations?: Tensor;
        surprise?: Tensor[];
      } {
        const multistep = () => {
          const { surprise, slope, end } = predicted();
          const fNext = field(tNext, end);
          return { yNext: end, fNext, offset: minus(slope, fNext), surprise };
        };
        if (!starter) return { ...multistep(), kept: [] };
        const starting = known.less(highest);
        const found = cond(
          starting,
          () => {
            const first = starter.attempt(t, tNext, h, y, phi[0]!);
            return [...first.y, ...first.memory, ...first.y.map((x) => x.mul(0)), ...first.dense];
          },
          () => {
            const { yNext, fNext, offset } = multistep();
            const nothing = starter.dense.map((type) => zeros(type));
            return [...yNext, ...fNext, ...offset, ...nothing];
          },
        );
        const group = (i: number): Tensor[] => found.slice(i * size, (i + 1) * size);
        return {
          yNext: group(0),
          fNext: group(1),
          offset: group(2),
          kept: found.slice(3 * size),
          evaluations: cast(where(starting, one.mul(starter.evaluations.attempt), 2), "int32"),
        };
      }

      /** Modified divided differences at the step's end. */
      function differences(): Tensor[][] {
        const found = [fNext];
        past.forEach((each) => found.push(minus(last(found), each)));
        return found;
      }

      function chosen(surprise: readonly Tensor[]): {
        ratio: Tensor;
        factor: Tensor;
        k: Tensor;
        rising: Tensor;
      } {
        const norm = scaledNorm(rtol, atol, parts.norm, state, h.dtype);
        const sizeOf = (x: readonly Tensor[]): Tensor => stopGradient(norm(x, y, yNext));
        const scale = h.abs();
        const rank = (list: readonly (number | Tensor)[], shift: number): Tensor =>
          atOrder(k.add(shift).maximum(1), list);
        const pastAt = (shift: number): Tensor[] =>
          leaves.map((_, leaf) =>
            rank(
              past.map((each) => each[leaf]!),
              shift,
            ),
          );
        const estimate = (x: readonly Tensor[], shift: number): Tensor =>
          sizeOf(x)
            .mul(scale)
            .mul(rank(errorConstants, shift))
            .mul(rank(sigma.slice(1), shift))
            .maximum(1e-30);
        const here = sizeOf(surprise);
        const ratio = here.mul(scale).mul(rank(g, 0).sub(rank(g, 1)).abs());
        const stay = estimate(surprise, 0);
        const [lower, lowest] = [plus(surprise, pastAt(0)), plus(plus(surprise, pastAt(0)), pastAt(-1))];
        const down = estimate(lower, -1);
        const further = estimate(lowest, -2);
        const above = leaves.map((_, leaf) =>
          atOrder(
            k.minimum(highest - 1).maximum(1),
            next.slice(2).map((each) => each[leaf]!),
          ),
        );
        const up = highest > 1 ? estimate(above, 1) : stay;
        const falls = where(
          k.greater(2),
          down.maximum(further).lessEqual(stay),
          k.equal(2).and(down.lessEqual(stay.mul(0.5))),
        );
        const twice = (error: Tensor, to: Tensor): Tensor =>
          error.mul(to.add(1).mul(Math.log(growth)).exp()).lessEqual(0.5);
        const climbs = rising.greater(0).and(falls.not()).and(k.less(highest)).and(twice(stay, k));
        const comparable = k.less(highest).and(known.greater(k));
        const better = where(k.equal(1), up.less(stay.mul(0.5)), up.less(stay));
        const sinks = falls.or(
          k
            .greater(1)
            .and(comparable)
            .and(down.lessEqual(stay.minimum(up))),
        );
        const change = where(climbs, 1, where(sinks, -1, where(comparable.and(better), 1, 0)));
        const to = k.add(change);
        const error = where(climbs, stay, where(sinks, down, where(change.greater(0), up, stay)));
        const shorter = error.mul(2).log().div(to.add(1).neg()).exp();
        const grown = where(
          climbs.or(twice(error, to)),
          growth,
          where(error.lessEqual(0.5), 1, shorter.clip(0.5, 0.9)),
        );
        const again = ratio.mul(2).maximum(1e-30).log().div(k.add(1).neg()).exp().clip(0.2, 0.5);
        const accept = ratio.lessEqual(1);
        return {
          ratio,
          factor: where(accept, grown, where(ratio.less(Infinity), again, 0.2)),
          k: to,
          rising: where(climbs, 1, h.mul(0)),
        };
      }

      function zeros({ dtype, shape }: Aval): Tensor {
        return cast(h.mul(0), dtype).broadcastTo([...shape]);
      }
    },
    interpolate: (step) => {
      const { s, h, y, memory, dense } = step;
      const { phi, psi } = read(memory);
      const [offset, k, kept] = [dense.slice(0, size), dense[size]!, dense.slice(size + 1)];
      const within = (): Tensor[] => {
        const ahead = s.mul(h);
        const one = ahead.mul(0).add(1);
        // Newton's polynomial through the slopes at the points before and, at the step's end, that of the predictor: it meets both ends.
        const weights = integrals(order, one, (w, further, j) => {
          const back = j === 1 ? ahead : ahead.add(psi[j - 2]!);
          return w
            .mul(back)
            .sub(further.mul(ahead))
            .div(psi[j - 1]!);
        }).map((w, i) => (i === 0 ? w : upTo(k, i, w)).mul(ahead));
        const shifted = phi.map((each) => plus(each, offset));
        return plus(y, sum(weights, shifted));
      };
      if (!starter) return within();
      return cond(k.less(1), () => starter.interpolate({ ...step, memory: phi[0]!, dense: kept }), within);
    },
  };
}

/** A solver of the family, checked. */
/* @__NO_SIDE_EFFECTS__ */
export function adams(family: AdamsFamily): AdamsSolver {
  const { name, order } = family;
  if (!Number.isInteger(order) || order < 2 || order > 13)
    throw new RangeError(`${name}: order is ${order}; give an integer from 2 to 13`);
  const solver: AdamsSolver = deepFreeze({
    ...family,
    kind: "stepper" as const,
    adaptive: true,
    implicit: false,
    dense: "differences" as const,
    with: (changes: Partial<AdamsOptions>) => {
      checkOptions(`${name}.with`, changes, ["order"]);
      return adams({ ...family, ...changes });
    },
    method: (parts: Parts) => adamsMethod(solver, parts),
  });
  return solver;
}
