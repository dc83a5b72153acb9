import { ShapeError, Tensor, where, withinRule } from "@dzdt/tensor";
import { atHand } from "./at-hand";

/**
 * Checks the length of steps; of tensors the number too, where it is at hand.
 * @param remedy what to give instead of a number that is not positive
 * @throws TypeError for what is neither number nor tensor; ShapeError for tensors that are no scalars; RangeError for numbers that are no length
 */
export function checkLength(
  who: string,
  name: string,
  length: unknown,
  remedy = "a positive step: its direction is that of ts",
): void {
  if (length instanceof Tensor && length.ndim > 0)
    throw new ShapeError(`${who}: ${name} has shape [${length.shape.join(", ")}]; give a number or a scalar tensor`);
  const known: unknown = length instanceof Tensor ? atHand(length)?.[0] : length;
  if (known === undefined && length instanceof Tensor) return;
  if (typeof known !== "number")
    throw new TypeError(`${who}: ${name} is ${String(known)}; give a number or a scalar tensor`);
  if (!(known > 0 && known < Infinity)) throw new RangeError(`${who}: ${name} is ${known}; give ${remedy}`);
}

/** A length of steps as it is or, where it is known only when the program runs and is none, NaN: no steps are taken by that. */
export const positiveLength = (length: Tensor): Tensor =>
  atHand(length) ? length : withinRule(() => where(length.greater(0).and(length.less(Infinity)), length, NaN));
