import { type Shape, sizeOf } from "@dzdt/tensor";
import type { Emitter, Value } from "@dzdt/tensor/lower";

/** The lines of a shape along an axis. */
export interface LinesAlong {
  readonly lines: number;
  readonly length: number;
  /** The row-major position of element i of a line. */
  readonly at: (k: Emitter, line: Value, i: Value) => Value;
}

export function linesAlong(shape: Shape, axis: number): LinesAlong {
  const length = shape[axis]!;
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  return {
    lines: outer * inner,
    length,
    at: (k, line, i) => {
      const [block, j] = divided(k, line, inner, outer);
      return flat(k, flat(k, block, length, i), inner, j);
    },
  };
}

/** Row-major positions: i · n + j. */
export const flat = (k: Emitter, i: Value, n: number, j: Value): Value => k.add(k.mul(i, k.literal("int32", n)), j);

/** The way back: i and j < n of a position i · n + j, where there are `count` of i. */
export function divided(k: Emitter, at: Value, n: number, count: number): readonly [i: Value, j: Value] {
  const int = (value: number): Value => k.literal("int32", value);
  if (count === 1) return [int(0), at];
  return n === 1 ? [at, int(0)] : [k.div(at, int(n)), k.rem(at, int(n))];
}

/** The first position from `first` on, or `end`, that something does not hold for, if it holds for none after that. */
export function endOf(k: Emitter, first: Value, end: Value, holds: (i: Value) => Value): Value {
  const low = k.variable(first);
  const high = k.variable(end);
  k.while(
    () => k.less(low.get(), high.get()),
    () => {
      const middle = k.shiftRight(k.add(low.get(), high.get()), k.literal("int32", 1));
      k.if(
        holds(middle),
        () => low.set(k.add(middle, k.literal("int32", 1))),
        () => high.set(middle),
      );
    },
  );
  return low.get();
}
