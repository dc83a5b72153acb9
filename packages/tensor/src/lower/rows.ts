import { byteSize } from "../dtype";
import { invariant } from "../errors";
import type { Aval } from "../primitive";
import { sizeOf } from "../shape";
import { type Address, addressOf, int, readSlot, rowSlots, type Site, writeSlot } from "./addressing";
import type { LoopAttributes } from "./control";
import type { Value } from "./emitter";
import { readTop, takeBytes } from "./heap";
import type { Place } from "./plan";

/** A result of a loop that gathers rows. */
export interface Gathered {
  readonly aval: Aval;
  readonly place: Place;
  readonly rowBytes: number;
  /** Dynamic rows of all gathered results of a loop lie side by side; this one's begin here. */
  readonly within: number;
}

/** The results that gather rows of one kind, with the bytes of a row. */
export function gather(
  a: LoopAttributes,
  ys: readonly { aval: Aval; place: Place }[],
  kind: "each" | "row",
): Gathered[] {
  let within = 0;
  return ys.flatMap(({ aval, place }, k) => {
    if (a.ys[k] !== kind) return [];
    const bytes = sizeOf(aval.shape.slice(1)) * byteSize(aval.dtype);
    const rowBytes = aval.dynamic ? Math.ceil(bytes / 16) * 16 : bytes;
    const result = { aval, place, rowBytes, within };
    within += rowBytes;
    return [result];
  });
}

/** Rows that nothing may write are zero. */
export function clear(site: Site, aval: Aval, place: Place, needed: boolean): void {
  if (!needed) return;
  const { base, offset } = addressOf(site, place);
  const bytes = sizeOf(aval.shape) * byteSize(aval.dtype);
  if (bytes > 0) site.k.fill(site.k.add(base, int(site.k, offset)), 0, int(site.k, bytes));
}

export function countOf(site: Site, place: Place, length: number): Value {
  const { base, offset } = addressOf(site, place);
  const { k } = site;
  return k.max(k.min(k.load("int32", base, offset), int(k, length)), int(k, 0));
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
