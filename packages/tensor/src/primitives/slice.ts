import { type Primitive, primitive, real } from "../primitive";
import { zeroStuff } from "./zero-stuff";

/** Along each axis the elements start, start + stride, … below limit. Strides are positive. */
export const slice: Primitive<{
  readonly starts: readonly number[];
  readonly limits: readonly number[];
  readonly strides: readonly number[];
}> = primitive({
  name: "slice",
  domain: real,
  fusion: "view",
  shape: ([x], { starts, limits, strides }) => [
    { ...x!, shape: starts.map((start, axis) => Math.max(0, Math.ceil((limits[axis]! - start) / strides[axis]!))) },
  ],
  vjp: (o, [ct], [x], _outs, { starts, strides }) => {
    if (!ct) return [undefined];
    return o.bind(zeroStuff, [ct], { shape: x!.shape, starts, strides });
  },
  jvp: (o, [tangent], _ins, _outs, attributes) => [tangent && o.bind(slice, [tangent], attributes)[0]!],
  batch: (o, [x], _batched, { starts, limits, strides }, size) =>
    o.bind(slice, [x!], { starts: [0, ...starts], limits: [size, ...limits], strides: [1, ...strides] }),
  element: (k, [x], i, { starts, strides }) =>
    x!.at(
      k.index(
        x!.shape,
        i.axes().map((at, axis) => {
          const scaled = strides[axis] === 1 ? at : k.mul(at, k.literal("int32", strides[axis]!));
          return starts[axis] === 0 ? scaled : k.add(scaled, k.literal("int32", starts[axis]!));
        }),
      ),
    ),
});
