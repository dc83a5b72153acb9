import { byteSize } from "../dtype";
import { type Shape, stridesOf } from "../shape";
import { int, type Site } from "./addressing";
import type { Value } from "./emitter";
import { type Loop, producersOf } from "./operands";
import { eachPiece, type Nest } from "./stretch";

/** Elements of a tile across the last axis, and along it. */
const side = 16;

/** Elements across the last axis of a block. */
const deep = 4;

/** Bytes between lines of memory of which few fit the nearest cache at a time. */
const crowded = 512;

/**
 * Elements of which some are made of what lies side by side along another axis than theirs, as in a transpose: in blocks that are whole vectors either way, and
 * in tiles, as lines of memory that a run of elements touches may push each other out of the cache before their neighbours' turn comes. Gives false where
 * there are none.
 */
export function emitCrossed(site: Site, { loop, shape, rank, part, elements, brief }: Nest): boolean {
  const { k } = site;
  const crossed = part.axes === 1 ? crossedAxis(loop, shape, rank) : undefined;
  if (!crossed || !(brief || crossed.apart % crowded === 0)) return false;
  const { across, bytes } = crossed;
  // Long code takes two vectors at a time, and what is read across one by one.
  const [rows, columns] = brief ? [deep, 16 / bytes] : [1, 32 / bytes];
  const lanes = k.lanes(rows * columns);
  const lengthOf = (axis: number): number => (axis === 0 ? part.length : shape[axis]!);
  const fromOf = (axis: number): Value => (axis === 0 ? part.from : int(k, 0));
  const [height, width] = [lengthOf(across), lengthOf(rank - 1)];
  if (!lanes?.grid || height < deep || width < columns) return false;
  const ones = shape.slice(rank).map(() => int(k, 0));
  const block = (at: readonly Value[], row: Value, column: Value): void => {
    const [down, along] = lanes.grid!(row, column, columns);
    elements(lanes)(lanes.index(shape, [...at.with(across, down), along, ...ones]));
  };
  const tiles = (at: readonly Value[]): void =>
    eachPiece(site, fromOf(across), height, side, (top, high) =>
      eachPiece(site, fromOf(rank - 1), width, side, (left, wide) =>
        eachPiece(site, top, high, rows, (row) =>
          eachPiece(site, left, wide, columns, (column) => block(at, row, column)),
        ),
      ),
    );
  const level = (axis: number, at: readonly Value[]): void => {
    if (axis === rank - 1) tiles(at);
    else if (axis === across) level(axis + 1, [...at, int(k, 0)]);
    else k.loop(lengthOf(axis), (i) => level(axis + 1, [...at, k.add(fromOf(axis), i)]));
  };
  level(0, []);
  return true;
}

/** An axis along which memory is read, the bytes of an element, and those from one along the last axis to the next. */
interface Crossed {
  readonly across: number;
  readonly bytes: number;
  readonly apart: number;
}

/** The axis, other than the last, along which memory is read that some operand's order of axes puts there. */
function crossedAxis({ plan, members }: Loop, shape: Shape, rank: number): Crossed | undefined {
  const producers = producersOf(plan);
  const seen = new Set(members);
  const todo = [...members];
  for (let node = todo.pop(); node; node = todo.pop()) {
    const { op, ins, attributes } = node;
    const order = op.order?.(attributes);
    if (order?.length === shape.length) {
      const from = plan.tape.avals[ins[0]!]!;
      const across = order.indexOf(from.shape.findLastIndex((length) => length > 1));
      const bytes = byteSize(from.dtype);
      const apart = stridesOf(from.shape)[order[rank - 1]!]! * bytes;
      if (across >= 0 && across !== rank - 1 && bytes >= 4) return { across, bytes, apart };
    } else if (op.fusion === "map")
      for (const id of ins) {
        const made = producers.get(id);
        if (!made || seen.has(made) || plan.places[id]) continue;
        seen.add(made);
        todo.push(made);
      }
  }
  return undefined;
}
