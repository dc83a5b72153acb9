import { byteSize } from "../dtype";
import { invariant } from "../errors";
import type { Aval } from "../primitive";
import { sizeOf } from "../shape";
import { type Address, addressOf, int, readAt, readSlot, rowSlots, type Site, writeSlot } from "./addressing";
import type { LoopAttributes } from "./control";
import type { Value } from "./emitter";
import { readTop, takeBytes } from "./heap";
import type { Place } from "./plan";

/** A result of a loop that has a dynamic row of each iteration. */
export interface Gathered {
  readonly aval: Aval;
  readonly place: Place;
  /** Rows of one iteration lie side by side; this result's begin here. */
  readonly within: number;
}

/** Bytes of a row. */
const rowBytes = ({ shape, dtype }: Aval): number => sizeOf(shape.slice(1)) * byteSize(dtype);

/** Where rows of one iteration begin, and the bytes of all: each has words of its own, and long ones begin at multiples of 16 bytes. */
export function layRows(avals: readonly Aval[]): { readonly within: readonly number[]; readonly stride: number } {
  let end = 0;
  const after = (unit: number): number => Math.ceil(end / unit) * unit;
  const within = avals.map((aval) => {
    const bytes = rowBytes(aval);
    const begin = after(bytes >= 16 ? 16 : Math.max(4, byteSize(aval.dtype)));
    end = begin + bytes;
    return begin;
  });
  return { within, stride: after(16) };
}

/** The results that have a row of each iteration, and from one iteration to the next so many bytes. */
export function gather(
  a: LoopAttributes,
  ys: readonly { aval: Aval; place: Place }[],
): { readonly each: readonly Gathered[]; readonly stride: number } {
  const rows = ys.filter((_, k) => a.ys[k] === "each");
  const { within, stride } = layRows(rows.map(({ aval }) => aval));
  return { each: rows.map((y, k) => ({ ...y, within: within[k]! })), stride };
}

/** Rows that nothing may write are zero. */
export function clear(site: Site, aval: Aval, place: Place, needed: boolean): void {
  if (!needed) return;
  const { base, offset } = addressOf(site, place);
  const bytes = sizeOf(aval.shape) * byteSize(aval.dtype);
  if (bytes > 0) site.k.fill(site.k.add(base, int(site.k, offset)), 0, int(site.k, bytes));
}

export function countOf(site: Site, place: Place, length: number): Value {
  const { k } = site;
  return k.max(k.min(readAt(site, "int32", place), int(k, length)), int(k, 0));
}

/** Sets up the slots of dynamic results: all rows at once where their number is known, none yet where it is not. Iterations are `stride` bytes apart. */
export function openRows(site: Site, each: readonly Gathered[], stride: number, bound: Value, known: boolean): void {
  if (each.length === 0) return;
  const { k } = site;
  // The product below would begin again at 0 past 4 GiB.
  const most = stride > 0 ? Math.floor(2 ** 32 / stride) - 1 : Infinity;
  if (known && most < 2 ** 31) k.if(k.less(int(k, most), bound), () => k.trap());
  const address = known ? takeBytes(site, k.mul(bound, int(k, stride))) : readTop(site);
  for (const { place, within } of each) {
    invariant(place.kind === "rows", "dynamic results are rows");
    const slots = rowSlots(place.slot);
    writeSlot(site, slots.address, k.add(address, int(k, within)));
    writeSlot(site, slots.stride, int(k, stride));
    writeSlot(site, slots.rows, known ? bound : int(k, 0));
  }
}

/** Makes room for the rows of one more iteration. */
export function growRows(site: Site, each: readonly Gathered[], stride: number): void {
  const { k } = site;
  takeBytes(site, int(k, stride));
  for (const { place } of each) {
    const { rows } = rowSlots((place as { slot: number }).slot);
    writeSlot(site, rows, k.add(readSlot(site, rows), int(k, 1)));
  }
}

/** Where the rows of a value are: the address of row i. Reads its slots, so ask outside of loops. */
export function rowsAt(site: Site, aval: Aval, place: Place, length: number): (i: Value) => Address {
  const { k } = site;
  if (place.kind === "rows") {
    const slots = rowSlots(place.slot);
    const [first, stride] = [readSlot(site, slots.address), readSlot(site, slots.stride)];
    return (i) => ({ base: k.add(first, k.mul(i, stride)), offset: 0 });
  }
  const { base, offset } = addressOf(site, place);
  const bytes = length === 0 ? 0 : (sizeOf(aval.shape) / length) * byteSize(aval.dtype);
  return (i) => ({ base: k.add(base, k.mul(i, int(k, bytes))), offset });
}
