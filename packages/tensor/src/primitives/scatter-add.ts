import { ShapeError } from "../errors";
import type { Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import { sizeOf } from "../shape";
import { eachOfRun, via } from "./axes";
import { alignBatch } from "./elementwise";
import { indexDomain, settleIndex } from "./indices";
import { copyAll } from "./matrices";

/**
 * Inputs x, int32 indices and updates: x with the updates added at the elements that gather of the same attributes would read (its
 * transpose). Updates are added one after another in row-major order, so that the result is the same on every run.
 */
export const scatterAdd: Primitive<{ readonly axis: number; readonly batch: number }> = primitive({
  name: "scatterAdd",
  domain: [real, indexDomain, real],
  fusion: "expand",
  shape: ([x, , updates], { axis }) => {
    if (x!.shape[axis] === 0 && sizeOf(updates!.shape) > 0)
      throw new ShapeError(
        `scatterAdd: axis ${axis} of the tensor has length 0, so nothing can be added to it; give a tensor that has elements there`,
      );
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  vjp: (o, [ct], [, indices], _outs, attributes, wanted) => [
    ct,
    undefined,
    ct && wanted[2] ? o.gather(ct, indices!, attributes.axis, { batch: attributes.batch }) : undefined,
  ],
  jvp: (o, [tangent, , moved], [x, indices], _outs, attributes) => [
    moved ? o.bind(scatterAdd, [tangent ?? o.zerosLike(x!), indices!, moved], attributes)[0]! : tangent,
  ],
  batch: (o, ins, batched, { axis, batch }, size) => {
    const shared = batch === 0 && !batched[1];
    const aligned = alignBatch(o, ins, shared ? [batched[0]!, true, batched[2]!] : batched, size);
    return o.bind(scatterAdd, aligned, { axis: axis + 1, batch: shared ? 0 : batch + 1 });
  },
  kernel: {
    run: (k, [x, indices, updates], [out], _scratch, { axis, batch }) => {
      const product = (from: number, to?: number): number => sizeOf(x!.shape.slice(from, to));
      const [lanes, outer, length, inner] = [
        product(0, batch),
        product(batch, axis),
        x!.shape[axis]!,
        product(axis + 1),
      ];
      const count = sizeOf(indices!.shape.slice(batch));
      const flat = (i: Value, n: number, j: Value): Value => k.add(k.mul(i, k.literal("int32", n)), j);
      copyAll(k, x!, out!);
      if (length === 0) return;
      k.loop(lanes, (lane) =>
        k.loop(outer, (o) => {
          const row = flat(lane, outer, o);
          k.loop(count, (n) => {
            const to = flat(row, length, settleIndex(k, indices!.load(flat(lane, count, n)), length));
            const from = flat(row, count, n);
            const [first, given] = [k.mul(to, k.literal("int32", inner)), k.mul(from, k.literal("int32", inner))];
            eachOfRun(k, inner, (k, j) => {
              const [sums, at] = [via(k, out!), k.add(first, j)];
              sums.store(at, k.add(sums.load(at), via(k, updates!).load(k.add(given, j))));
            });
          });
        }),
      );
    },
    known: ({ axis, batch }) => ({ kind: "scatter", axis, batch, row: settleIndex }),
  },
});
