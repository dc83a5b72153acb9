import type { Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { alignBatch } from "./elementwise";
import { readWhere } from "./read-where";
import { slice } from "./slice";

/** Inputs x and a scalar: x with `low` and `high` more elements before and after along each axis, which hold the scalar. */
export const pad: Primitive<{ readonly low: readonly number[]; readonly high: readonly number[] }> = primitive({
  name: "pad",
  domain: real,
  fusion: "view",
  seams: true,
  shape: ([x], { low, high }) => [{ dtype: x!.dtype, shape: x!.shape.map((n, axis) => low[axis]! + n + high[axis]!) }],
  vjp: (o, [ct], [x], _outs, { low, high }, wanted) => {
    if (!ct) return [undefined, undefined];
    const strides = low.map(() => 1);
    const limits = low.map((l, axis) => l + x!.shape[axis]!);
    return [
      wanted[0] ? o.bind(slice, [ct], { starts: low, limits, strides })[0]! : undefined,
      wanted[1] ? o.sum(o.where(margin(o, x!, low, high), ct, 0)) : undefined,
    ];
  },
  jvp: (o, [tangent, value], [x, scalar], _outs, attributes) => {
    if (!tangent && !value) return [undefined];
    return o.bind(pad, [tangent ?? o.zerosLike(x!), value ?? o.zerosLike(scalar!)], attributes);
  },
  batch: (o, ins, batched, { low, high }, size) => {
    const [x] = alignBatch(o, [ins[0]!], [batched[0]!], size);
    const [scalar] = ins.slice(1);
    const attributes = { low: [0, ...low], high: [0, ...high] };
    if (!batched[1]) return o.bind(pad, [x!, scalar!], attributes);
    const padded = o.bind(pad, [x!, o.numberLike(false, x!)], attributes)[0]!;
    const filler = o.reshape(scalar!, [size, ...low.map(() => 1)]);
    return [o.where(margin(o, x!, attributes.low, attributes.high), filler, padded)];
  },
  element: (k, [x, scalar], i, { low, high }) => {
    const int = (value: number): Value => k.literal("int32", value);
    const filler = scalar!.at(k.index([], []));
    if (x!.shape.includes(0)) return filler;
    const conditions: Value[] = [];
    const from = i.axes().map((at, axis) => {
      if (low[axis]! > 0) conditions.push(k.lessEqual(int(low[axis]!), at));
      if (high[axis]! > 0) conditions.push(k.less(at, int(low[axis]! + x!.shape[axis]!)));
      return low[axis] === 0 ? at : k.sub(at, int(low[axis]!));
    });
    return readWhere(k, conditions, () => x!.at(k.index(x!.shape, from)), filler);
  },
});

/** True where pad adds elements. */
function margin(o: RuleOps, x: Tensor, low: readonly number[], high: readonly number[]): Tensor {
  const inside = o.cast(o.zerosLike(x), "bool");
  return o.bind(pad, [inside, o.cast(o.numberLike(1, x), "bool")], { low, high })[0]!;
}
