import { byteSize } from "../../dtype";
import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import { type Address, addressOf, int, readAt, type Site, writeAt } from "../addressing";
import type { LoopAttributes, SingleLoop } from "../control";
import type { Value } from "../emitter";
import type { LaneEmitter } from "../machine";
import { type Cell, constantAt, elementAt, elementsOf, registers, type Room, roomAt } from "./cells";
import { Folding } from "./folding";
import { knownInt, knownOf, spelled } from "./known";
import { copyElements, mostElements } from "./places";
import { type Fixed, fixedCells } from "./steps";

/** Iterations, or elements of a batch, side by side. */
export interface Group {
  readonly site: Site;
  readonly lanes: LaneEmitter;
  readonly f: Folding;
  /** The number of the first. */
  readonly from: Value;
  /** The number of each. */
  readonly at: Value;
  /** Where the part of a value is that belongs to each: its first axis counts them. */
  readonly partOf: (value: Fixed, row?: Value) => { readonly type: Aval; readonly address: Address };
}

export function lanesFrom(site: Site, from: Value, count: number): Group {
  const { k } = site;
  const lanes = k.lanes(count)!;
  const at = lanes.ramp(from, 1);
  const f = new Folding(lanes, { emitter: lanes, scalar: k });
  return {
    site,
    lanes,
    f,
    from,
    at,
    partOf: ({ aval, place }, row = at) => {
      const type = rowType(aval);
      const { base, offset } = addressOf(site, place);
      const bytes = sizeOf(type.shape) * byteSize(type.dtype);
      return { type, address: { base: f.add(base, f.mul(row, knownInt(bytes))), offset } };
    },
  };
}

export const rowType = ({ dtype, shape }: Aval): Aval => ({ dtype, shape: shape.slice(1) });

/** The rows of one lane, of rows of all. */
export const rowsType = ({ dtype, shape: [rows, , ...shape] }: Aval): Aval => ({ dtype, shape: [rows!, ...shape] });

/** For one lane: rooms of all lanes begin at a multiple of 16 bytes. */
export const roomBytes = ({ dtype, shape }: Aval): number => Math.ceil((byteSize(dtype) * sizeOf(shape)) / 16) * 16;

/** Gives room for values, from an offset in the frame on. */
export function roomsFrom({ site: { k, frame }, lanes, f }: Group, from: number): (aval: Aval) => Room {
  let used = from;
  return (aval) => {
    const bytes = byteSize(aval.dtype);
    const base = lanes.ramp(k.add(frame, int(k, used)), bytes);
    used += roomBytes(aval) * lanes.count;
    return roomAt(f, aval, base, bytes * lanes.count);
  };
}

/** Which carries of the loops of a batch belong to each element: those of the batch are then longer by an axis. */
export function ownCarries(a: LoopAttributes, { loop }: SingleLoop): boolean[] {
  const rank = ({ body }: LoopAttributes, j: number): number => body.avals[body.inputs[1 + j]!]!.shape.length;
  return Array.from({ length: loop.carries }, (_, j) => rank(a, j) > rank(loop, j));
}

/** The greatest of the lanes' numbers of iterations and of those before them. */
export function storeMost({ site, lanes }: Group, outs: readonly Fixed[], steps: Value): void {
  const { k } = site;
  for (const { place } of outs) {
    const own = lanes.variable(spelled(lanes, steps)).get();
    for (let lane = 0; lane < lanes.count; lane++)
      writeAt(site, "int32", place, k.max(readAt(site, "int32", place), lanes.lane(own, lane)));
  }
}

export type Literals = readonly (number | undefined)[];

/** The part of a value that belongs to each lane. */
export function partCell(group: Group, value: Fixed): Cell {
  const { type, address } = group.partOf(value);
  const held = (x: Value): Value => group.lanes.variable(x).get();
  return early(group.f, constantAt(group.f, type, address), held);
}

/** What belongs to each lane of each row of a value: its second axis counts the lanes. */
export function rowsCell({ f, site, at }: Group, { aval, place }: Fixed): Cell {
  const type = rowsType(aval);
  const { base, offset } = addressOf(site, place);
  const bytes = byteSize(aval.dtype);
  const size = sizeOf(type.shape.slice(1));
  const own = f.add(base, f.mul(at, knownInt(size * bytes)));
  return {
    aval: type,
    read: (position) => {
      const row = size === 1 ? position : f.div(position, knownInt(size));
      const others = f.mul(row, knownInt((aval.shape[1]! - 1) * size * bytes));
      const { base: to, offset: more } = elementAt(f, { base: f.add(own, others), offset }, position, bytes);
      return f.constant(aval.dtype, to, more);
    },
  };
}

/** Values that all lanes share: each is a scalar, beside a vector that repeats it. */
export function uniformCells({ f, site, lanes }: Group, values: readonly Fixed[], literals: Literals): Cell[] {
  const held = (x: Value): Value => {
    const scalar = site.k.variable(x).get();
    lanes.variable(scalar);
    return scalar;
  };
  return fixedCells(f, site, values, literals).map((cell) => early(f, cell, held));
}

export function writePart({ f }: Group, cell: Cell, { type, address }: { type: Aval; address: Address }): void {
  copyElements(f, cell, (position, value) => {
    const { base, offset } = elementAt(f, address, position, byteSize(type.dtype));
    f.store(type.dtype, base, offset, value);
  });
}

/** Reads what is small before the code branches and repeats. */
function early(f: Folding, cell: Cell, held: (x: Value) => Value): Cell {
  if (sizeOf(cell.aval.shape) > mostElements) return cell;
  return registers(
    f,
    cell.aval,
    elementsOf(cell).map((x) => (knownOf(x) === undefined ? held(x) : x)),
  );
}
