import { byteSize, type DType } from "../dtype";
import type { Aval } from "../primitive";
import type { Emitter, Memory, Value } from "./emitter";
import type { MachineEmitter, MemoryEmitter } from "./machine";
import type { Place } from "./plan";

/** An address: a base that the code computes plus a constant number of bytes. */
export interface Address {
  readonly base: Value;
  readonly offset: number;
}

/** Where the frame's address is, and the emitter that uses it: what lowering passes around. */
export interface Site {
  readonly k: MachineEmitter;
  readonly frame: Value;
  /** The frame is at a fixed address, so functions need not be given it. */
  readonly fixed: boolean;
  /** Addresses that the code around is given, in place of those in the frame. */
  readonly given?: ReadonlyMap<Place, Value>;
}

export const int = (k: Emitter, value: number): Value => k.literal("int32", value);

/** The address of a place; reads the pointer where there is one, so ask outside of loops. */
export function addressOf({ k, frame, given }: Site, place: Place): Address {
  const base = given?.get(place);
  if (base) return { base, offset: 0 };
  return place.kind === "frame"
    ? { base: frame, offset: place.offset }
    : { base: k.load("int32", frame, place.slot), offset: 0 };
}

/** One value for base plus offset. */
export const flatten = ({ k }: Site, { base, offset }: Address): Value => k.add(base, int(k, offset));

/** A tensor at an address. */
export function memoryAt(
  { k }: { readonly k: MemoryEmitter },
  { dtype, shape }: Aval,
  { base, offset }: Address,
): Memory {
  const size = int(k, byteSize(dtype));
  const at = (position: Value): Value => k.add(base, k.mul(position, size));
  return {
    dtype,
    shape,
    load: (position) => k.load(dtype, at(position), offset),
    store: (position, value) => k.store(dtype, at(position), offset, value),
    via: (other) => memoryAt({ k: other as MemoryEmitter }, { dtype, shape }, { base, offset }),
  };
}

/** Reads and writes the int32 at a slot of the frame. */
export const readSlot = ({ k, frame }: Site, slot: number): Value => k.load("int32", frame, slot);
export const writeSlot = ({ k, frame }: Site, slot: number, value: Value): void => k.store("int32", frame, slot, value);

/** Reads and writes the first element of a place. */
export function readAt(site: Site, dtype: DType, place: Place): Value {
  const { base, offset } = addressOf(site, place);
  return site.k.load(dtype, base, offset);
}
export function writeAt(site: Site, dtype: DType, place: Place, value: Value): void {
  const { base, offset } = addressOf(site, place);
  site.k.store(dtype, base, offset, value);
}

/** A dynamic value's three slots: address of the first row, bytes from row to row, number of rows. */
export const rowSlots = (slot: number): { address: number; stride: number; rows: number } => ({
  address: slot,
  stride: slot + 4,
  rows: slot + 8,
});

/** Copies a constant number of bytes: element by element when they are few. */
export function copyBytes(site: Site, to: Address, from: Address, dtype: DType, count: number): void {
  const { k } = site;
  const size = byteSize(dtype);
  if (count <= 4)
    for (let i = 0; i < count; i++)
      k.store(dtype, to.base, to.offset + i * size, k.load(dtype, from.base, from.offset + i * size));
  else k.copy(flatten(site, to), flatten(site, from), int(k, count * size));
}
