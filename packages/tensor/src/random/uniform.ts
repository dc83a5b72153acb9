import { checkOptions } from "../arguments";
import { composite, type One } from "../composite";
import { type DType, isFloat, promote } from "../dtype";
import { DTypeError } from "../errors";
import * as o from "../functions";
import { checkOperand, numberLike, type TensorLike } from "../literals";
import { unitFloat } from "../primitives/unit-float";
import { bind } from "../run";
import { checkShape, type Shape } from "../shape";
import { Tensor } from "../tensor";
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
  if (min === 0 && max === 1) return unitOf([key], shape, dtype);
  for (const bound of [min, max]) checkOperand("random.uniform", bound);
  const beside = (x: TensorLike, type = dtype): Tensor => numberBeside(key, x, type, "random.uniform");
  if (typeof min === "object" || typeof max === "object") {
    const width = o.sub(max, min);
    const type = width.weak ? dtype : promote("random.uniform", dtype, width.dtype);
    return rangeOf([key, width, beside(min, type)], shape, dtype, false);
  }
  const span = spanOf(Number(min), Number(max), dtype);
  return rangeOf([key, beside(span), beside(min)], shape, dtype, span >= 0);
}

/** Samples in [0, 1). */
const unitOf = composite("random.uniform", ([key]: One, shape: Shape, dtype: DType) => {
  const words = dtype === "float32" ? (["xor"] as const) : (["high", "low"] as const);
  return bind(
    unitFloat,
    words.map((word) => generate(key, shape, word)),
    { dtype },
  )[0]!;
});

const rangeOf = composite(
  "random.uniform",
  ([key, width, start]: readonly [Tensor, Tensor, Tensor], shape: Shape, dtype: DType, rises: boolean) => {
    const samples = o.add(o.mul(unitOf([key], shape, dtype), width), start);
    // A sum with what is not negative cannot be rounded to less than min.
    return rises ? samples : o.maximum(start, samples);
  },
);

/** A number as what it is beside samples. */
export const numberBeside = ({ tape, target }: Tensor, value: TensorLike, dtype: DType, where: string): Tensor =>
  value instanceof Tensor ? value : numberLike(value, { tape, target, dtype, weak: false }, where);

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
