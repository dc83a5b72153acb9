import { concat, scan, type Tensor, zerosLike } from "@dzdt/tensor";
import { exactly, type FineTime, since } from "../fine-time";
import type { Start } from "./node";

/** The time between two outputs, of which the earlier is t0 or the output before. */
export interface Interval {
  /** Scalars: the time of the later output and of the earlier. */
  readonly from: Tensor;
  readonly to: Tensor;
  /** How long it is from `to` to `from`, where single floats of them do not tell. */
  readonly length: readonly Tensor[];
  /** The states there. */
  readonly y: readonly Tensor[];
  readonly before: readonly Tensor[];
  /** Cotangents of the later output. */
  readonly cotangents: readonly Tensor[];
}

/** Outputs of a solve, each `[outputs, …]`. */
export interface Outputs {
  readonly times: Tensor;
  /** What single floats leave of the times, where it is known. */
  readonly rests?: Tensor | undefined;
  readonly ys: readonly Tensor[];
  readonly cotangents: readonly Tensor[];
}

/** Goes from the last output back to t0: one loop, whatever the number of outputs; none for one output. */
export function backOver(
  { t0, y0, rests: known }: Pick<Start, "t0" | "y0" | "rests">,
  { times, rests, ys, cotangents }: Outputs,
  init: readonly Tensor[],
  body: (carry: readonly Tensor[], interval: Interval) => readonly Tensor[],
): readonly Tensor[] {
  const count = times.shape[0]!;
  const row = (x: Tensor): Tensor => x.reshape(x.shape.slice(1));
  const lengths = (to: Tensor, rest: () => Tensor | undefined): Tensor[] => {
    if (t0.dtype !== "float32") return [];
    const fine = (t: Tensor, left: Tensor | undefined): FineTime => (left ? { t, rest: [left] } : exactly(t));
    return [since(fine(times, rests), fine(to, rest()))];
  };
  const one = (x: Tensor): Tensor => x.reshape([1]);
  if (count === 1)
    return body(init, {
      from: row(times),
      to: t0,
      length: lengths(one(t0), () => known && one(known.t0)).map(row),
      y: ys.map(row),
      before: y0,
      cotangents: cotangents.map(row),
    });
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
  const to = shifted(t0, times);
  const rows = {
    from: times,
    to,
    length: lengths(to, () => known && rests && shifted(known.t0, rests)),
    y: [...ys],
    before: ys.map((y, k) => shifted(y0[k]!, y)),
    cotangents: [...cotangents],
  };
  const [last] = scan(
    (carry: readonly Tensor[], interval: Interval) => [[...body(carry, interval)], []],
    [...init],
    rows,
    {
      reverse: true,
    },
  );
  return last;
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
