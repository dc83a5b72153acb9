import { type Primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { linear } from "./linear";

/**
 * Matrices with zeros above (`lower`) or below (not `lower`) a diagonal: of each the elements with column − row ≤ offset, or ≥ offset.
 */
export const triangle: Primitive<{ readonly lower: boolean; readonly offset: number }> = linear({
  name: "triangle",
  domain: real,
  fusion: "map",
  positional: true,
  shape: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  vjp: (o, [ct], _ins, _outs, attributes) => [ct && o.bind(triangle, [ct], attributes)[0]!],
  batch: (o, [x], _batched, attributes) => o.bind(triangle, [x!], attributes),
  element: (k, [x], i, { lower, offset }) => {
    const axes = i.axes();
    const row = k.add(axes.at(-2)!, k.literal("int32", offset));
    const column = axes.at(-1)!;
    const value = x!.at(i);
    return k.select(lower ? k.lessEqual(column, row) : k.lessEqual(row, column), value, k.literal(value.dtype, 0));
  },
});

/** Elements on a diagonal and below it; `offset` columns to the right of the main one. */
export const lower = (o: RuleOps, x: Tensor, offset = 0): Tensor => o.bind(triangle, [x], { lower: true, offset })[0]!;

/** Elements on the diagonal and above it. */
export const upper = (o: RuleOps, x: Tensor): Tensor => o.bind(triangle, [x], { lower: false, offset: 0 })[0]!;

/** Elements on the diagonal. */
export const diagonal = (o: RuleOps, x: Tensor): Tensor => upper(o, lower(o, x));
