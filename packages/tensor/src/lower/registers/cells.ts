import { byteSize } from "../../dtype";
import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import type { Address } from "../addressing";
import type { Operand, Value, Variable } from "../emitter";
import type { Folding } from "./folding";
import { Known, knownInt, knownOf } from "./known";

/** A tensor whose elements are read by row-major position. */
export interface Cell {
  readonly aval: Aval;
  readonly read: (position: Value) => Value;
  /** A row, of rows of which only the numbers say how many there are. */
  readonly row?: (i: Value) => Cell;
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

/** What variables hold, one for each element. */
export const held = (k: Folding, aval: Aval, variables: readonly Variable[]): Cell =>
  registers(
    k,
    aval,
    variables.map((variable) => variable.get()),
  );

/** Where the element at a position is, so many bytes from the one before. */
export function elementAt(k: Folding, { base, offset }: Address, position: Value, bytes: number): Address {
  const known = knownOf(position);
  if (known !== undefined) return { base, offset: offset + known * bytes };
  return { base: k.add(base, k.mul(position, knownInt(bytes))), offset };
}

/** A tensor in memory that the code does not write. */
export function constantAt(k: Folding, aval: Aval, address: Address): Cell {
  const { dtype, shape } = aval;
  return {
    aval,
    read: (position) => {
      const at = sizeOf(shape) === 1 ? knownInt(0) : position;
      const { base, offset } = elementAt(k, address, at, byteSize(dtype));
      return k.constant(dtype, base, offset);
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
  const at = (position: Value): [Value, number] => {
    const { base: address, offset } = elementAt(k, { base, offset: 0 }, position, stride);
    return [address, offset];
  };
  return {
    aval,
    read: (position) => k.constant(dtype, ...at(position)),
    load: (position) => k.load(dtype, ...at(position)),
    store: (position, value) => k.store(dtype, ...at(position), value),
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
