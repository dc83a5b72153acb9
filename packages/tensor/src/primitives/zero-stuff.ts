import type { Value } from "../lower/emitter";
import { type Primitive, real } from "../primitive";
import type { Shape } from "../shape";
import { linear } from "./linear";
import { readWhere } from "./read-where";

/**
 * The transpose of slice: a tensor of `shape`, zero but at positions starts + strides · i, which hold the elements of x.
 */
export const zeroStuff: Primitive<{
  readonly shape: Shape;
  readonly starts: readonly number[];
  readonly strides: readonly number[];
}> = linear({
  name: "zeroStuff",
  domain: real,
  fusion: "view",
  seams: true,
  shape: ([x], { shape }) => [{ ...x!, shape }],
  vjp: (o, [ct], [x], _outs, { starts, strides }) => {
    if (!ct) return [undefined];
    const limits = starts.map(
      (start, axis) => start + (x!.shape[axis]! > 0 ? (x!.shape[axis]! - 1) * strides[axis]! + 1 : 0),
    );
    return [o.slice(ct, starts, limits, strides)];
  },
  batch: (o, [x], _batched, { shape, starts, strides }, size) =>
    o.bind(zeroStuff, [x!], { shape: [size, ...shape], starts: [0, ...starts], strides: [1, ...strides] }),
  element: (k, [x], i, { starts, strides }) => {
    const int = (value: number): Value => k.literal("int32", value);
    const zero = k.literal(x!.dtype, 0);
    if (x!.shape.includes(0)) return zero;
    const conditions: Value[] = [];
    const from = i.axes().map((at, axis) => {
      const [start, stride, length, whole] = [starts[axis]!, strides[axis]!, x!.shape[axis]!, i.shape[axis]!];
      const shifted = start === 0 ? at : k.sub(at, int(start));
      const scaled = stride === 1 ? shifted : k.div(shifted, int(stride));
      if (start > 0) conditions.push(k.lessEqual(int(start), at));
      if (stride > 1) conditions.push(k.equal(k.rem(shifted, int(stride)), int(0)));
      if (start + length * stride < whole) conditions.push(k.less(at, int(start + length * stride)));
      return scaled;
    });
    return readWhere(k, conditions, () => x!.at(k.index(x!.shape, from)), zero);
  },
});
