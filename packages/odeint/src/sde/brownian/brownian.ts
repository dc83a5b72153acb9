import {
  applyTape,
  cast,
  DTypeError,
  isFloat,
  printShape,
  random,
  type Shape,
  ShapeError,
  stopGradient,
  Tensor,
  trace,
  type Traced,
  where,
  withinRule,
} from "@dzdt/tensor";
import { atHand, timeType } from "../../at-hand";
import { checkOptions } from "../../options";
import { checkKey } from "./key";
import { type BrownianTree, deepest, incrementOf } from "./tree";

/** What is known of a path besides its increments. `space-time`: H; `space-time-time`: H and K. */
export type LevyArea = "none" | "space-time" | "space-time-time";

/** Brownian motion over an interval [s, t] of length h. */
export interface Increment {
  /** W(t) − W(s), of variance h: the path's shape. In units of √time. */
  readonly W: Tensor;
  /** Space–time Lévy area, 1/h ∫ (W_r − W_s − (r − s)/h W) dr, of variance h/12, independent of W. */
  readonly H?: Tensor;
  /** Space–time–time Lévy area, 1/h² ∫ (W_r − W_s − (r − s)/h W)((s + t)/2 − r) dr, of variance h/720, independent of W and H. */
  readonly K?: Tensor;
}

/** A path that drives an equation: {@link brownian}, or any other object of this form, such as measured increments. */
export interface BrownianPath {
  readonly shape: Shape;
  readonly levyArea: LevyArea;
  /** The ends of the time for which the path is known; infinite where they are not given. */
  readonly t0: number;
  readonly t1: number;
  /** Shortest interval whose increment has the right law together with its neighbours'. */
  readonly tolerance: number;
  /** The motion from time s to time t; numbers, or scalars of a program. */
  increment(this: void, s: number | Tensor, t: number | Tensor): Increment;
}

/** Options of {@link brownian}. */
export interface BrownianOptions {
  /** uint32 `[2]`: `random.key(seed)`. One key, one path. */
  readonly key: Tensor;
  readonly t0: number;
  /** After t0. */
  readonly t1: number;
  readonly shape: Shape;
  /**
   * Shortest interval that will be asked for, in units of time; between (t1 − t0) / 2^28 and t1 − t0. Shorter intervals still have increments that
   * add up, but not quite their law. Cost grows with its logarithm. @defaultValue (t1 − t0) / 2^20
   */
  readonly tolerance?: number;
  /** Which Lévy areas to give besides W. Paths with other areas are other paths. @defaultValue "none" */
  readonly levyArea?: LevyArea;
  /** @defaultValue "float64" where the key's target has it */
  readonly dtype?: "float32" | "float64";
}

const names: readonly (keyof BrownianOptions)[] = ["key", "t0", "t1", "shape", "tolerance", "levyArea", "dtype"];

/** How many of W, H and K each kind has. */
export const partsOf: Readonly<Record<LevyArea, number>> = { none: 1, "space-time": 2, "space-time-time": 3 };

/** Extra halvings: the tree's root is four times as long as the path. */
const margin = 2;

/**
 * A Brownian motion of independent components on [t0, t1], of which any increment can be had at any time, in any order: a pure function of the key,
 * in eager code, programs, workers. It has no memory; numbers come from a counter at each node of a virtual tree, from their exact law given the
 * nodes above. `increment(s, t)` is the same whatever was asked before, and at nodes (t0 plus dyadic fractions of t1 − t0) whatever the tolerance,
 * bit for bit; increments of adjacent intervals add up to rounding, with Chen's relation for H and K. For s > t it is the path run backwards.
 * No derivatives with respect to times: a Brownian path has none.
 * Cost: `log2((t1 − t0) / tolerance)` levels, each a few random numbers for each component; fewer at dyadic fractions.
 * Reference: Jelinčič, Foster and Kidger 2024, "Single-seed generation of Brownian paths and integrals for adaptive and high order SDE solvers",
 * arXiv:2405.06464; Li et al. 2020, arXiv:2001.01328.
 * @throws RangeError for times or a tolerance out of range, and for increments outside [t0, t1] (within programs these are NaN)
 * @throws DTypeError, ShapeError for a key or shape of another kind
 * @example brownian({ key: random.key(0), t0: 0, t1: 1, shape: [3] }).increment(0.25, 0.5).W // [3], variance 1/4
 */
export function brownian(options: BrownianOptions): BrownianPath {
  checkOptions("brownian", options, names);
  const { key, t0, t1, shape, levyArea = "none" } = options;
  checkKey("brownian", key);
  if (!(Number.isFinite(t0) && Number.isFinite(t1) && t1 > t0))
    throw new RangeError(`brownian: t0 is ${String(t0)} and t1 is ${String(t1)}; give finite times with t1 after t0`);
  if (!isShape(shape))
    throw new ShapeError(`brownian: shape is ${String(shape)}; give a list of axis lengths, [] for one component`);
  if (!(levyArea in partsOf))
    throw new TypeError(
      `brownian: levyArea is ${JSON.stringify(levyArea)}; give "none", "space-time" or "space-time-time"`,
    );
  const span = t1 - t0;
  const tolerance = options.tolerance ?? span / 2 ** 20;
  if (!(tolerance >= span / 2 ** (deepest - margin) && tolerance <= span))
    throw new RangeError(
      `brownian: tolerance is ${String(tolerance)} for a path of length ${span}; give one between ${span / 2 ** (deepest - margin)} and ${span}`,
    );
  const dtype = options.dtype ?? timeType(key.target);
  if (!isFloat(dtype)) throw new DTypeError(`brownian: dtype is ${String(dtype)}; give "float32" or "float64"`);
  const depth = margin + Math.max(0, Math.ceil(Math.log2(span / tolerance)));
  const tree: Omit<BrownianTree, "key"> = { shape, dtype, count: partsOf[levyArea], depth };
  const time = timeType(key.target);

  // One program, where it is not part of one: traced when it is first asked for.
  let program: Traced | undefined;
  const increment = (s: number | Tensor, t: number | Tensor): Increment => {
    const [from, to] = [scalar(s), scalar(t)];
    for (const x of [from, to]) checkInside(x);
    program ??= trace(
      "brownian",
      (k, a, b) => withinRule(() => parts(k, a, b)),
      [key, from, to].map((x) => ({ dtype: x.dtype, shape: x.shape })),
      { target: key.target },
    );
    const { tape, captured } = program;
    const [W, H, K] = applyTape(tape, [key, from, to, ...captured]);
    return Object.freeze({ W: W!, ...(H && { H }), ...(K && { K }) });
  };

  return Object.freeze<BrownianPath>({ shape: Object.freeze([...shape]), levyArea, t0, t1, tolerance, increment });

  function scalar(x: number | Tensor): Tensor {
    if (typeof x === "number") return Tensor.scalar(x, time, key.target);
    if (!(x instanceof Tensor) || x.ndim !== 0)
      throw new ShapeError(
        `brownian: a time is ${x instanceof Tensor ? printShape(x.shape) : String(x)}; give a number or a scalar, and vmap over several`,
      );
    return stopGradient(cast(x, time));
  }

  function checkInside(x: Tensor): void {
    const value = x.tape ? undefined : atHand(x)?.[0];
    if (value !== undefined && !(value >= t0 && value <= t1))
      throw new RangeError(
        `brownian: t = ${value} is outside the path's [${t0}, ${t1}]; ask within, or make it longer`,
      );
  }

  /** W, H, K from one time to another. */
  function parts(k: Tensor, from: Tensor, to: Tensor): Tensor[] {
    const backwards = from.greater(to);
    const unit = (x: Tensor): Tensor => x.sub(t0).div(span);
    const [s, t] = [unit(where(backwards, to, from)), unit(where(backwards, from, to))];
    const inside = s.greaterEqual(0).and(t.lessEqual(1));
    const found = incrementOf({ ...tree, key: k }, s, t);
    const h = cast(found.h, dtype);
    const per = where(h.greater(0), h, 1);
    return found.parts.map((x, n) => {
      const scaled = [x, x.div(per), x.div(per).div(per)][n]!.mul(Math.sqrt(span));
      const signed = n === 1 ? scaled : where(backwards, scaled.neg(), scaled);
      return where(inside, signed, NaN);
    });
  }
}

const isShape = (shape: unknown): boolean =>
  Array.isArray(shape) && shape.every((n) => Number.isInteger(n) && (n as number) >= 0);

/** A path on a key of its own for a solve. */
export const pathOf = (
  key: Tensor,
  t0: number,
  t1: number,
  shape: Shape,
  levyArea: LevyArea,
  dtype: "float32" | "float64",
): BrownianPath => brownian({ key: random.foldIn(key, 0), t0, t1, shape, levyArea, dtype });
