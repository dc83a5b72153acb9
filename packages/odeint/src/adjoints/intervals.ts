import { concat, scan, type Tensor, zerosLike } from "@dzdt/tensor";
import { exactly, since } from "../fine-time";
import type { Start } from "./node";

/** The time between two outputs, of which the earlier is t0 or the output before. */
export interface Interval {
  /** Scalars: the time of the later output and of the earlier. */
  readonly from: Tensor;
  readonly to: Tensor;
  /** What these are measured from, where floats are single: `to`, so that an interval is as long as it is wherever it lies. */
  readonly origin: Tensor | undefined;
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
  const single = t0.dtype === "float32";
  const apart = (to: Tensor, rest: () => Tensor | undefined): Pick<Interval, "from" | "to" | "origin"> => {
    if (!single) return { from: times, to, origin: undefined };
    const fine = (t: Tensor, left: Tensor | undefined) => (left ? { t, rest: [left] } : exactly(t));
    const length = since(fine(times, rests), fine(to, rest()));
    return { from: length, to: zerosLike(length), origin: to };
  };
  if (count === 1) {
    const one = (x: Tensor): Tensor => x.reshape([1]);
    const { from, to, origin } = apart(one(t0), () => known && one(known.t0));
    return body(init, {
      from: row(from),
      to: single ? row(to) : t0,
      origin: origin && t0,
      y: ys.map(row),
      before: y0,
      cotangents: cotangents.map(row),
    });
  }
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
  const { from, to, origin } = apart(shifted(t0, times), () => known && rests && shifted(known.t0, rests));
  const rows = {
    from,
    to,
    origin: origin ? [origin] : [],
    y: [...ys],
    before: ys.map((y, k) => shifted(y0[k]!, y)),
    cotangents: [...cotangents],
  };
  const [last] = scan(
    (carry: readonly Tensor[], { origin: [origin], ...interval }: typeof rows) => [
      [...body(carry, { ...interval, origin })],
      [],
    ],
    [...init],
    rows,
    {
      reverse: true,
    },
  );
  return last;
}

/** A time that is measured from an origin, as the field sees it. */
export const after = (origin: Tensor | undefined, t: Tensor): Tensor => (origin ? origin.add(t) : t);
