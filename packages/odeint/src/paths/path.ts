import { vmap } from "@dzdt/autograd";
import {
  cast,
  gather,
  isFloat,
  printShape,
  sameShape,
  ShapeError,
  take,
  Tensor,
  where,
  withinRule,
} from "@dzdt/tensor";
import { atHand } from "../at-hand";
import { readTimes, type Times } from "../saveAt";

/** What a path is made of: a tree. */
export interface Pieces {
  /** Times at which pieces meet, strictly increasing: `[T]`, or `[…batch, T]` where each has its own. */
  readonly breakpoints: Tensor;
  /** Coefficients of 1, s, s², …, with s the time since the piece began: each `[…batch, T − 1, channels]`. */
  readonly coefficients: readonly Tensor[];
}

/**
 * A function of time made of polynomials, one between each two breakpoints. A tree: compiled and transformed functions take it as an argument and
 * differentiate with respect to it; its methods are no part of the tree and are lost there, and {@link piecewisePath} gives them back.
 */
export interface Path extends Pieces {
  /**
   * Values: `[…batch, channels]` at one time, `[times, …batch, channels]` at several.
   * @throws RangeError for a time outside the breakpoints; within programs the value there is NaN
   */
  at(this: void, t: number | Times): Tensor;
  /** Derivatives in time, in the shapes of `at`; at a breakpoint that of the piece after it. */
  derivative(this: void, t: number | Times): Tensor;
  /** `at(t) − at(s)`. */
  increment(this: void, s: number | Tensor, t: number | Tensor): Tensor;
}

/** More breakpoints than this are searched by halves, fewer by comparing with each. */
const searchLimit = 64;

/**
 * The path with given pieces; also a path that went through a transformed function, with its methods again.
 * @throws ShapeError when breakpoints and coefficients do not fit
 * @example piecewisePath({ breakpoints: tensor([0, 1, 3]), coefficients: [tensor([[0], [1]]), tensor([[1], [-0.5]])] }).at(2) // [0.5]
 */
export function piecewisePath({ breakpoints, coefficients }: Pieces): Path {
  checkPieces(breakpoints, coefficients);
  const pieces: Pieces = { breakpoints, coefficients: Object.freeze([...coefficients]) };
  const asked = (name: string, of: (path: Pieces, t: Tensor) => Tensor) => {
    const within = (t: Tensor): Tensor => withinRule(() => where(inside(pieces, t), of(pieces, t), NaN));
    return (times: number | Times): Tensor => {
      const scalar = typeof times === "number" || (times instanceof Tensor && times.ndim === 0);
      const list = readTimes(`path.${name}`, "t", scalar ? [times] : times, breakpoints.target);
      checkInside(name, list.values, breakpoints);
      return scalar ? within(list.tensor.reshape([])) : vmap(within)(list.tensor);
    };
  };
  const at = asked("at", valueAt);
  return Object.freeze(
    Object.defineProperties(pieces, {
      at: { value: at, enumerable: false },
      derivative: { value: asked("derivative", slopeAt), enumerable: false },
      increment: { value: (s: number | Tensor, t: number | Tensor) => at(t).sub(at(s)), enumerable: false },
    }),
  ) as Path;
}

/** The value at a time, a scalar; beyond the ends that of the first or last piece. */
export function valueAt(path: Pieces, t: Tensor): Tensor {
  const { s, weights } = pieceAt(path, t);
  return weights.reduceRight((sum, weight) => sum.mul(s).add(weight));
}

/** The derivative in time, likewise. */
export function slopeAt(path: Pieces, t: Tensor): Tensor {
  const { s, weights } = pieceAt(path, t);
  const [first, ...higher] = weights.slice(1).map((weight, k) => (k === 0 ? weight : weight.mul(k + 1)));
  if (!first) return weights[0]!.mul(0);
  return [first, ...higher].reduceRight((sum, weight) => sum.mul(s).add(weight));
}

/** The coefficients of the piece that a time is in, `[…batch, channels]`, and the time since it began, `[]` or `[…batch, 1]`. */
function pieceAt({ breakpoints, coefficients }: Pieces, t: Tensor): { s: Tensor; weights: Tensor[] } {
  const i = pieceIndex(breakpoints, t);
  const batch = i.ndim;
  const pick = (x: Tensor, axis: number): Tensor => {
    if (batch === 0) return take(x, i, axis);
    const found = gather(x, i.reshape([...i.shape, 1]), axis, { batch });
    return found.reshape(x.shape.toSpliced(axis, 1));
  };
  const start = pick(breakpoints, breakpoints.ndim - 1);
  const s = cast(cast(t, breakpoints.dtype).sub(start), coefficients[0]!.dtype);
  return {
    s: batch === 0 ? s : s.reshape([...s.shape, 1]),
    weights: coefficients.map((c) => pick(c, c.ndim - 2)),
  };
}

/** Which piece a time is in, int32: `[]`, or `[…batch]`. A breakpoint is in the piece after it. */
function pieceIndex(breakpoints: Tensor, t: Tensor): Tensor {
  const axis = breakpoints.ndim - 1;
  const count = breakpoints.shape[axis]!;
  const time = cast(t, breakpoints.dtype);
  if (count > searchLimit && axis === 0) return searched(breakpoints, time, count - 2);
  const starts = breakpoints.shape.map((_, a) => (a === axis ? 1 : 0));
  const inner = breakpoints.slice(starts, breakpoints.shape.with(axis, count - 1));
  return cast(inner.lessEqual(time), "int32").sum(axis);
}

/** The last of the breakpoints 0 … most that is not after a time, by halves. */
function searched(breakpoints: Tensor, t: Tensor, most: number): Tensor {
  let found = cast(t.mul(0).notEqual(0), "int32");
  for (let step = 2 ** Math.floor(Math.log2(most)); step >= 1; step /= 2) {
    const next = found.add(step);
    const fits = next.lessEqual(most).and(take(breakpoints, next, 0).lessEqual(t));
    found = where(fits, next, found);
  }
  return found;
}

/** bool: is a time between the first and last breakpoints? `[]`, or `[…batch, 1]`. */
function inside({ breakpoints }: Pieces, t: Tensor): Tensor {
  const { first, last } = endsOf(breakpoints);
  const within = first.lessEqual(t).and(last.greaterEqual(t));
  return within.ndim === 0 ? within : within.reshape([...within.shape, 1]);
}

/** The first and last breakpoints, `[]` or `[…batch]`. */
export function endsOf(breakpoints: Tensor): { first: Tensor; last: Tensor } {
  const axis = breakpoints.ndim - 1;
  return { first: take(breakpoints, 0, axis), last: take(breakpoints, -1, axis) };
}

/** The longest interval that all of a batch of paths have, where the breakpoints are known. */
export function knownSpan(breakpoints: Tensor): { first: number; last: number } | undefined {
  if (breakpoints.tape || !atHand(breakpoints)) return undefined;
  const { first, last } = endsOf(breakpoints);
  return { first: first.max().itemSync(), last: last.min().itemSync() };
}

function checkInside(name: string, values: ArrayLike<number> | undefined, breakpoints: Tensor): void {
  const span = values && knownSpan(breakpoints);
  if (!span) return;
  const bad = Array.from(values).find((t) => !(t >= span.first && t <= span.last));
  if (bad !== undefined)
    throw new RangeError(
      `path.${name}: t = ${bad} is outside the path's [${span.first}, ${span.last}]; ask within, or give it more observations`,
    );
}

function checkPieces(breakpoints: unknown, coefficients: unknown): void {
  const list: unknown = coefficients;
  const tensors = (x: unknown): x is Tensor => x instanceof Tensor && isFloat(x.dtype);
  if (!tensors(breakpoints) || !Array.isArray(list) || list.length === 0 || !list.every(tensors))
    throw new TypeError(
      "path: a path is { breakpoints, coefficients }, a tensor and a list of tensors of floats; make it with linearPath, hermitePath or cubicPath",
    );
  const { shape } = list[0]!;
  const count = breakpoints.shape.at(-1) ?? 0;
  const fits =
    count >= 2 &&
    shape.length >= 2 &&
    shape.at(-2) === count - 1 &&
    list.every((c) => sameShape(c.shape, shape)) &&
    (breakpoints.ndim === 1 || sameShape(breakpoints.shape.slice(0, -1), shape.slice(0, -2)));
  if (!fits)
    throw new ShapeError(
      `path: coefficients of ${list.map((c) => printShape(c.shape)).join(", ")} for breakpoints of ${printShape(breakpoints.shape)}; ` +
        `give […batch, T − 1, channels] for [T] or […batch, T]`,
    );
}
