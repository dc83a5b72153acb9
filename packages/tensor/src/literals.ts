import type { DType } from "./dtype";
import { isFloat, isInteger } from "./dtype";
import { DTypeError } from "./errors";
import { numberTensor } from "./tape";
import { Tensor } from "./tensor";

/** What functions take where they want a tensor: numbers are weak, they take the dtype of what they meet. */
export type TensorLike = Tensor | number | boolean;

let rules = 0;

/**
 * Runs a rule of a primitive. Numbers in a rule are part of the program; numbers that a user writes are inputs of it, so that a new
 * value is not a new program.
 */
export function withinRule<R>(rule: () => R): R {
  rules++;
  try {
    return rule();
  } finally {
    rules--;
  }
}

/** A number as a tensor that meets `like`: of like's dtype, or float32 where that cannot hold it. @throws DTypeError for an integer out of range */
export function numberLike(value: number | boolean, like: Tensor): Tensor {
  const dtype = dtypeBeside(value, like.dtype);
  const number = Number(value);
  if (isInteger(dtype) && (dtype === "int32" ? number !== (number | 0) : number !== number >>> 0))
    throw new DTypeError(
      `number: ${number} does not fit ${dtype}, the dtype it takes beside such a tensor; cast the tensor to float64, or give a number in range`,
    );
  if (like.tape)
    return rules > 0
      ? like.tape.literal(number, dtype, like.weak)
      : numberTensor(number, dtype, like.target, like.weak);
  return Tensor.scalar(number, dtype, like.target, like.weak);
}

/** A tensor, or a number as a tensor of its own: float32, bool for a boolean. */
export const asTensor = (x: TensorLike): Tensor =>
  typeof x === "number" || typeof x === "boolean"
    ? Tensor.scalar(Number(x), typeof x === "boolean" ? "bool" : "float32")
    : x;

function dtypeBeside(value: number | boolean, dtype: DType): DType {
  if (isFloat(dtype) || (typeof value === "boolean" && dtype !== "bool")) return dtype;
  if (typeof value === "boolean") return "bool";
  if (!Number.isInteger(value)) return "float32";
  return dtype === "bool" ? "int32" : dtype;
}
