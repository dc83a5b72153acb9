import { ShapeError } from "../errors";
import { type Primitive, primitive, real } from "../primitive";
import { sizeOf } from "../shape";
import type { Tensor } from "../tensor";
import { moveAxis } from "./axes";
import { alignBatch } from "./elementwise";
import { gatherShape, indexDomain, settleIndex } from "./indices";
import { transpose } from "./transpose";

/**
 * Inputs x and int32 indices. The first `batch` axes of both are the same; axis `axis` ≥ batch of x is replaced by the other axes of
 * indices, which say which element along it is read. A negative index counts from the end; one out of range reads the nearest element.
 */
export const gather: Primitive<{ readonly axis: number; readonly batch: number }> = primitive({
  name: "gather",
  domain: [real, indexDomain],
  fusion: "view",
  shape: ([x, indices], { axis, batch }) => {
    const shape = gatherShape(x!.shape, indices!.shape, axis, batch);
    if (x!.shape[axis] === 0 && sizeOf(shape) > 0)
      throw new ShapeError(
        `gather: axis ${axis} of the tensor has length 0, so there is nothing to take; give a tensor that has elements there`,
      );
    return [{ dtype: x!.dtype, shape }];
  },
  vjp: (o, [ct], [x, indices], _outs, attributes) => [
    ct && o.scatterAdd(o.zerosLike(x!), indices!, ct, attributes.axis, { batch: attributes.batch }),
    undefined,
  ],
  jvp: (o, [tangent], [, indices], _outs, attributes) => [
    tangent && o.bind(gather, [tangent, indices!], attributes)[0]!,
  ],
  batch: (o, ins, batched, { axis, batch }, size) => {
    const [x, indices] = ins as [Tensor, Tensor];
    if (batch === 0 && !batched[1]) return o.bind(gather, [x, indices], { axis: axis + 1, batch });
    if (batch === 0 && !batched[0]) {
      const [taken] = o.bind(gather, [x, indices], { axis, batch });
      return o.bind(transpose, [taken!], { permutation: moveAxis(taken!.ndim, axis, 0) });
    }
    return o.bind(gather, alignBatch(o, ins, batched, size), { axis: axis + 1, batch: batch + 1 });
  },
  element: (k, [x, indices], i, { axis, batch }) => {
    const at = i.axes();
    const rank = indices!.shape.length - batch;
    const chosen = at.slice(axis, axis + rank);
    const index = indices!.at(k.index(indices!.shape, [...at.slice(0, batch), ...chosen]));
    const from = [...at.slice(0, axis), settleIndex(k, index, x!.shape[axis]!), ...at.slice(axis + rank)];
    return x!.at(k.index(x!.shape, from));
  },
});
