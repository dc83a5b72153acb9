import { byteSize, type DType, type TypedArray } from "../../dtype";
import { TraceError } from "../../errors";
import type { Storage } from "../target";
import type { WasmMemory } from "./memory";

/** Results of so many bytes stay in memory: to copy them costs as much as to compute them. */
export const residentBytes = 65536;

/** A large result. It lies where its program left it until that memory is wanted for something else; only then it is copied out. */
export class Resident {
  readonly dtype: DType;
  readonly length: number;
  /** The memory that it lies in; undefined once it has been copied out or given up. */
  memory: WasmMemory | undefined;
  address: number;
  private copied: TypedArray | undefined;

  constructor(memory: WasmMemory, dtype: DType, address: number, length: number) {
    this.dtype = dtype;
    this.length = length;
    this.memory = memory;
    this.address = address;
  }

  get bytes(): number {
    return this.length * byteSize(this.dtype);
  }

  /** The numbers, good until a program runs. @throws TraceError when nobody was to use them again */
  numbers(): TypedArray {
    const { memory } = this;
    if (memory) {
      memory.refresh();
      return memory.view(this.dtype, this.address, this.length);
    }
    if (this.copied) return this.copied;
    throw new TraceError(
      `wasm: ${this.length} ${this.dtype} numbers were asked for whose tensor was disposed or donated; dispose of it after its last use`,
    );
  }

  /** @throws OutOfMemoryError where there is no room; then it stays where it is */
  copyOut(where: string): void {
    this.copied = this.memory!.copy(where, this.dtype, this.numbers());
    this.memory = undefined;
  }

  /** To another place in the same memory. */
  moveTo(target: TypedArray): void {
    if (target.byteOffset !== this.address) target.set(this.numbers());
    this.address = target.byteOffset;
  }

  /** Its memory will not be used again: what is left of it there are views. */
  leave(): void {
    this.copied = this.numbers();
    this.memory = undefined;
  }

  giveUp(): void {
    this.memory = undefined;
    this.copied = undefined;
  }
}

/** The numbers of a storage, good until a program runs. */
export const numbersOf = (storage: Storage): TypedArray =>
  storage instanceof Resident ? storage.numbers() : (storage as TypedArray);

/** Takes a storage back that nobody will use again. */
export function giveUp(storage: Storage): void {
  if (storage instanceof Resident) storage.giveUp();
}

interface Move {
  readonly resident: Resident;
  readonly input: number;
}

/** The large results that lie in one memory. */
export class Residents {
  private list: Resident[] = [];
  /** None lies at a lower address. */
  lowest: number = Infinity;

  get size(): number {
    return this.list.length;
  }

  add(resident: Resident): Resident {
    this.list.push(resident);
    this.lowest = Math.min(this.lowest, resident.address);
    return resident;
  }

  /**
   * Frees the memory below `end` for a program: what lies there is copied out, unless it is an input of the program; then it moves to where the
   * program wants it, and lies there after the run.
   * @param places of the inputs, undefined for those without a fixed place
   * @param held which inputs are in their places
   * @throws OutOfMemoryError when there is no room for a copy; nothing is lost then
   */
  clear(
    where: string,
    end: number,
    given: readonly Storage[],
    places: readonly (TypedArray | undefined)[],
    held: Storage[],
  ): void {
    const moves: Move[] = [];
    for (const resident of this.list) {
      if (!resident.memory || resident.address >= end) continue;
      const input = given.indexOf(resident);
      if (places[input]) moves.push({ resident, input });
      else resident.copyOut(where);
    }
    while (moves.length > 0) {
      // The first that would not be written over another; where there is none, one is copied out.
      const free = moves.findIndex((one) => moves.every((other) => other === one || !meets(places[one.input]!, other)));
      const [{ resident, input }] = moves.splice(Math.max(free, 0), 1) as [Move];
      if (free < 0) resident.copyOut(where);
      else {
        resident.moveTo(places[input]!);
        held[input] = resident;
      }
    }
    this.list = this.list.filter(({ memory }) => memory);
    this.lowest = this.list.reduce((least, { address }) => Math.min(least, address), Infinity);
  }

  /** Their memory will not be used again. */
  leave(where: string): void {
    for (const resident of this.list) {
      if (!resident.memory) continue;
      try {
        resident.copyOut(where);
      } catch {
        // To keep all of the memory is better than to lose numbers.
        resident.leave();
      }
    }
    this.list = [];
    this.lowest = Infinity;
  }
}

/** Do a place and a result have bytes in common? One that is there already does no harm. */
const meets = (place: TypedArray, { resident }: Move): boolean =>
  place.byteOffset < resident.address + resident.bytes && resident.address < place.byteOffset + place.byteLength;
