import { type Primitive, primitive, real } from "../primitive";
import { alignBatch } from "./elementwise";

/**
 * Rows of matrices in another order: row i of the result is row `permutation[i]` of x. Inputs: x `[...batch, n, m]`; the permutation and
 * its inverse, int32 `[...batch, n]` (the inverse is for derivatives).
 */
export const permuteRows: Primitive = primitive({
  name: "permuteRows",
  domain: [real, { low: 0, high: 0 }, { low: 0, high: 0 }],
  fusion: "expand",
  shape: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  vjp: (o, [ct], [, permutation, inverse]) => [
    ct && o.bind(permuteRows, [ct, inverse!, permutation!])[0]!,
    undefined,
    undefined,
  ],
  jvp: (o, [tangent], [, permutation, inverse]) => [
    tangent && o.bind(permuteRows, [tangent, permutation!, inverse!])[0]!,
  ],
  batch: (o, ins, batched, _, size) => o.bind(permuteRows, alignBatch(o, ins, batched, size)),
  element: (k, [x, permutation], i) => {
    const axes = i.axes();
    const row = permutation!.at(k.index(permutation!.shape, axes.slice(0, -1)));
    return x!.at(k.index(x!.shape, [...axes.slice(0, -2), row, axes.at(-1)!]));
  },
});
