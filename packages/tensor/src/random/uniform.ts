import { checkOptions } from "../arguments";
import { type DType, isFloat } from "../dtype";
import { DTypeError } from "../errors";
import * as o from "../functions";
import type { TensorLike } from "../literals";
import { unitFloat } from "../primitives/unit-float";
import { bind } from "../run";
import { checkShape, type Shape } from "../shape";
import type { Tensor } from "../tensor";
import { checkKey, generate } from "./key";

/** What samples of floats are made of. */
export interface FloatOptions {
  /** @defaultValue "float32" */
  readonly dtype?: DType;
}

/** Where uniform samples lie. */
export interface UniformOptions extends FloatOptions {
  /** Smallest value, included; broadcasts to the shape. @defaultValue 0 */
  readonly min?: TensorLike;
  /** Largest value, excluded (rounding may reach it where `max - min` is wide); broadcasts to the shape. @defaultValue 1 */
  readonly max?: TensorLike;
}

/** Uniform samples in [min, max), float of `shape`: multiples of 2^-23 (float32) or 2^-52 (float64) of the range. */
export function uniform(key: Tensor, shape: Shape, options: UniformOptions = {}): Tensor {
  checkOptions("random.uniform", options, ["dtype", "min", "max"]);
  const { dtype = "float32", min = 0, max = 1 } = options;
  checkFloat("random.uniform", key, shape, dtype);
  const unit = bind(
    unitFloat,
    dtype === "float32" ? [generate(key, shape, "xor")] : [generate(key, shape, "high"), generate(key, shape, "low")],
    { dtype },
  )[0]!;
  if (min === 0 && max === 1) return unit;
  const known = typeof min === "number" && typeof max === "number" ? spanOf(min, max, dtype) : undefined;
  const samples = o.add(o.mul(unit, known ?? o.sub(max, min)), min);
  // A sum with what is not negative cannot be rounded to less than min.
  return known !== undefined && known >= 0 ? samples : o.maximum(min, samples);
}

// The range is rounded where the dtype's arithmetic would round it.
const spanOf = (min: number, max: number, dtype: DType): number =>
  dtype === "float32" ? Math.fround(Math.fround(max) - Math.fround(min)) : max - min;

/** @throws DTypeError, ShapeError unless a sampler of floats can use these. */
export function checkFloat(where: string, key: Tensor, shape: Shape, dtype: DType): void {
  checkKey(where, key);
  checkShape(where, shape);
  if (!isFloat(dtype))
    throw new DTypeError(
      `${where}: samples are float32 or float64, not ${dtype}; cast the samples, or use random.bits`,
    );
}
