import { concat, scan, type Tensor } from "@dzdt/tensor";

/** The time between two outputs, of which the earlier is t0 or the output before. */
export interface Interval {
  /** Scalars: the time of the later output and of the earlier. */
  readonly from: Tensor;
  readonly to: Tensor;
  /** The states there. */
  readonly y: readonly Tensor[];
  readonly before: readonly Tensor[];
  /** Cotangents of the later output. */
  readonly cotangents: readonly Tensor[];
}

/** Outputs of a solve, each `[outputs, …]`. */
export interface Outputs {
  readonly times: Tensor;
  readonly ys: readonly Tensor[];
  readonly cotangents: readonly Tensor[];
}

/** Goes from the last output back to t0: one loop, whatever the number of outputs; none for one output. */
export function backOver(
  { t0, y0 }: { readonly t0: Tensor; readonly y0: readonly Tensor[] },
  { times, ys, cotangents }: Outputs,
  init: readonly Tensor[],
  body: (carry: readonly Tensor[], interval: Interval) => readonly Tensor[],
): readonly Tensor[] {
  const count = times.shape[0]!;
  const row = (x: Tensor): Tensor => x.reshape(x.shape.slice(1));
  if (count === 1)
    return body(init, {
      from: row(times),
      to: t0,
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
  const rows = {
    from: times,
    to: shifted(t0, times),
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
