import { byteSize } from "../../dtype";
import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import type { Address } from "../addressing";
import type { Operand, Value } from "../emitter";
import type { Folding } from "./folding";
import { Known, knownInt, knownOf } from "./known";

/** A tensor whose elements are read by row-major position. */
export interface Cell {
  readonly aval: Aval;
  readonly read: (position: Value) => Value;
}

/** Elements that are values of the code. Where the position is not known, a chain of selections finds the element. */
export function registers(k: Folding, aval: Aval, elements: readonly Value[]): Cell {
  return {
    aval,
    read: (position) => {
      const known = elements.length === 1 ? 0 : knownOf(position);
      if (known !== undefined) return elements[known]!;
      return elements.reduce((found, x, n) => k.select(k.equal(position, knownInt(n)), x, found));
    },
  };
}

/** One number in all places. */
export function repeated({ dtype, shape }: Aval, value: number): Cell {
  const number = new Known(dtype, value);
  return { aval: { dtype, shape }, read: () => number };
}

/** A tensor in memory that the code does not write. */
export function constantAt(k: Folding, aval: Aval, { base, offset }: Address): Cell {
  const { dtype } = aval;
  const bytes = byteSize(dtype);
  return {
    aval,
    read: (position) => {
      const known = sizeOf(aval.shape) === 1 ? 0 : knownOf(position);
      if (known !== undefined) return k.constant(dtype, base, offset + known * bytes);
      return k.constant(dtype, k.add(base, k.mul(position, knownInt(bytes))), offset);
    },
  };
}

/** Elements in memory that belong to the code, for values that are too large for registers. */
export interface Room extends Cell {
  /** As it is now: a kernel reads what it has written. */
  readonly load: (position: Value) => Value;
  readonly store: (position: Value, value: Value) => void;
}

/** Room whose elements are `stride` bytes apart. */
export function roomAt(k: Folding, aval: Aval, base: Value, stride: number): Room {
  const { dtype } = aval;
  const at = (position: Value): { address: Value; offset: number } => {
    const known = knownOf(position);
    if (known !== undefined) return { address: base, offset: known * stride };
    return { address: k.add(base, k.mul(position, knownInt(stride))), offset: 0 };
  };
  const through =
    <R>(access: (address: Value, offset: number) => R) =>
    (position: Value): R => {
      const { address, offset } = at(position);
      return access(address, offset);
    };
  return {
    aval,
    read: through((address, offset) => k.constant(dtype, address, offset)),
    load: through((address, offset) => k.load(dtype, address, offset)),
    store: (position, value) => through((address, offset) => k.store(dtype, address, offset, value))(position),
  };
}

/** All elements of a cell, in order. */
export const elementsOf = ({ aval, read }: Cell): Value[] =>
  Array.from({ length: sizeOf(aval.shape) }, (_, n) => read(knownInt(n)));

/** The cell as element rules read it. */
export const operandOf = ({ aval: { dtype, shape }, read }: Cell): Operand => ({
  dtype,
  shape,
  at: (index) => read(index.flat()),
});
