import { concat, scan, type Tensor, zerosLike } from "@dzdt/tensor";
import { exactly, type FineTime, since } from "../fine-time";
import { plus } from "./backwards";
import type { Start } from "./node";

/** The time between two outputs or events, of which the earlier is t0 or the one before. */
export interface Interval {
  /** Scalars: the time of the later one and of the earlier. */
  readonly from: Tensor;
  readonly to: Tensor;
  /** How long it is from `to` to `from`, where single floats of them do not tell. */
  readonly length: readonly Tensor[];
  /** The states there. */
  readonly y: readonly Tensor[];
  readonly before: readonly Tensor[];
}

/** What goes back from interval to interval: the cotangent of the state, and more. */
export interface Passed {
  readonly lambda: readonly Tensor[];
  readonly rest: readonly Tensor[];
}

/** From the later end of an interval to the earlier. */
export type Across = (passed: Passed, interval: Interval) => Passed;

/** Outputs of a solve, each `[outputs, …]`. */
export interface Outputs {
  readonly times: Tensor;
  /** What single floats leave of the times, where it is known. */
  readonly rests?: Tensor | undefined;
  readonly ys: readonly Tensor[];
  readonly cotangents: readonly Tensor[];
}

/** When a solve begins, and in which state. */
export type Origin = Pick<Start, "t0" | "y0" | "rests">;

/** Rows of the intervals that end at some times, the first of which begins at t0. */
export function intervalsTo(
  { t0, y0, rests: known }: Origin,
  { times, rests, ys }: Pick<Outputs, "times" | "rests" | "ys">,
): Interval {
  const count = times.shape[0]!;
  const shifted = (first: Tensor, rest: Tensor): Tensor =>
    concat(
      [
        first.reshape([1, ...first.shape]),
        rest.slice(
          rest.shape.map(() => 0),
          [count - 1, ...rest.shape.slice(1)],
        ),
      ],
      0,
    );
  const fine = (t: Tensor, left: Tensor | undefined): FineTime => (left ? { t, rest: [left] } : exactly(t));
  const to = shifted(t0, times);
  const before = known && rests && shifted(known.t0, rests);
  return {
    from: times,
    to,
    length: t0.dtype === "float32" ? [since(fine(times, rests), fine(to, before))] : [],
    y: ys,
    before: ys.map((y, k) => shifted(y0[k]!, y)),
  };
}

/** Goes from the last output back to t0: one loop, whatever the number of outputs; none for one output. */
export function backOver(origin: Origin, outputs: Outputs, init: Passed, across: Across): Passed {
  const { cotangents } = outputs;
  const rows = { interval: intervalsTo(origin, outputs), cotangents };
  const step = ({ lambda, rest }: Passed, { interval, cotangents }: typeof rows): Passed =>
    across({ lambda: plus(lambda, cotangents), rest }, interval);
  if (outputs.times.shape[0] === 1) return step(init, firstOf(rows));
  const [last] = scan(
    (carry: Passed, row: typeof rows) => [step(carry, row) as never, []],
    init as never,
    rows as never,
    {
      reverse: true,
    },
  );
  return last;
}

/** The only row. */
function firstOf({ interval, cotangents }: { readonly interval: Interval; readonly cotangents: readonly Tensor[] }): {
  readonly interval: Interval;
  readonly cotangents: readonly Tensor[];
} {
  const row = (x: Tensor): Tensor => x.reshape(x.shape.slice(1));
  const { from, to, length, y, before } = interval;
  return {
    interval: { from: row(from), to: row(to), length: length.map(row), y: y.map(row), before: before.map(row) },
    cotangents: cotangents.map(row),
  };
}

/** The ends of an interval, and what they are measured from: where floats are single `to`, so that it is as long as it is wherever it lies. */
export function measured({ from, to, length: [length] }: Interval): {
  readonly from: Tensor;
  readonly to: Tensor;
  readonly origin: Tensor | undefined;
} {
  return length ? { from: length, to: zerosLike(length), origin: to } : { from, to, origin: undefined };
}

/** A time that is measured from an origin, as the field sees it. */
export const after = (origin: Tensor | undefined, t: Tensor): Tensor => (origin ? origin.add(t) : t);
