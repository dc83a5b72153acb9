import { type Primitive, real } from "../primitive";
import type { Shape } from "../shape";
import { linear } from "./linear";

/**
 * Repeats along axes: input axis j becomes result axis `axes[j]` (ascending), where its length is that of the result, or 1. Result axes
 * that are not named are new.
 */
export const broadcast: Primitive<{ readonly shape: Shape; readonly axes: readonly number[] }> = linear({
  name: "broadcast",
  domain: real,
  fusion: "view",
  repeats: true,
  shape: ([x], { shape }) => [{ ...x!, shape }],
  vjp: (o, [ct], [x], _outs, { shape, axes }) => {
    if (!ct) return [undefined];
    const repeated = shape.flatMap((length, axis) => {
      const from = axes.indexOf(axis);
      return from < 0 || (x!.shape[from] === 1 && length !== 1) ? [axis] : [];
    });
    return [o.reshape(o.sum(ct, repeated), x!.shape)];
  },
  batch: (o, [x], _batched, { shape, axes }, size) =>
    o.bind(broadcast, [x!], { shape: [size, ...shape], axes: [0, ...axes.map((a) => a + 1)] }),
  leading: ([x], { shape, axes }) => {
    let same = 0;
    while (same < axes.length && axes[same] === same && x!.shape[same] === shape[same]) same++;
    return same;
  },
  element: (k, [x], i, { axes }) => {
    const zero = k.literal("int32", 0);
    // Positions take divisions where the index is a row-major position: a number needs none.
    const at = x!.shape.some((length) => length !== 1) ? i.axes() : [];
    return x!.at(
      k.index(
        x!.shape,
        axes.map((axis, j) => (x!.shape[j] === 1 ? zero : at[axis]!)),
      ),
    );
  },
});
