import type { Shape } from "../../shape";
import { stridesOf } from "../../shape";
import type { Emitter, Index, Value } from "../emitter";

/** Keeps a computed value for reuse while the code that computed it dominates the code being emitted. */
export type Remember = <T>(make: () => T) => () => T;

const int = (k: Emitter, n: number): Value => k.literal("int32", n);

/** Row-major position of the element at `axes`. Axes of length 1 take no part, so they may be given as anything. */
function flatten(k: Emitter, shape: Shape, axes: readonly Value[]): Value {
  const strides = stridesOf(shape);
  return axes.reduce(
    (sum, axis, i) => (shape[i] === 1 ? sum : k.add(sum, k.mul(axis, int(k, strides[i]!)))),
    int(k, 0),
  );
}

/** Positions along the axes. Unsigned arithmetic, which is right as positions are never negative, spares the targets a sign correction. */
function unflatten(k: Emitter, shape: Shape, flat: Value): Value[] {
  const strides = stridesOf(shape);
  const unsigned = k.bitcast(flat, "uint32");
  const outermost = shape.findIndex((length) => length !== 1);
  return shape.map((length, i) => {
    if (length <= 1) return int(k, 0);
    const steps = k.div(unsigned, k.literal("uint32", strides[i]!));
    return k.bitcast(i === outermost ? steps : k.rem(steps, k.literal("uint32", length)), "int32");
  });
}

/** An index given by its positions along the axes. */
export function indexOfAxes(k: Emitter, remember: Remember, shape: Shape, axes: readonly Value[]): Index {
  return { shape, axes: () => axes, flat: remember(() => flatten(k, shape, axes)) };
}

/** An index given by its row-major position. */
export function indexOfFlat(k: Emitter, remember: Remember, shape: Shape, flat: Value): Index {
  return { shape, axes: remember(() => unflatten(k, shape, flat)), flat: () => flat };
}
