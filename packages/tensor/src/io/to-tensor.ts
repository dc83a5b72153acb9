import type { DType, TypedArray } from "../dtype";
import type { Shape } from "../shape";
import { defaultTarget } from "../targets/default";
import type { Target } from "../targets/target";
import { Tensor } from "../tensor";

/** Where what is read goes. */
export interface ReadOptions {
  /** @defaultValue the default target */
  readonly target?: Target;
}

/** A tensor that takes over an array. */
export function toTensor(
  values: TypedArray,
  dtype: DType,
  shape: Shape,
  { target = defaultTarget() }: ReadOptions,
): Tensor {
  return Tensor.concrete(target.upload(values, dtype, shape), { dtype, shape }, target);
}
