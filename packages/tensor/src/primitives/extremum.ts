import type { DType } from "../dtype";
import { ShapeError } from "../errors";
import type { Emitter, Value } from "../lower/emitter";
import { type Primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import { printShape, type Shape, sizeOf } from "../shape";
import type { Tensor } from "../tensor";
import { foldAxes } from "./accumulate";
import { dropAxes, lengthsOf } from "./axes";
import { along, type Axes, overAxes } from "./over-axes";

/** The least or greatest value of a dtype: where a search for the other starts. */
export function bound(dtype: DType, which: "least" | "greatest"): number {
  const least = which === "least";
  if (dtype === "int32") return least ? -(2 ** 31) : 2 ** 31 - 1;
  if (dtype === "uint32") return least ? 0 : 2 ** 32 - 1;
  if (dtype === "bool") return least ? 0 : 1;
  return least ? -Infinity : Infinity;
}

/** @throws ShapeError when results are wanted of no elements. */
export function checkSome(where: string, shape: Shape, axes: readonly number[]): void {
  if (sizeOf(lengthsOf(shape, axes)) === 0 && sizeOf(dropAxes(shape, axes)) > 0)
    throw new ShapeError(
      `${where}: a tensor of shape ${printShape(shape)} has no elements along axes ${printShape(axes)}; give it at least one there`,
    );
}

/** max and min over axes. The derivative is shared equally among elements that tie. */
/* @__NO_SIDE_EFFECTS__ */
export function extremum(
  name: string,
  from: "least" | "greatest",
  combine: (k: Emitter, a: Value, b: Value) => Value,
): Primitive<Axes> {
  return overAxes({
    name,
    domain: real,
    fusion: "reduce",
    shape: ([x], { axes }) => {
      checkSome(name, x!.shape, axes);
      return [{ ...x!, shape: dropAxes(x!.shape, axes) }];
    },
    vjp: (o, [ct], [x], [out], { axes }) => {
      if (!ct) return [undefined];
      const { chosen, count } = ties(o, x!, out!, axes);
      return [o.where(chosen, along(o, o.div(ct, count), x!, axes), 0)];
    },
    jvp: (o, [tangent], [x], [out], { axes }) => {
      if (!tangent) return [undefined];
      const { chosen, count } = ties(o, x!, out!, axes);
      return [o.div(o.sum(o.where(chosen, tangent, 0), axes), count)];
    },
    element: (k, [x], i, { axes }) => foldAxes(k, x!, axes, i, { initial: bound(x!.dtype, from), combine }),
  });
}

function ties(o: RuleOps, x: Tensor, out: Tensor, axes: readonly number[]): { chosen: Tensor; count: Tensor } {
  const chosen = o.equal(x, along(o, out, x, axes));
  // No element equals a NaN: the count must not be 0 then.
  return { chosen, count: o.maximum(o.sum(o.cast(chosen, x.dtype), axes), 1) };
}
