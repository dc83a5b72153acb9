import { type Primitive, primitive, real } from "../primitive";

/**
 * Matrices with zeros above (`lower`) or below (not `lower`) a diagonal: of each the elements with column − row ≤ offset, or ≥ offset.
 */
export const triangle: Primitive<{ readonly lower: boolean; readonly offset: number }> = primitive({
  name: "triangle",
  domain: real,
  fusion: "map",
  positional: true,
  shape: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  vjp: (o, [ct], _ins, _outs, attributes) => [ct && o.bind(triangle, [ct], attributes)[0]!],
  jvp: (o, [tangent], _ins, _outs, attributes) => [tangent && o.bind(triangle, [tangent], attributes)[0]!],
  batch: (o, [x], _batched, attributes) => o.bind(triangle, [x!], attributes),
  element: (k, [x], i, { lower, offset }) => {
    const axes = i.axes();
    const row = k.add(axes.at(-2)!, k.literal("int32", offset));
    const column = axes.at(-1)!;
    const value = x!.at(i);
    return k.select(lower ? k.lessEqual(column, row) : k.lessEqual(row, column), value, k.literal(value.dtype, 0));
  },
});
