import { isFloat } from "../dtype";
import { asTensor, numberLike, operand, type TensorLike, withinRule } from "../literals";
import { and as andPrimitive } from "../primitives/and";
import { equal as equalPrimitive } from "../primitives/equal";
import { less as lessPrimitive } from "../primitives/less";
import { lessEqual as lessEqualPrimitive } from "../primitives/less-equal";
import { not as notPrimitive } from "../primitives/not";
import { or as orPrimitive } from "../primitives/or";
import { where as wherePrimitive } from "../primitives/where";
import { bind, innermost } from "../run";
import { broadcastShapes } from "../shape";
import type { Tensor } from "../tensor";
import { abs } from "./arithmetic";
import { binary, convert, operands, repeat, settle } from "./operands";

/** x < y, elementwise, broadcast; false if either is NaN. */
export const less = (x: TensorLike, y: TensorLike): Tensor => binary(lessPrimitive, "less", x, y);

/** x ≤ y, elementwise, broadcast; false if either is NaN. */
export const lessEqual = (x: TensorLike, y: TensorLike): Tensor => binary(lessEqualPrimitive, "lessEqual", x, y);

/** x > y, elementwise, broadcast; false if either is NaN. */
export const greater = (x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = operands("greater", x, y);
  return less(b!, a!);
};

/** x ≥ y, elementwise, broadcast; false if either is NaN. */
export const greaterEqual = (x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = operands("greaterEqual", x, y);
  return lessEqual(b!, a!);
};

/** x = y, elementwise, broadcast; −0 equals +0, NaN equals nothing. */
export const equal = (x: TensorLike, y: TensorLike): Tensor => binary(equalPrimitive, "equal", x, y);

/** x ≠ y, elementwise, broadcast; true if either is NaN. */
export const notEqual = (x: TensorLike, y: TensorLike): Tensor => not(binary(equalPrimitive, "notEqual", x, y));

/** Both, elementwise, broadcast; bit by bit on integers. */
export const and = (x: TensorLike, y: TensorLike): Tensor => binary(andPrimitive, "and", x, y);

/** Either or both, elementwise, broadcast; bit by bit on integers. */
export const or = (x: TensorLike, y: TensorLike): Tensor => binary(orPrimitive, "or", x, y);

/** The opposite, elementwise; bit by bit on integers. */
export const not = (x: TensorLike): Tensor => bind(notPrimitive, [asTensor(x)])[0]!;

/** Is it NaN, elementwise; false for integers and bool. */
export const isNaN = (x: TensorLike): Tensor => {
  const tensor = asTensor(x);
  return notEqual(tensor, tensor);
};

/** Is it neither NaN nor infinite, elementwise; true for integers and bool. */
export const isFinite = (x: TensorLike): Tensor => {
  const tensor = asTensor(x);
  return isFloat(tensor.dtype) ? withinRule(() => less(abs(tensor), Infinity)) : equal(tensor, tensor);
};

/**
 * x where the condition is true, y where it is false, elementwise, broadcast. A condition that is no `bool` is true where it is not 0. The
 * derivative goes to the element that was taken; the other gets 0.
 * @example where(tensor([true, false]), tensor([1, 2]), 0) // [1, 0]
 */
export function where(condition: TensorLike, x: TensorLike, y: TensorLike): Tensor {
  const test = operand("where", condition);
  const values = settle("where", typeof x === "object" || typeof y === "object" ? [x, y] : numbersBeside(test, x, y));
  const ins = [convert(test, "bool"), ...values];
  const shape = broadcastShapes("where", ...ins.map((t) => t.shape));
  const tape = innermost(ins);
  return bind(
    wherePrimitive,
    ins.map((t) => repeat(t, shape, tape)),
  )[0]!;
}

/** Two numbers as tensors where the condition is: bool if both are booleans, else float32. */
function numbersBeside(condition: Tensor, x: number | boolean, y: number | boolean): Tensor[] {
  const like = convert(condition, typeof x === "boolean" && typeof y === "boolean" ? "bool" : "float32");
  return [numberLike(x, like, "where"), numberLike(y, like, "where")];
}
