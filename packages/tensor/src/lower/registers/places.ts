import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import type { Memory, Value } from "../emitter";
import { type Cell, held, type Room } from "./cells";
import type { Folding } from "./folding";
import { knownInt, knownOf } from "./known";
import { Unfit } from "./measure";

/** The most elements of a value that is held as values of the code. */
export const mostElements = 16;

/** Rows that one loop within the code keeps for others. */
export interface Keeping {
  /** Makes room for the next row. */
  readonly hold: () => void;
  readonly put: (y: number, row: Value, element: Value, value: Value) => void;
  readonly cells: readonly Cell[];
}

/** Where loops within the code keep rows. */
export interface KeptRows {
  /** @param ys results of a loop, those among them of which all rows are kept being dynamic */
  readonly open: (ys: readonly Aval[]) => Keeping;
  /** Gives back what was taken within `body`. */
  readonly within: <T>(body: () => T) => T;
}

/** What evaluation may do with inner loops. */
export interface Allowance {
  /** The most iterations of an inner loop. */
  readonly iterations: number;
  /** Gives memory for a value that is too large for registers. @throws Unfit when there is no more */
  readonly room?: (aval: Aval) => Room;
  /** Memory for rows of which only the numbers say how many there are. */
  readonly kept?: KeptRows;
  /** Told of each node whose elements have been written. */
  readonly written?: (elements: number) => void;
}

/** @throws Unfit */
export function roomFor(aval: Aval, allow: Allowance): Room {
  if (!allow.room) throw new Unfit();
  return allow.room(aval);
}

/** @throws Unfit */
export function keepingFor(ys: readonly Aval[], allow: Allowance): Keeping {
  if (!allow.kept) throw new Unfit();
  return allow.kept.open(ys);
}

/** Where code puts the elements of a value one by one. */
export interface Placed {
  readonly aval: Aval;
  readonly load: (position: Value) => Value;
  readonly store: (position: Value, value: Value) => void;
  /** The value, when all of it has been written. */
  readonly settled: () => Cell;
}

export const memoryOf = ({ aval: { dtype, shape }, load, store }: Placed): Memory => ({ dtype, shape, load, store });

/** Variables where there are few elements, else memory. */
export function place(k: Folding, aval: Aval, allow: Allowance): Placed {
  const size = sizeOf(aval.shape);
  if (size > mostElements) {
    const room = roomFor(aval, allow);
    return { aval, load: room.load, store: room.store, settled: () => room };
  }
  const slots = Array.from({ length: size }, () => k.variable(k.literal(aval.dtype, 0)));
  const settled = (): Cell => held(k, aval, slots);
  return {
    aval,
    settled,
    load: (position) => {
      const known = knownOf(position);
      return known === undefined ? settled().read(position) : slots[known]!.get();
    },
    store: (position, value) => {
      const known = knownOf(position);
      if (known !== undefined) slots[known]!.set(value);
      else slots.forEach((slot, n) => slot.set(k.select(k.equal(position, knownInt(n)), value, slot.get())));
    },
  };
}

/** Writes the elements of a cell, from a position on. */
export function copyElements(
  k: Folding,
  { aval, read }: Cell,
  store: (position: Value, value: Value) => void,
  from: Value = knownInt(0),
): void {
  k.loop(sizeOf(aval.shape), (i) => store(k.add(from, i), read(i)));
}
