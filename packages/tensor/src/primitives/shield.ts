import { isFloat } from "../dtype";
import { invariant } from "../errors";
import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import { sameShape } from "../shape";
import type { Tensor } from "../tensor";
import { alignBatch } from "./elementwise";

/**
 * The second input, whatever the first (`bool`) is. Its derivative is 0 where the first is false: what arrives there is dropped, NaN too, which
 * multiplying by 0 would keep.
 */
export const shield: Primitive = primitive({
  name: "shield",
  domain: real,
  fusion: "map",
  shape: ([mask, x]) => {
    invariant(mask!.dtype === "bool" && sameShape(mask!.shape, x!.shape), "shield takes a mask of the value's shape");
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  vjp: (o, [ct], [mask]) => [undefined, ct && o.where(mask!, ct, 0)],
  jvp: (o, [, tangent], [mask]) => [tangent && o.where(mask!, tangent, 0)],
  batch: (o, ins, batched, _, size) => o.bind(shield, alignBatch(o, ins, batched, size)),
  element: (_k, [, x], i) => x!.at(i),
});

/** Which elements of a batch count, `[batch]`, as a mask for a value `[batch, …]`. */
export const maskOf = (o: RuleOps, counting: Tensor, { shape }: Tensor): Tensor =>
  o.reshape(counting, [shape[0]!, ...shape.slice(1).map(() => 1)]);

/**
 * A value `[batch, …]`, as it is read where all elements of a batch are computed because some are needed: nothing comes back from those that do not
 * count, however far from finite what is computed for them. Values that elements share are not shielded, as each would need a copy: their derivative is a
 * sum over all elements.
 */
export function shielded(o: RuleOps, counting: Tensor, x: Tensor): Tensor {
  if (!isFloat(x.dtype)) return x;
  return o.bind(shield, [o.broadcastTo(maskOf(o, counting, x), x.shape), x])[0]!;
}
