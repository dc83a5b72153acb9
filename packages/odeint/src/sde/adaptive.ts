import { bind, cast, type Checkpoints, loop, take, type Tensor, tensor, trace, where } from "@dzdt/tensor";
import { guarded } from "../guarded-call";
import { typeOf } from "../leaves";
import { allFinite, numbers, running } from "../problem";
import { beside, ordinals } from "../rows";
import { Status } from "../status";
import { scaledNorm } from "../tolerance";
import type { SdeMethod } from "./methods/method";
import type { Motion, Span } from "./motion";

/** How closely a solve follows its path. */
export interface Accuracy {
  readonly rtol: Tensor;
  readonly atol: Tensor;
  /** Strong order of the solver for this noise. */
  readonly order: number;
  /** No step is longer; undefined: an eighth of the time from first to last. */
  readonly longest: Tensor | undefined;
  /** How many of the state's leaves, the first ones, are looked at. @defaultValue all */
  readonly measured?: number;
}

/** A solve in steps that are chosen by their errors. */
export interface AdaptivePlan {
  readonly method: SdeMethod;
  readonly motion: Motion;
  readonly accuracy: Accuracy;
  readonly maxSteps: number;
  readonly checkpoints: Checkpoints;
  /** Both ends of each interval between times. */
  readonly start: Tensor;
  readonly end: Tensor;
  readonly y0: readonly Tensor[];
  readonly memory: readonly Tensor[];
}

/** Where a solve is: in which interval, of how many parts of which length, at which of them. All but `row` and `rejected` in the dtype of times. */
interface Place {
  readonly row: Tensor;
  readonly parts: Tensor;
  readonly index: Tensor;
  readonly rejected: Tensor;
  readonly status: Tensor;
}

/** Finest division of an interval, a power of 2. */
const finest = 26;

/** bool, and the scaled error, of a step and its two halves. */
interface Tried {
  readonly accept: Tensor;
  readonly ratio: Tensor;
  readonly next: readonly Tensor[];
}

/**
 * Each interval in parts that are halved until the step and its two halves agree, and doubled again where two halves of a longer part are done: so all
 * steps are nested, every time that was tried is visited, and the path's numbers there are those that were seen before. Steps that could pass by a
 * rejected time would favour some paths, and converge to another equation.
 * Foster and Jelinčič 2023, "On the convergence of adaptive approximations for stochastic differential equations", arXiv:2311.14201.
 */
export function adaptively(plan: AdaptivePlan): {
  readonly rows: readonly Tensor[];
  readonly memory: readonly Tensor[];
  readonly steps: Tensor;
  readonly rejected: Tensor;
  readonly status: Tensor;
  readonly end: { readonly t: Tensor; readonly h: Tensor; readonly y: readonly Tensor[] };
} {
  const { accuracy, start, end, y0, memory, maxSteps, checkpoints } = plan;
  const { int, real } = numbers(start);
  const intervals = start.shape[0]!;
  const longest =
    accuracy.longest ??
    take(end, int(intervals - 1), 0)
      .sub(take(start, int(0), 0))
      .div(8);
  const powers = tensor(
    Array.from({ length: finest + 1 }, (_, k) => 2 ** k),
    { dtype: start.dtype, target: start.target },
  );
  /** The least power of 2 that is not below. */
  const power = (x: Tensor): Tensor => {
    const exponent = x.maximum(1).log().div(Math.LN2).sub(1e-6).ceil().clip(0, finest);
    return take(powers, cast(exponent, "int32"), 0);
  };
  const lengthOf = (row: Tensor): Tensor => {
    const at = row.minimum(intervals - 1);
    return take(end, at, 0).sub(take(start, at, 0));
  };
  const least = (row: Tensor): Tensor => power(lengthOf(row).div(longest));
  // An error below this may be that of a step of twice the length.
  const small = 2 ** -(accuracy.order + 0.5) / 2;

  const body = trace(
    "step",
    (attempts, row, parts, index, rejected, _status, ...carries) => {
      const { accept, ratio, next } = attempted(plan, { row: row, parts: parts, index: index }, carries);
      const after = index.add(1);
      const last = accept.and(after.equal(parts));
      const calm = ratio.less(small);
      const even = after.mul(0.5).equal(after.mul(0.5).floor());
      const wider = calm
        .and(even)
        .and(last.not())
        .and(parts.greater(least(row)));
      const more = ratio
        .maximum(1)
        .log()
        .div(Math.LN2 * (accuracy.order + 0.5))
        .ceil()
        .clip(1, 3);
      const deeper = take(powers, cast(where(ratio.less(Infinity), more, 2), "int32"), 0);
      const scale = where(accept, where(wider, 0.5, 1), deeper);
      const beyond = row.add(1);
      const anew = power(parts.mul(lengthOf(beyond).div(lengthOf(row))).mul(where(calm, 0.5, 1)));
      const at = where(accept, after, index).mul(scale);
      const place: Place = {
        row: where(last, beyond, row),
        parts: where(last, anew.maximum(least(beyond)), parts.mul(scale)),
        index: where(last, 0, at),
        rejected: rejected.add(cast(accept.not(), "int32")),
        status: int32(attempts, running),
      };
      const half = lengthOf(row).div(place.parts.mul(2));
      const short = half.less(plan.motion.tolerance * (1 - 1e-9)).or(place.parts.greaterEqual(2 ** finest));
      const exhausted = attempts.equal(maxSteps - 1);
      const going = where(exhausted, Status.maxStepsReached, running);
      const failing = where(accept.not().and(short), Status.stepUnderflow, going);
      const status = where(last.and(beyond.equal(intervals)), Status.success, failing);
      const carried = carries.map((x, k) => where(accept, next[k]!, x));
      return [
        ...[place.row, place.parts, place.index, place.rejected, cast(status, "int32")],
        ...carried,
        where(last, row, -1),
        ...next.slice(0, y0.length),
      ];
    },
    [int(0), int(0), real(0), real(0), int(0), int(0), ...y0, ...memory].map(typeOf),
  );
  const first = int(0);
  const begun = where(allFinite([...y0, ...memory], start), int(running), int(Status.nonFinite));
  const init = [first, least(first), real(0), int(0), begun, ...y0, ...memory];
  const going = trace("unfinished", (...ins) => [ins[4]!.less(0)], init.map(typeOf));
  const results = bind(loop, [...init, ...body.captured, ...going.captured], {
    body: body.tape,
    condition: going.tape,
    carries: init.length,
    xs: 0,
    length: maxSteps,
    counted: false,
    reverse: false,
    ys: y0.map(() => "row" as const),
    rows: intervals,
    lanes: 0,
    checkpoints,
  });
  const [done, parts, index, rejected, status] = results as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const reached = ordinals(done, intervals).lessEqual(done);
  const rows = results.slice(init.length, -1).map((y) => where(beside(reached, y), y, NaN));
  const h = lengthOf(done).div(parts);
  const t = take(start, done.minimum(intervals - 1), 0).add(index.mul(h));
  const y = results.slice(5, 5 + y0.length);
  const memories = results.slice(5 + y0.length, init.length);
  return { rows, memory: memories, steps: results.at(-1)!, rejected, status, end: { t, h, y } };
}

const int32 = (like: Tensor, value: number): Tensor => like.mul(0).add(value);

/** A step and its two halves; a call of its own, through which no derivatives go where it is rejected. */
function attempted(
  { method, motion, accuracy, start, end, y0 }: AdaptivePlan,
  { row, parts, index }: Pick<Place, "row" | "parts" | "index">,
  carries: readonly Tensor[],
): Tried {
  const count = y0.length;
  const [from, to] = [take(start, row, 0), take(end, row, 0)];
  const h = to.sub(from).div(parts);
  const half = to.sub(from).div(parts.mul(2));
  const after = index.add(1);
  const t = from.add(index.mul(h));
  // As a part of half the length has it, bit for bit.
  const middle = from.add(index.mul(2).add(1).mul(half));
  const tNext = where(after.equal(parts), to, from.add(after.mul(h)));
  const seen = y0.slice(0, accuracy.measured);
  const state = { structure: seen.map(() => null), leaves: seen.map(typeOf), paths: seen.map((_, k) => `[${k}]`) };
  const found = guarded(
    "attempt",
    (t, middle, tNext, h, half, ...ins) => {
      const step = (span: Span, at: readonly Tensor[]): Tensor[] => {
        const noise = motion.over(span);
        const { y, memory } = method.step({ ...span, y: at.slice(0, count), memory: at.slice(count), noise });
        return [...y, ...memory];
      };
      const whole = step({ t, tNext, h }, ins);
      const halves = step({ t: middle, tNext, h: half }, step({ t, tNext: middle, h: half }, ins));
      const tolerance = (x: Tensor): Tensor[] => seen.map(({ dtype }) => cast(x, dtype));
      const norm = scaledNorm(tolerance(accuracy.rtol), tolerance(accuracy.atol), "rms", state, t.dtype);
      const [y, next] = [ins.slice(0, seen.length), halves.slice(0, seen.length)];
      const apart = next.map((x, k) => x.sub(whole[k]!));
      const ratio = norm(apart, y, next).stopGradient();
      return [...halves, ratio, ratio.lessEqual(1)];
    },
    [t, middle, tNext, h, half, ...carries],
  );
  return { accept: found.at(-1)!, ratio: found.at(-2)!, next: found.slice(0, -2) };
}
