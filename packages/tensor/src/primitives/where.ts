import { invariant } from "../errors";
import { type Primitive, primitive, real } from "../primitive";
import { sameShape } from "../shape";
import { alignBatch, weakness } from "./elementwise";

/**
 * Elements of the second input where the first (`bool`) is true, of the third where it is false. The derivative goes to the element that was
 * taken; the other gets 0, whatever its value.
 */
export const where: Primitive = primitive({
  name: "where",
  domain: real,
  fusion: "map",
  shape: (ins) => {
    const [condition, a, b] = ins;
    invariant(ins.length === 3 && condition!.dtype === "bool", "where takes a bool condition and two values");
    invariant(a!.dtype === b!.dtype, "where: values were not promoted");
    invariant(
      sameShape(condition!.shape, a!.shape) && sameShape(a!.shape, b!.shape),
      "where: inputs were not broadcast",
    );
    return [{ dtype: a!.dtype, shape: a!.shape, ...weakness([a!, b!]) }];
  },
  vjp: (o, [ct], [condition], _outs, _, wanted) => [
    undefined,
    ct && wanted[1] ? o.where(condition!, ct, 0) : undefined,
    ct && wanted[2] ? o.where(condition!, 0, ct) : undefined,
  ],
  jvp: (o, [, a, b], [condition]) => [a || b ? o.where(condition!, a ?? 0, b ?? 0) : undefined],
  batch: (o, ins, batched, _, size) => o.bind(where, alignBatch(o, ins, batched, size)),
  element: (k, [condition, a, b], i) => k.select(condition!.at(i), a!.at(i), b!.at(i)),
});
