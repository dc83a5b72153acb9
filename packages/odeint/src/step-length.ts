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

/**
 * Checks a first step that is given beside steps of one length, as single floats tell them apart.
 * @throws RangeError where it is another one; TypeError where steps have no length of their own
 */
export function checkSameLength(where: string, dt0: number | Tensor, dt: number | Tensor | undefined): void {
  if (dt === undefined)
    throw new TypeError(
      `${where}: there is a dt0, and constant() steps from each of ts to the next; give constant({ dt }), or leave dt0 out`,
    );
  const [first, all] = [dt0, dt].map((x) => (x instanceof Tensor ? atHand(x)?.[0] : x));
  if (first !== undefined && all !== undefined && Math.fround(first) !== Math.fround(all))
    throw new RangeError(`${where}: dt0 is ${first} and all steps of constant({ dt }) are ${all}; leave dt0 out`);
}
