import { type Primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { linear } from "./linear";
import { zeroStuff } from "./zero-stuff";

/** Along each axis the elements start, start + stride, … below limit. Strides are positive. */
export const slice: Primitive<{
  readonly starts: readonly number[];
  readonly limits: readonly number[];
  readonly strides: readonly number[];
}> = linear({
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

/** The elements from `start` to `limit` along one axis. */
export const cut = (o: RuleOps, x: Tensor, axis: number, start: number, limit: number): Tensor =>
  o.bind(slice, [x], {
    starts: x.shape.map((_, a) => (a === axis ? start : 0)),
    limits: x.shape.map((n, a) => (a === axis ? limit : n)),
    strides: x.shape.map(() => 1),
  })[0]!;
