import { cast, cond, scan, stopGradient, type Tensor, where } from "@dzdt/tensor";
import { atOrder } from "../implicit/differences";
import { combine } from "../interpolation";
import { checkOptions } from "../options";
import type { Attempt, Method } from "../step";
import type { Parts, StepperSolver } from "../stepper";
import { deepFreeze } from "../tableau";
import { scaledNorm } from "../tolerance";
import { bumpsOf, middled } from "./middle";

/** What may be chosen of an extrapolation method. */
export interface ExtrapolationOptions {
  /** The highest order, even, 8 to 20; where steps are of one length the order of all, 6 to 20. */
  readonly order: number;
  /**
   * Steps are so short that dense output keeps to about ten times the tolerance. Without it they are a fifth fewer, only as short as their ends need:
   * outputs between them may err by many times the tolerance. @defaultValue true
   */
  readonly between?: boolean;
}

/** What defines an extrapolation method. */
export interface ExtrapolationFamily extends ExtrapolationOptions {
  readonly name: string;
  /** Author, year and DOI. */
  readonly reference: string;
}

/** A method of variable order that extrapolates the midpoint rule. */
export interface ExtrapolationSolver extends ExtrapolationFamily, StepperSolver {
  readonly dense: "midpoint";
  /** Steps of the midpoint rule in each of its columns. */
  readonly substeps: readonly number[];
  /** The same method with another order. */
  with(options: Partial<ExtrapolationOptions>): ExtrapolationSolver;
}

type Leaves = readonly Tensor[];

/** The fewest columns of a step. */
const fewest = 3;

/**
 * Steps of the midpoint rule in each column. The middle of a step is an odd one of most, as dense output needs. The second column is not needed for
 * that; without it, steps cost a tenth more for the same error.
 */
const sequence = [2, 4, 6, 10, 14, 18, 22, 26, 30, 34] as const;

const substeps = (column: number): number => sequence[column - 1]!;

/** Field evaluations of so many columns, and one at the step's end. */
const work = (columns: number): number => sequence.slice(0, columns).reduce<number>((sum, n) => sum + n, 1);

/** Has its middle at an odd step. */
const centred = (n: number): boolean => n % 4 === 2;

/** What results of the midpoint rule with these numbers of steps weigh in what they tend to: their errors have an expansion in h². */
const limitWeights = (steps: readonly number[]): number[] =>
  steps.map((n, j) => steps.reduce((product, m, i) => (i === j ? product : (product * n * n) / (n * n - m * m)), 1));

/** How many derivatives of the middle steps of so many columns use: those that two of them have at least, and as many as their order needs. */
const derivativesOf = (columns: number): number => 2 * (columns - fewest);

/** The i-th difference of dy/dt around the middle: weights by places from there. */
const differences: readonly (readonly (readonly [place: number, weight: number])[])[] = Array.from(
  { length: derivativesOf(sequence.length) },
  (_, i) => {
    let weight = 1;
    return Array.from({ length: i + 1 }, (__, k) => {
      const own = [i - 2 * k, weight] as const;
      weight *= -(i - k) / (k + 1);
      return own;
    });
  },
);

/** The most of (θ(1 − θ))² xⁱ, x = θ − 1/2, in a step. */
const bumpOf = (i: number): number => (0.5 * Math.sqrt(i / (i + 4))) ** i / (i + 4) ** 2;

/** One column: the midpoint rule over the step. */
interface Column {
  readonly n: number;
  /** What y changes by over the step. */
  readonly change: Leaves;
  /** What y changes by up to the step's middle, and h y′, h² y″ … there, as many as there are; none of what is not centred. */
  readonly middle: readonly Leaves[];
}

/**
 * What dense output may err by in units of the tolerance, safety of step lengths, least and most change of a step, and by how much one order must be
 * cheaper: as in Hairer's program, but for `error`, which is 0.65 there: on the non-stiff test problems it takes as many evaluations, and a third more
 * rejections.
 */
const control = { dense: 10, error: 0.25, length: 0.94, least: 0.02, most: 4, lower: 0.8, higher: 0.9 };

/** The work of columns of which the number is not known while tracing. */
const workOf = (columns: Tensor): Tensor =>
  atOrder(
    columns,
    sequence.map((_, i) => work(i + 1)),
  );

/** Steps of Gragg, Bulirsch and Stoer. `memory` is dy/dt at the state, and the number of columns in which the next step should converge. */
function extrapolationMethod({ name, order, between }: ExtrapolationSolver, parts: Parts): Method {
  const { field, state, rtol, atol, exact } = parts;
  const most = order / 2;
  const highest = derivativesOf(most);
  const columnCounts = Array.from({ length: most - fewest + 1 }, (_, i) => fewest + i);
  const leaves = state.leaves;
  const size = leaves.length;
  const weighted = (weights: readonly number[], lists: readonly Leaves[]): Tensor[] =>
    leaves.map((_, leaf) =>
      combine(
        weights,
        lists.map((list) => list[leaf]!),
      )!,
    );
  /** x + factor · slope */
  const ahead = (x: Leaves, slope: Leaves, factor: Tensor): Tensor[] =>
    x.map((each, leaf) => each.add(slope[leaf]!.mul(cast(factor, each.dtype))));
  /** What the state changes by. The weights do not sum to 1 to the last bit: so states themselves are not weighed. */
  const changeOf = (columns: readonly Column[]): Tensor[] =>
    weighted(
      limitWeights(columns.map(({ n }) => n)),
      columns.map(({ change }) => change),
    );
  const plus = (x: Leaves, change: Leaves): Tensor[] => x.map((each, leaf) => each.add(change[leaf]!));
  /** The i-th derivative at the middle. */
  const derivativeOf = (columns: readonly Column[], i: number): Tensor[] => {
    const having = columns.filter(({ middle }) => middle.length > i);
    return weighted(
      limitWeights(having.map(({ n }) => n)),
      having.map(({ middle }) => middle[i]!),
    );
  };

  function columnOf(n: number, t: Tensor, h: Tensor, y: Leaves, slope: Leaves): Column {
    const part = h.mul(1 / n);
    const twice = part.mul(2);
    const first = ahead(y, slope, part);
    const [ends, rows] = scan(
      ({ m, before, now }: { m: Tensor; before: Tensor[]; now: Tensor[] }) => {
        const f = field(t.add(part.mul(m)), now);
        const next = ahead(before, f, twice);
        return [
          { m: m.add(1), before: now, now: next },
          { f, now },
        ] as [never, { f: Tensor[]; now: Tensor[] }];
      },
      { m: stopGradient(h).mul(0).add(1), before: [...y], now: first } as never,
      undefined,
      { length: n - 1 },
    ) as unknown as [{ before: Tensor[]; now: Tensor[] }, { f: Tensor[]; now: Tensor[] }];
    const row = (list: readonly Tensor[], m: number): Tensor[] =>
      list.map((x) => x.slice([m - 1], [m]).reshape(x.shape.slice(1)));
    const centre = n / 2;
    const less = (x: Leaves): Tensor[] => x.map((each, leaf) => each.sub(y[leaf]!));
    const last = field(t.add(h), ends.now);
    const smoothed = ahead(ends.before, last, part).map((x, leaf) => x.add(ends.now[leaf]!).mul(0.5));
    const change = less(smoothed);
    if (!centred(n)) return { n, change, middle: [] };
    const slopes = differences.slice(0, Math.min(centre, highest)).map((weights, i) => {
      const found = weighted(
        weights.map(([, w]) => w),
        weights.map(([place]) => row(rows.f, centre + place)),
      );
      return found.map((x) => x.mul(cast(h.mul(centre ** i), x.dtype)));
    });
    return { n, change, middle: [less(row(rows.now, centre)), ...slopes] };
  }

  /** The middle of a step of these columns: the change of y, and as many derivatives as any step uses, those that this one does not use 0. */
  const middleOf = (columns: readonly Column[]): Tensor[] =>
    Array.from({ length: highest + 1 }, (_, i) =>
      i > derivativesOf(columns.length) ? columns[0]!.change.map((x) => x.mul(0)) : derivativeOf(columns, i),
    ).flat();

  return {
    name,
    errorOrder: 2 * fewest + 1,
    derivative: true,
    counted: !exact,
    dense: Array.from({ length: highest + 3 }, () => leaves).flat(),
    evaluations: { begin: 1, attempt: work(most), interpolate: 0 },
    begin: (t, y) => {
      const slope = field(t, y);
      if (exact) return slope;
      const digits = stopGradient(cast(rtol[0]!, t.dtype))
        .mean()
        .add(1e-40)
        .log()
        .mul(-1 / Math.LN10);
      const one = stopGradient(t).mul(0);
      return [
        ...slope,
        one.add(
          digits
            .mul(0.6)
            .add(1.5)
            .floor()
            .clip(fewest, most - 1),
        ),
      ];
    },
    slope: (t, y) => field(t, y),
    attempt: (t, tNext, h, y, memory): Attempt => {
      const start = memory.slice(0, size);
      const column = (c: number): Column => columnOf(substeps(c), t, h, y, start);
      if (exact) {
        const columns = Array.from({ length: most }, (_, i) => column(i + 1));
        const end = plus(y, changeOf(columns));
        const slope = field(tNext, end);
        const bumps = bumpsOf({ h, start: y, k0: start, end, k1: slope }, middleOf(columns), size);
        return { y: end, memory: slope, errors: [], dense: [...y, ...start, ...bumps] };
      }
      const wanted = memory[size]!;
      const norm = scaledNorm(rtol, atol, parts.norm, state, h.dtype);
      const first = Array.from({ length: fewest }, (_, i) => column(i + 1));
      const found = converged(first, [errorOf(first.slice(0, -1)), errorOf(first)]);
      const [end, middle] = [found.slice(0, size), found.slice(size, (highest + 2) * size)];
      const [used, ...errors] = found.slice((highest + 2) * size).map((x) => stopGradient(x)) as [Tensor, ...Tensor[]];
      const slope = field(tNext, end);
      const bumps = bumpsOf({ h, start: y, k0: start, end, k1: slope }, middle, size);
      const kept = bumps.map((q, i) => {
        const unused = columnCounts.filter((c) => derivativesOf(c) < Math.floor(i / size)).length;
        return unused === 0 ? q : where(used.less(fewest + unused), 0, q);
      });
      const choice = chosen(used, errors, between ? betweenErrors(used, bumps) : []);
      return {
        y: end,
        memory: [...slope, choice.columns],
        errors: [],
        dense: [...y, ...start, ...kept],
        choice,
        evaluations: cast(workOf(used), "int32"),
      };

      function errorOf(columns: readonly Column[]): Tensor {
        const [high, low] = [changeOf(columns), changeOf(columns.slice(1))];
        const error = high.map((x, leaf) => x.sub(low[leaf]!));
        return stopGradient(norm(error, y, plus(y, high))).maximum(1e-30);
      }

      /**
       * What dense output of this many columns errs by, and of one and two columns less, by the last term of each polynomial: in units of what it may.
       * Hairer and Ostermann 1990.
       */
      function betweenErrors(used: Tensor, bumps: Leaves): Tensor[] {
        return [0, 1, 2].map((less) => {
          const degrees = columnCounts.map((c) => derivativesOf(Math.max(fewest, c - less)));
          const term = leaves.map((_, leaf) =>
            atOrder(
              used.sub(fewest - 1),
              degrees.map((i) => bumps[i * size + leaf]!.mul(bumpOf(i) / control.dense)),
            ),
          );
          return stopGradient(norm(term, y, end)).maximum(1e-30);
        });
      }

      /** The end, the middle, how many columns, and the errors of the last one and of the two before. */
      function converged(columns: readonly Column[], errors: readonly Tensor[]): Tensor[] {
        const c = columns.length;
        const error = errors.at(-1)!;
        const results = (): Tensor[] => [
          ...plus(y, changeOf(columns)),
          ...middleOf(columns),
          h.mul(0).add(c),
          error,
          errors.at(-2)!,
          errors.at(-3) ?? h.mul(0).add(1),
        ];
        if (c === most) return results();
        // Errors with which the columns to come are not expected to converge.
        const hopeless = where(
          wanted.greater(c),
          ((substeps(c + 2) * substeps(c + 1)) / 4) ** 2,
          (substeps(c + 1) / 2) ** 2,
        );
        const good = error.lessEqual(1);
        const goesOn = good.not().and(error.lessEqual(hopeless)).and(wanted.greaterEqual(c));
        return cond(
          wanted.greater(c + 1).or(goesOn),
          () => {
            const more = [...columns, column(c + 1)];
            return converged(more, [...errors, errorOf(more)]);
          },
          results,
        );
      }

      /** How long the next step is to be for each of the last columns to converge, by their errors, and what follows for order and step. */
      function chosen(
        used: Tensor,
        [error, before, twoBefore]: readonly Tensor[],
        between: readonly Tensor[],
      ): { ratio: Tensor; factor: Tensor; columns: Tensor } {
        const factorOf = (e: Tensor, columns: Tensor): Tensor => {
          const power = columns.mul(2).sub(1).neg();
          const least = power.neg().div(power.mul(power)).mul(Math.log(control.least)).exp();
          const wanted = e
            .mul(1 / control.error)
            .log()
            .div(power)
            .exp()
            .mul(control.length);
          return wanted.maximum(least.mul(1 / control.most)).minimum(least.mul(0).add(1).div(least));
        };
        const [c1, c2] = [used.sub(1), used.sub(2)];
        const bounded = (e: Tensor, columns: Tensor, i: number): Tensor => {
          const longest = factorOf(e, columns);
          return between[i] ? longest.minimum(factorOf(between[i].mul(control.error), columns)) : longest;
        };
        const [f0, f1, f2] = [bounded(error!, used, 0), bounded(before!, c1, 1), bounded(twoBefore!, c2, 2)];
        const [w0, w1, w2] = [workOf(used).div(f0), workOf(c1).div(f1), workOf(c2).div(f2)];
        const soon = used.lessEqual(wanted);
        const lower = where(
          soon,
          where(w1.less(w0.mul(control.lower)), c1, used),
          where(w2.less(w1.mul(control.lower)), c2, c1),
        );
        const basis = where(lower.equal(c2), w2, w1);
        const rises = where(soon, w0.less(w1.mul(control.higher)), w0.less(basis.mul(control.higher)));
        const best = where(rises, where(soon, used.add(1), used), lower).clip(fewest, most - 1);
        const known = where(best.equal(used), f0, where(best.equal(c1), f1, f2));
        // Beyond the columns there are, by their work.
        const costlier = where(used.less(wanted).and(rises), best.add(1), best);
        const guessed = f0.mul(workOf(costlier)).div(workOf(used));
        const grown = where(best.greater(used), guessed, known);
        const again = where(soon, f0, f1).minimum(0.9);
        const ratio = between[0] ? error!.maximum(between[0]) : error!;
        const accept = ratio.lessEqual(1);
        return {
          ratio,
          factor: where(accept, grown, where(ratio.less(Infinity), again, 0.2)),
          columns: best,
        };
      }
    },
    interpolate: (step) => middled(step, size),
  };
}

/** An extrapolation method, checked. */
/* @__NO_SIDE_EFFECTS__ */
export function extrapolation(family: ExtrapolationFamily): ExtrapolationSolver {
  const { name, order, between = true } = family;
  if (typeof between !== "boolean") throw new TypeError(`${name}: between is ${String(between)}; give true or false`);
  if (!Number.isInteger(order / 2) || order < 6 || order > 20)
    throw new RangeError(`${name}: order is ${order}; give an even integer from 6 to 20`);
  const solver: ExtrapolationSolver = deepFreeze({
    ...family,
    between,
    kind: "stepper" as const,
    adaptive: true,
    implicit: false,
    dense: "midpoint" as const,
    substeps: sequence.slice(0, order / 2),
    with: (changes: Partial<ExtrapolationOptions>) => {
      checkOptions(`${name}.with`, changes, ["order", "between"]);
      return extrapolation({ ...family, ...changes });
    },
    method: (parts: Parts) => extrapolationMethod(solver, parts),
  });
  return solver;
}
