import type { TensorLike } from "../literals";
import { shiftLeft as shiftLeftPrimitive } from "../primitives/shift-left";
import { shiftRight as shiftRightPrimitive } from "../primitives/shift-right";
import { xor as xorPrimitive } from "../primitives/xor";
import type { Tensor } from "../tensor";
import { binary } from "./operands";

/** One but not both, elementwise, broadcast; bit by bit on integers. */
export const xor = (x: TensorLike, y: TensorLike): Tensor => binary(xorPrimitive, "xor", x, y);

/** Integers x · 2ⁿ in 32 bits, elementwise, broadcast; the amount is taken modulo 32. */
export const shiftLeft = (x: TensorLike, amount: TensorLike): Tensor =>
  binary(shiftLeftPrimitive, "shiftLeft", x, amount);

/** Integers ⌊x / 2ⁿ⌋, elementwise, broadcast: int32 keeps its sign, uint32 fills with zeros. The amount is taken modulo 32. */
export const shiftRight = (x: TensorLike, amount: TensorLike): Tensor =>
  binary(shiftRightPrimitive, "shiftRight", x, amount);
