import {
  cast,
  type DType,
  isFloat,
  isNaN,
  DTypeError,
  defaultTarget,
  type Nested,
  permute,
  printShape,
  sameShape,
  scan,
  ShapeError,
  Tensor,
  tensor,
  where,
  withinRule,
  zerosLike,
} from "@dzdt/tensor";
import { atHand, timeType } from "../at-hand";
import { readTimes, type Times } from "../saveAt";

/** Observations with time as axis 0. */
export interface Rows {
  /** As the path has them: `[T]`, or `[…batch, T]`. */
  readonly breakpoints: Tensor;
  /** The same as `[T, …, 1]`, to go with values; in the dtype of times. */
  readonly times: Tensor;
  /** `[T, …batch, channels]`, none missing. */
  readonly values: Tensor;
}

/** How missing values are filled: along the line between the observations around them, or with the last one before. */
export type Filling = "linear" | "forward";

/**
 * Reads observations, and fills those that are missing. Before the first observation of a channel its value is that of the first, after the last
 * that of the last; a channel without any is 0.
 * @throws RangeError, ShapeError, DTypeError for what does not fit
 */
export function readObservations(where: string, ts: Times, xs: Tensor | Nested, filling: Filling): Rows {
  const given = xs instanceof Tensor ? xs : tensor(xs);
  const values = cast(given, readType(where, given));
  const axis = values.ndim - 2;
  if (axis < 0)
    throw new ShapeError(
      `${where}: xs has shape ${printShape(values.shape)}; give […batch, T, channels], with one channel as [T, 1]`,
    );
  const breakpoints = readBreakpoints(where, ts, values, axis);
  const times = timesFirst(breakpoints, values.ndim);
  const rows = permute(values, [axis, ...others(values.ndim, axis)]);
  return { breakpoints, times, values: complete(rows) ? rows : filled(times, rows, filling) };
}

function readType(where: string, { dtype, weak }: Tensor): DType {
  if (!isFloat(dtype))
    throw new DTypeError(`${where}: xs is ${dtype}; cast it to float32 or float64, with NaN for what is missing`);
  return weak ? "float32" : dtype;
}

const others = (ndim: number, axis: number): number[] =>
  Array.from({ length: ndim }, (_, a) => a).filter((a) => a !== axis);

function readBreakpoints(where: string, ts: Times, values: Tensor, axis: number): Tensor {
  const several = ts instanceof Tensor && ts.ndim > 1;
  const target = values.tape && ts instanceof Tensor ? ts.target : (values.target ?? defaultTarget());
  const times = several ? cast(ts, timeType(target)) : readTimes(where, "ts", ts, target).tensor;
  const count = values.shape[axis]!;
  if (times.shape.at(-1) !== count || (several && !sameShape(times.shape, values.shape.slice(0, -1))))
    throw new ShapeError(
      `${where}: ts of shape ${printShape(times.shape)} for xs of ${printShape(values.shape)}; give […batch, T, channels] for [T] or […batch, T]`,
    );
  if (count < 2) throw new ShapeError(`${where}: there is ${count} time; a path needs two or more`);
  checkIncreasing(where, times, count);
  return times;
}

function checkIncreasing(where: string, times: Tensor, count: number): void {
  const numbers = times.tape ? undefined : atHand(times);
  if (!numbers) return;
  const bad = numbers.findIndex((t, j) => j % count > 0 && !(t > numbers[j - 1]!));
  const odd = bad >= 0 ? bad : numbers.findIndex((t) => !Number.isFinite(t));
  if (odd < 0) return;
  const row = numbers.length > count ? `row ${Math.floor(odd / count)}: ` : "";
  throw new RangeError(
    `${where}: ${row}ts[${odd % count}] = ${numbers[odd]!}${bad >= 0 ? ` is not after ts[${(odd % count) - 1}] = ${numbers[odd - 1]!}` : ""}; ` +
      `give finite times that strictly increase`,
  );
}

/** `[T]` or `[…batch, T]` as `[T, …, 1]` with as many axes as the values. */
function timesFirst(breakpoints: Tensor, ndim: number): Tensor {
  const last = breakpoints.ndim - 1;
  const first = permute(breakpoints, [last, ...others(breakpoints.ndim, last)]);
  const [count, ...batch] = first.shape;
  return first.reshape([count!, ...(batch.length > 0 ? batch : new Array<number>(ndim - 2).fill(1)), 1]);
}

/** Known to have no NaN. */
function complete(rows: Tensor): boolean {
  const numbers = rows.tape ? undefined : atHand(rows);
  return numbers !== undefined && !numbers.some((x) => Number.isNaN(x));
}

/** The latest observation so far, or the next one in reverse. */
interface Seen {
  readonly value: Tensor;
  readonly time: Tensor;
  readonly any: Tensor;
}

function filled(times: Tensor, rows: Tensor, filling: Filling): Tensor {
  return withinRule(() => {
    const known = isNaN(rows).not();
    const value = where(known, rows, 0);
    const time = times.broadcastTo(rows.shape);
    const none = zerosLike(value.slice([0], [1]).reshape(rows.shape.slice(1)));
    const start = { value: none, time: cast(none, times.dtype), any: none.notEqual(0) };
    const along = (reverse: boolean): Seen => {
      const step = (last: Seen, now: Seen): readonly [Seen, Seen] => {
        const next = {
          value: where(now.any, now.value, last.value),
          time: where(now.any, now.time, last.time),
          any: now.any.or(last.any),
        };
        return [next, next];
      };
      return scan(step as never, start, { value, time, any: known }, { reverse })[1] as unknown as Seen;
    };
    const [before, after] = [along(false), along(true)];
    const either = where(before.any, before.value, after.value);
    if (filling === "forward") return either;
    const between = known.not().and(before.any).and(after.any);
    const gap = where(between, after.time.sub(before.time), 1);
    const share = cast(time.sub(before.time).div(gap), rows.dtype);
    const line = before.value.add(after.value.sub(before.value).mul(share));
    return where(between, line, where(known, value, either));
  });
}

/** `[rows, …batch, channels]` as `[…batch, rows, channels]`. */
export function rowsLast(x: Tensor): Tensor {
  const axes = Array.from({ length: x.ndim - 2 }, (_, a) => a + 1);
  return permute(x, [...axes, 0, x.ndim - 1]);
}

/** Rows `from … to`. */
export const rowsOf = (x: Tensor, from: number, to: number): Tensor => x.slice([from], [to]);

/** Lengths of the intervals between times in the dtype of the values, and the slopes of the lines between values: `[T − 1, …]`. */
export function secants({ times, values }: Rows): { lengths: Tensor; slopes: Tensor } {
  const count = times.shape[0]!;
  const rise = (x: Tensor): Tensor => rowsOf(x, 1, count).sub(rowsOf(x, 0, count - 1));
  const lengths = cast(rise(times), values.dtype);
  return { lengths, slopes: rise(values).div(lengths) };
}
