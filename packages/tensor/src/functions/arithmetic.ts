import { composite } from "../composite";
import { isFloat } from "../dtype";
import { asTensor, operand, type TensorLike } from "../literals";
import { abs as absPrimitive } from "../primitives/abs";
import { add as addPrimitive } from "../primitives/add";
import { ceil as ceilPrimitive } from "../primitives/ceil";
import { div as divPrimitive } from "../primitives/div";
import { floor as floorPrimitive } from "../primitives/floor";
import { integerPow as integerPowPrimitive } from "../primitives/integer-pow";
import { maximum as maximumPrimitive } from "../primitives/maximum";
import { minimum as minimumPrimitive } from "../primitives/minimum";
import { mod as modPrimitive } from "../primitives/mod";
import { mul as mulPrimitive } from "../primitives/mul";
import { neg as negPrimitive } from "../primitives/neg";
import { pow as powPrimitive } from "../primitives/pow";
import { round as roundPrimitive } from "../primitives/round";
import { rsqrt as rsqrtPrimitive } from "../primitives/rsqrt";
import { sign as signPrimitive } from "../primitives/sign";
import { sqrt as sqrtPrimitive } from "../primitives/sqrt";
import { sub as subPrimitive } from "../primitives/sub";
import type { Primitive } from "../primitive";
import { bind } from "../run";
import type { Tensor } from "../tensor";
import { asFloat, asTensors, binary, floatBinary } from "./operands";

/**
 * x + y, elementwise, broadcast. Integers wrap.
 * @example add(tensor([1, 2]), 1) // [2, 3]
 */
export const add = (x: TensorLike, y: TensorLike): Tensor => binary(addPrimitive, "add", x, y);

/** x − y, elementwise, broadcast. Integers wrap. */
export const sub = (x: TensorLike, y: TensorLike): Tensor => binary(subPrimitive, "sub", x, y);

/** x · y, elementwise, broadcast. Integers wrap. */
export const mul = (x: TensorLike, y: TensorLike): Tensor => binary(mulPrimitive, "mul", x, y);

/** x / y, elementwise, broadcast. Of integers float32, as NumPy's true division. x/0 is ±∞, 0/0 is NaN. */
export const div = (x: TensorLike, y: TensorLike): Tensor => floatBinary(divPrimitive, "div", x, y);

/**
 * x − y ⌊x/y⌋, elementwise, broadcast: the remainder with the sign of the divisor, as NumPy's. An integer modulo 0 is 0, a float modulo 0 NaN.
 * ∂/∂x = 1, ∂/∂y = −⌊x/y⌋.
 * @example mod(tensor([-1, 4]), 3) // [2, 1]
 */
export const mod = (x: TensorLike, y: TensorLike): Tensor => binary(modPrimitive, "mod", x, y);

/** Larger exponents, as JavaScript numbers, go through the logarithm: repeated multiplication loses about |n|/2 ulp. */
const largestStaticExponent = 64;

/**
 * xʸ, elementwise, broadcast. x⁰ = 1 for every x; NaN for a negative x with a fractional y. An integer of at most 64 in magnitude given as a
 * number is part of the program and computed by repeated multiplication. Integer tensors stay integers and wrap, unless the exponent is a
 * negative number, which makes them float32; a negative element of an exponent tensor gives 0 for all bases but ±1.
 *
 * ∂/∂x = y xʸ⁻¹, 0 for y = 0 also at x = 0. ∂/∂y = xʸ log|x|, 0 where xʸ = 0 and at 0⁰.
 * @example pow(tensor([1, -2]), 3) // [1, -8]
 */
export function pow(x: TensorLike, y: TensorLike): Tensor {
  if (typeof y !== "number" || !Number.isInteger(y)) return binary(powPrimitive, "pow", x, y);
  const base = y < 0 ? asFloat(x, "pow") : operand("pow", x);
  if (y === 1 && base.dtype !== "bool") return base;
  if (Math.abs(y) > largestStaticExponent) return binary(powPrimitive, "pow", base, y);
  return bind(integerPowPrimitive, [base], { exponent: y })[0]!;
}

/** x², elementwise. */
export const square = (x: TensorLike): Tensor => pow(x, 2);

/** The larger of x and y, elementwise, broadcast; NaN if either is. Where they are equal each has half the derivative. */
export const maximum = (x: TensorLike, y: TensorLike): Tensor => binary(maximumPrimitive, "maximum", x, y);

/** The smaller of x and y, elementwise, broadcast; NaN if either is. Where they are equal each has half the derivative. */
export const minimum = (x: TensorLike, y: TensorLike): Tensor => binary(minimumPrimitive, "minimum", x, y);

/**
 * x kept within [min, max], elementwise, broadcast: min(max(x, min), max), so `max` wins where min > max. A bound left out does not bind.
 * On a bound x and the bound have half the derivative each.
 */
export function clip(x: TensorLike, min?: TensorLike, max?: TensorLike): Tensor {
  const tensor = asTensor(x);
  if (min !== undefined && max !== undefined && isFloat(tensor.dtype) && !tensor.weak) {
    const [low, high] = [asTensors("maximum", [tensor, min])[1], asTensors("minimum", [tensor, max])[1]];
    if (low.dtype === tensor.dtype && high.dtype === tensor.dtype) return clipOf([tensor, low, high]);
  }
  const low = min === undefined ? tensor : maximum(x, min);
  return max === undefined ? low : minimum(low, max);
}

const clipOf = composite("clip", ([x, min, max]: readonly [Tensor, Tensor, Tensor]) => minimum(maximum(x, min), max));

/** −x, elementwise. Integers wrap. */
export const neg = (x: TensorLike): Tensor => bind(negPrimitive, [asTensor(x)])[0]!;

/** |x|, elementwise. The derivative is sign(x), 0 at 0. */
export const abs = (x: TensorLike): Tensor => bind(absPrimitive, [asTensor(x)])[0]!;

/** −1, 0 or 1, elementwise; +0 for both zeros, NaN for NaN. The derivative is 0 everywhere. */
export const sign = (x: TensorLike): Tensor => bind(signPrimitive, [asTensor(x)])[0]!;

/** Square root, elementwise; NaN below 0. The derivative 1/(2√x) is infinite at 0. */
export const sqrt = (x: TensorLike): Tensor => bind(sqrtPrimitive, [asFloat(x)])[0]!;

/** 1/√x, elementwise; ∞ at 0, NaN below. */
export const rsqrt = (x: TensorLike): Tensor => bind(rsqrtPrimitive, [asFloat(x)])[0]!;

/** Largest integer ≤ x, elementwise, in the dtype of x. The derivative is 0 everywhere. */
export const floor = (x: TensorLike): Tensor => whole(floorPrimitive, x);

/** Smallest integer ≥ x, elementwise, in the dtype of x. The derivative is 0 everywhere. */
export const ceil = (x: TensorLike): Tensor => whole(ceilPrimitive, x);

/** Nearest integer, halves to the even one, elementwise, in the dtype of x. The derivative is 0 everywhere. */
export const round = (x: TensorLike): Tensor => whole(roundPrimitive, x);

function whole(op: Primitive, x: TensorLike): Tensor {
  const tensor = asTensor(x);
  return isFloat(tensor.dtype) ? bind(op, [tensor])[0]! : tensor;
}
