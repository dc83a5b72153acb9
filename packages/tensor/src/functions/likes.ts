import { asTensor, numberLike, type TensorLike, withinRule } from "../literals";
import { less } from "../primitives/less";
import { bind } from "../run";
import { type Shape, sizeOf } from "../shape";
import { Tensor } from "../tensor";
import { full } from "./create";
import { convert, repeat } from "./operands";

/** Up to so many numbers are made here: a program that makes them takes longer, and longest the first time. */
const few = 2 ** 16;

/** A number of the program (no input of it), as a scalar of x's dtype. Internal to functions that are made of others. */
export const constant = (value: number | boolean, x: Tensor): Tensor =>
  convert(
    withinRule(() => numberLike(value, x)),
    x.dtype,
  );

/** A tensor of x's dtype and x's shape (or another) that holds one number, on x's tape or target. */
export const fullLike = (x: TensorLike, value: number | boolean, shape?: Shape): Tensor => {
  const tensor = asTensor(x);
  const to = shape ?? tensor.shape;
  if (!tensor.tape && !tensor.weak && sizeOf(to) <= few) {
    tensor.checkUsable("fullLike");
    return full(to, value, { dtype: tensor.dtype, target: tensor.target });
  }
  return repeat(constant(value, tensor), to);
};

/** Zeros of x's dtype and shape. */
export const zerosLike = (x: TensorLike): Tensor =>
  x instanceof Tensor && x.dynamic ? zeroRows(x) : fullLike(x, false);

/** Zeros in as many rows as a dynamic value has. */
const zeroRows = (x: Tensor): Tensor => convert(bind(less, [x, x])[0]!, x.dtype);

/** Ones of x's dtype and shape. */
export const onesLike = (x: TensorLike): Tensor => fullLike(x, true);
