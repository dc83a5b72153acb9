import { composite, type One, type Two } from "../composite";
import { isFloat } from "../dtype";
import { asTensor, numberLike, operand, type TensorLike, withinRule } from "../literals";
import { and as andPrimitive } from "../primitives/and";
import { equal as equalPrimitive } from "../primitives/equal";
import { less as lessPrimitive } from "../primitives/less";
import { lessEqual as lessEqualPrimitive } from "../primitives/less-equal";
import { not as notPrimitive } from "../primitives/not";
import { or as orPrimitive } from "../primitives/or";
import { where as wherePrimitive } from "../primitives/where";
import type { Primitive } from "../primitive";
import { bind } from "../run";
import type { Tensor } from "../tensor";
import { abs } from "./arithmetic";
import { asTensors, binary, convert, settle, spread } from "./operands";

/** x < y, elementwise, broadcast; false if either is NaN. */
export const less = (x: TensorLike, y: TensorLike): Tensor => binary(lessPrimitive, "less", x, y);

/** x ≤ y, elementwise, broadcast; false if either is NaN. */
export const lessEqual = (x: TensorLike, y: TensorLike): Tensor => binary(lessEqualPrimitive, "lessEqual", x, y);

/** x > y, elementwise, broadcast; false if either is NaN. */
export const greater = (x: TensorLike, y: TensorLike): Tensor => greaterOf(asTensors("greater", [x, y]));

/** x ≥ y, elementwise, broadcast; false if either is NaN. */
export const greaterEqual = (x: TensorLike, y: TensorLike): Tensor => greaterEqualOf(asTensors("greaterEqual", [x, y]));

/** A comparison of the second with the first. */
const reversed = (op: Primitive, where: string): ((ins: Two) => Tensor) =>
  composite(where, (ins) => {
    const [x, y] = spread(where, settle(where, ins));
    return bind(op, [y!, x!])[0]!;
  });
const greaterOf = reversed(lessPrimitive, "greater");
const greaterEqualOf = reversed(lessEqualPrimitive, "greaterEqual");

/** x = y, elementwise, broadcast; −0 equals +0, NaN equals nothing. */
export const equal = (x: TensorLike, y: TensorLike): Tensor => binary(equalPrimitive, "equal", x, y);

/** x ≠ y, elementwise, broadcast; true if either is NaN. */
export const notEqual = (x: TensorLike, y: TensorLike): Tensor => notEqualOf(asTensors("notEqual", [x, y]));

const notEqualOf = composite("notEqual", ([x, y]: Two) => not(binary(equalPrimitive, "notEqual", x, y)));

/** Both, elementwise, broadcast; bit by bit on integers. */
export const and = (x: TensorLike, y: TensorLike): Tensor => binary(andPrimitive, "and", x, y);

/** Either or both, elementwise, broadcast; bit by bit on integers. */
export const or = (x: TensorLike, y: TensorLike): Tensor => binary(orPrimitive, "or", x, y);

/** The opposite, elementwise; bit by bit on integers. */
export const not = (x: TensorLike): Tensor => bind(notPrimitive, [asTensor(x)])[0]!;

/** Is it NaN, elementwise; false for integers and bool. */
export const isNaN = (x: TensorLike): Tensor => isNaNOf([asTensor(x)]);

const isNaNOf = composite("isNaN", ([x]: One) => notEqual(x, x));

/** Is it neither NaN nor infinite, elementwise; true for integers and bool. */
export const isFinite = (x: TensorLike): Tensor => isFiniteOf([asTensor(x)]);

const isFiniteOf = composite("isFinite", ([x]: One) =>
  isFloat(x.dtype) ? withinRule(() => less(abs(x), Infinity)) : equal(x, x),
);

/**
 * x where the condition is true, y where it is false, elementwise, broadcast. A condition that is no `bool` is true where it is not 0. The
 * derivative goes to the element that was taken; the other gets 0.
 * @example where(tensor([true, false]), tensor([1, 2]), 0) // [1, 0]
 */
export function where(condition: TensorLike, x: TensorLike, y: TensorLike): Tensor {
  const test = operand("where", condition);
  const values = typeof x === "object" || typeof y === "object" ? ([x, y] as const) : numbersBeside(test, x, y);
  return chosen([test, ...asTensors("where", values)]);
}

const chosen = composite("where", ([test, ...values]: readonly [Tensor, Tensor, Tensor]) => {
  const settled = settle("where", values);
  return bind(wherePrimitive, spread("where", [convert(test, "bool"), ...settled]))[0]!;
});

/** Two numbers as tensors where the condition is: bool if both are booleans, else float32. */
function numbersBeside({ tape, target }: Tensor, x: number | boolean, y: number | boolean): Two {
  const dtype = typeof x === "boolean" && typeof y === "boolean" ? "bool" : "float32";
  const like = { dtype, weak: false, tape, target } as const;
  return [numberLike(x, like, "where"), numberLike(y, like, "where")];
}
