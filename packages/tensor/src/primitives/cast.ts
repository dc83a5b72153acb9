import { type DType, isFloat } from "../dtype";
import { type Primitive, primitive, real } from "../primitive";
import { rows } from "./elementwise";

/**
 * The same numbers in another dtype, as NumPy converts them; a float that does not fit an integer saturates, NaN becomes 0; to `bool`: is it
 * not 0. Differentiable between floats. The result is never weak.
 */
export const cast: Primitive<{ readonly dtype: DType }> = primitive({
  name: "cast",
  domain: real,
  fusion: "map",
  shape: ([x], { dtype }) => [{ dtype, shape: x!.shape, ...rows([x!]) }],
  vjp: (o, [ct], [x], _outs, { dtype }) => [
    ct && isFloat(dtype) && isFloat(x!.dtype) ? o.cast(ct, x!.dtype) : undefined,
  ],
  jvp: (o, [tangent], [x], _outs, { dtype }) => [
    tangent && isFloat(dtype) && isFloat(x!.dtype) ? o.cast(tangent, dtype) : undefined,
  ],
  batch: (o, ins, _batched, attributes) => o.bind(cast, ins, attributes),
  element: (k, [x], i, { dtype }) => (x!.dtype === dtype ? x!.at(i) : k.cast(x!.at(i), dtype)),
});
