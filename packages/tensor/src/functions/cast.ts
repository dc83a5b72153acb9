import { checkDType, type DType } from "../dtype";
import { asTensor, type TensorLike } from "../literals";
import { cast as castPrimitive } from "../primitives/cast";
import { bind } from "../run";
import type { Tensor } from "../tensor";

/**
 * x in another dtype, converted as NumPy does; a float that does not fit an integer saturates, NaN becomes 0; to `bool`: is it not 0. The
 * derivative passes between float32 and float64 and is 0 otherwise.
 * @example cast(tensor([1.7, -1.7]), "int32") // [1, -1]
 */
export function cast(x: TensorLike, dtype: DType): Tensor {
  checkDType("cast", dtype);
  const tensor = asTensor(x);
  return tensor.dtype === dtype && !tensor.weak ? tensor : bind(castPrimitive, [tensor], { dtype })[0]!;
}
