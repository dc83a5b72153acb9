import { invariant } from "../errors";
import { type Primitive, real } from "../primitive";
import { type Shape, sizeOf } from "../shape";
import { linear } from "./linear";

/** The same elements in the same order, in another shape of the same size. */
export const reshape: Primitive<{ readonly shape: Shape }> = linear({
  name: "reshape",
  domain: real,
  fusion: "view",
  alias: true,
  shape: ([x], { shape }) => {
    invariant(sizeOf(x!.shape) === sizeOf(shape), "reshape keeps the number of elements");
    return [{ ...x!, shape }];
  },
  vjp: (o, [ct], [x]) => [ct && o.bind(reshape, [ct], { shape: x!.shape })[0]!],
  batch: (o, [x], _batched, { shape }, size) => o.bind(reshape, [x!], { shape: [size, ...shape] }),
});
