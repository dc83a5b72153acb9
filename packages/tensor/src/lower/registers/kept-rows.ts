import { byteSize, type DType } from "../../dtype";
import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import { type Address, int, readSlot, rowSlots, type Site, writeSlot } from "../addressing";
import type { Value } from "../emitter";
import { readTop, takeBytes, writeTop } from "../heap";
import type { Place } from "../plan";
import { type Cell, elementAt } from "./cells";
import type { Folding } from "./folding";
import { knownInt } from "./known";
import type { Group } from "./lane-group";
import { Unfit } from "./measure";
import type { Keeping, KeptRows } from "./places";
import type { Fixed } from "./steps";

// Rows that the lanes of a group keep lie above all frames, as a stack: those of all lanes of an iteration together, and of each element the lanes
// side by side, so that vectors read and write them one after another.

/** Where values begin in the rows of an iteration, and the bytes of all. */
export interface LaneRows {
  /** By result of the loop; undefined where it has no such rows, or nobody reads them. */
  readonly within: readonly (number | undefined)[];
  readonly stride: number;
}

/** @param kept which results of a loop have rows */
export function layLaneRows(ys: readonly Aval[], kept: readonly boolean[], lanes: number): LaneRows {
  let stride = 0;
  const within = ys.map(({ dtype, shape }, y) => {
    if (!kept[y]) return undefined;
    const begin = stride;
    stride += Math.ceil((lanes * byteSize(dtype) * sizeOf(shape)) / 16) * 16;
    return begin;
  });
  return { within, stride };
}

/** An element of the row of an iteration. */
type ElementAt<T> = (i: Value, element: Value) => T;

/** Where the elements of a value are, `within` the rows that begin at an address. */
function laneRowsAt(
  { lanes, f }: Group,
  from: Value,
  stride: number,
): (dtype: DType, within: number) => ElementAt<Address> {
  return (dtype, within) => {
    const bytes = byteSize(dtype);
    const first = lanes.ramp(from, bytes);
    return (i, element) =>
      elementAt(f, { base: f.add(first, f.mul(i, knownInt(stride))), offset: within }, element, bytes * lanes.count);
  };
}

/** Where loops that run in the lanes of a group keep rows. They are given back when the group is done, so no group takes more than it needs. */
export function keptRows(group: Group): KeptRows {
  const { site, lanes, f } = group;
  const { k } = site;
  const open = (ys: readonly Aval[]): Keeping => {
    const rows = ys.map(rowOf);
    const { within, stride } = layLaneRows(
      rows,
      ys.map(({ dynamic }) => dynamic === true),
      lanes.count,
    );
    const at = laneRowsAt(group, k.variable(readTop(site)).get(), stride);
    const places = rows.map(({ dtype }, y) => (within[y] === undefined ? undefined : at(dtype, within[y])));
    return {
      hold: () => void takeBytes(site, int(k, stride)),
      put: (y, i, element, value) => {
        const { base, offset } = places[y]!(i, element);
        f.store(value.dtype, base, offset, value);
      },
      cells: rowsCells(ys, (y, i, element) => {
        const { base, offset } = places[y]!(i, element);
        return f.constant(ys[y]!.dtype, base, offset);
      }),
    };
  };
  const within = <T>(body: () => T): T => {
    const before = k.variable(readTop(site)).get();
    const result = body();
    writeTop(site, before);
    return result;
  };
  return { open, within };
}

/** The same for code that is only measured. */
export function measuredRows(k: Folding): KeptRows {
  return {
    open: (ys) => ({
      hold: () => undefined,
      put: (_y, i, element, value) => k.store(value.dtype, k.add(i, element), 0, value),
      cells: rowsCells(ys, (y, i, element) => k.load(ys[y]!.dtype, k.add(i, element), 0)),
    }),
    within: (body) => body(),
  };
}

const rowOf = ({ dtype, shape }: Aval): Aval => ({ dtype, shape: shape.slice(1) });

/** Values of which only rows are read. */
const rowsCells = (ys: readonly Aval[], at: (y: number, ...of: Parameters<ElementAt<Value>>) => Value): Cell[] =>
  ys.map((aval, y) => ({
    aval,
    read: () => {
      throw new Unfit();
    },
    row: (i) => ({ aval: rowOf(aval), read: (element) => at(y, i, element) }),
  }));

// Rows that the loops of a batch keep for those of another are one such stack for each group after another. Where each begins is in a table, whose
// address is what the value's slots hold.

const entryBytes = 4;

/** Takes the table of some groups, for results of a loop. */
export function openTable(site: Site, places: readonly Place[], groups: number): void {
  const { k } = site;
  const address = takeBytes(site, int(k, Math.ceil((groups * entryBytes) / 16) * 16));
  for (const place of places) if (place.kind === "rows") writeSlot(site, rowSlots(place.slot).address, address);
}

/** The entry of a group: only the last may begin at another element than a multiple of their size. */
function entryOf({ site, lanes, from }: Group, place: Place): Value {
  const { k } = site;
  const group = k.div(k.add(from, int(k, lanes.count - 1)), int(k, lanes.count));
  const { address } = rowSlots((place as { slot: number }).slot);
  return k.add(readSlot(site, address), k.mul(group, int(k, entryBytes)));
}

/** Keeps rows of results of a loop, from the top on. */
export function keepRows(group: Group, ys: readonly Fixed[], { within, stride }: LaneRows): Omit<Keeping, "cells"> {
  const { site, f } = group;
  const { k } = site;
  const top = k.variable(readTop(site)).get();
  for (const { aval, place } of ys) if (aval.dynamic) k.store("int32", entryOf(group, place), 0, top);
  const at = laneRowsAt(group, top, stride);
  const places = ys.map(({ aval }, y) => (within[y] === undefined ? undefined : at(aval.dtype, within[y])));
  return {
    hold: () => void takeBytes(site, int(k, stride)),
    put: (y, i, element, value) => {
      const place = places[y]?.(i, element);
      if (place) f.store(value.dtype, place.base, place.offset, value);
    },
  };
}

/** A row of rows that were kept. */
export function keptRow(
  group: Group,
  { aval, place }: Fixed,
  { within, stride }: { readonly within: number; readonly stride: number },
): (i: Value) => Cell {
  const { site, f } = group;
  const first = site.k.variable(site.k.load("int32", entryOf(group, place), 0)).get();
  const at = laneRowsAt(group, first, stride)(aval.dtype, within);
  const row: Aval = { dtype: aval.dtype, shape: aval.shape.slice(2) };
  return (i) => ({
    aval: row,
    read: (element) => {
      const { base, offset } = at(i, element);
      return f.constant(aval.dtype, base, offset);
    },
  });
}
