import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { gather } from "./gather";
import { indexDomain, settleStart } from "./indices";
import { positions } from "./positions";

/**
 * Inputs x and an int32 scalar: the `length` elements along `axis` from there on. A start with which they would not all be inside is
 * moved to the nearest that fits.
 */
export const dynamicSlice: Primitive<{ readonly axis: number; readonly length: number }> = primitive({
  name: "dynamicSlice",
  domain: [real, indexDomain],
  fusion: "view",
  shape: ([x], { axis, length }) => [{ dtype: x!.dtype, shape: x!.shape.with(axis, length) }],
  vjp: (o, [ct], [x, start], _outs, { axis }) => [ct && o.dynamicUpdate(o.zerosLike(x!), start!, ct, axis), undefined],
  jvp: (o, [tangent], [, start], _outs, attributes) => [
    tangent && o.bind(dynamicSlice, [tangent, start!], attributes)[0]!,
  ],
  batch: (o, ins, batched, { axis, length }) => {
    const [x, start] = ins as [Tensor, Tensor];
    if (!batched[1]) return o.bind(dynamicSlice, [x, start], { axis: axis + 1, length });
    const lanes = batched[0] ? x : o.broadcastTo(x, [start.shape[0]!, ...x.shape]);
    const first = clampStart(o, start, lanes.shape[axis + 1]!, length);
    const indices = o.add(o.reshape(first, [-1, 1]), o.cast(o.bind(positions, [x], { shape: [length] })[0]!, "int32"));
    return o.bind(gather, [lanes, indices], { axis: axis + 1, batch: 1 });
  },
  element: (k, [x, start], i, { axis, length }) => {
    const from = settleStart(k, start!.at(k.index([], [])), x!.shape[axis]!, length);
    const at = i.axes();
    return x!.at(k.index(x!.shape, at.with(axis, k.add(at[axis]!, from))));
  },
});

/** {@link settleStart} on tensors. */
export const clampStart = (o: RuleOps, start: Tensor, whole: number, length: number): Tensor =>
  o.maximum(0, o.minimum(start, whole - length));
