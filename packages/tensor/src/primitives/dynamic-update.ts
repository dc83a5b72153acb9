import { type Primitive, primitive, real } from "../primitive";
import { sizeOf } from "../shape";
import type { Tensor } from "../tensor";
import { spansOf } from "./axes";
import { clampStart } from "./dynamic-slice";
import { alignBatch } from "./elementwise";
import { gather } from "./gather";
import { indexDomain, settleStart } from "./indices";
import { positions } from "./positions";

/** Inputs x, an int32 scalar and an update: x with the elements that dynamicSlice would read along `axis` replaced by the update. */
export const dynamicUpdate: Primitive<{ readonly axis: number }> = primitive({
  name: "dynamicUpdate",
  domain: [real, indexDomain, real],
  fusion: "expand",
  shape: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  vjp: (o, [ct], [, start, update], _outs, { axis }, wanted) => [
    ct && wanted[0] ? o.bind(dynamicUpdate, [ct, start!, o.zerosLike(update!)], { axis })[0]! : undefined,
    undefined,
    ct && wanted[2] ? o.dynamicSlice(ct, start!, update!.shape[axis]!, axis) : undefined,
  ],
  jvp: (o, [tangent, , moved], [x, start, update], _outs, attributes) =>
    tangent || moved
      ? o.bind(dynamicUpdate, [tangent ?? o.zerosLike(x!), start!, moved ?? o.zerosLike(update!)], attributes)
      : [undefined],
  batch: (o, ins, batched, { axis }, size) => {
    const [x, start, update] = alignBatch(o, ins, [batched[0]!, true, batched[2]!], size) as [Tensor, Tensor, Tensor];
    if (!batched[1]) return o.bind(dynamicUpdate, [x, start, update], { axis: axis + 1 });
    const [whole, length] = [x.shape[axis + 1]!, update.shape[axis + 1]!];
    if (length === 0) return [x];
    const first = o.reshape(clampStart(o, start, whole, length), [size, 1]);
    const position = o.sub(o.cast(o.bind(positions, [x], { shape: [whole] })[0]!, "int32"), first);
    const inside = o.and(o.lessEqual(0, position), o.less(position, length));
    // Negative positions are outside and masked; they must not count from the end, but any element will do.
    const [moved] = o.bind(gather, [update, o.maximum(position, 0)], { axis: axis + 1, batch: 1 });
    const mask = o.reshape(
      inside,
      x.shape.map((n, a) => (a === 0 || a === axis + 1 ? n : 1)),
    );
    return [o.where(mask, moved!, x)];
  },
  kernel: {
    run: (k, [x, start, update], [out], _scratch, { axis }) => {
      const { outer, length, inner } = spansOf(x!.shape, axis);
      const run = update!.shape[axis]! * inner;
      k.loop(sizeOf(x!.shape), (i) => out!.store(i, x!.load(i)));
      const from = k.mul(
        settleStart(k, start!.load(k.literal("int32", 0)), length, update!.shape[axis]!),
        k.literal("int32", inner),
      );
      k.loop(outer, (o) => {
        const to = k.add(k.mul(o, k.literal("int32", length * inner)), from);
        const source = k.mul(o, k.literal("int32", run));
        k.loop(run, (j) => out!.store(k.add(to, j), update!.load(k.add(source, j))));
      });
    },
  },
});
