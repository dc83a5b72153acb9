import { kindOf } from "./arguments";
import type { DType } from "./dtype";
import { isFloat, isInteger } from "./dtype";
import { DTypeError } from "./errors";
import { numberTensor } from "./tape";
import { defaultTarget } from "./targets/default";
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

/**
 * A number as a tensor that meets `like`: of like's dtype, or float32 where that cannot hold it.
 * @throws DTypeError for an integer out of range, TypeError for what is no number
 */
export function numberLike(
  value: number | boolean,
  like: Pick<Tensor, "dtype" | "weak" | "tape" | "target">,
  where = "tensor",
): Tensor {
  if (!isNumber(value)) throw stranger(where, value);
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

const isNumber = (x: unknown): x is number | boolean => typeof x === "number" || typeof x === "boolean";

/** What is said of an operand that is neither a tensor nor a number: as one it would be NaN. */
const stranger = (where: string, x: unknown): TypeError =>
  new TypeError(
    `${where}: an operand is ${kindOf(x)}; give a tensor or a number (tensor(…) makes one of an array, tree.map goes over the leaves of an object)`,
  );

/** @throws TypeError for what is neither a tensor nor a number */
export function checkOperand(where: string, x: unknown): void {
  if (!(x instanceof Tensor || isNumber(x))) throw stranger(where, x);
}

/** A tensor, or a number as a tensor of its own: float32, bool for a boolean. @throws TypeError for anything else */
export const asTensor = (x: TensorLike): Tensor => operand("tensor", x);

/** The same, in a function of some name. */
export function operand(where: string, x: TensorLike): Tensor {
  if (x instanceof Tensor) return x;
  checkOperand(where, x);
  return Tensor.scalar(Number(x), typeof x === "boolean" ? "bool" : "float32", defaultTarget());
}

function dtypeBeside(value: number | boolean, dtype: DType): DType {
  if (isFloat(dtype) || (typeof value === "boolean" && dtype !== "bool")) return dtype;
  if (typeof value === "boolean") return "bool";
  if (!Number.isInteger(value)) return "float32";
  return dtype === "bool" ? "int32" : dtype;
}
