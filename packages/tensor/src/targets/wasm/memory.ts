import { arrayOf, byteSize, type DType, type TypedArray } from "../../dtype";
import { OutOfMemoryError } from "../../errors";
import type { Storage } from "../target";
import { maxPages } from "./module";
import { Resident, residentBytes, Residents } from "./residents";
import { WorkerPool } from "./threads/pool";
import { words } from "./threads/words";

const pageBytes = 65536;

/** Addresses are 32 bits wide. */
export const maxBytes: number = maxPages * pageBytes;

/** A program that has been bound to a memory, with views of the places where its inputs and results lie, if they are fixed. */
export interface Instance {
  readonly start: () => void;
  /** Of the memory's buffer that the views are of. */
  version: number;
  targets: readonly (TypedArray | undefined)[];
  sources: readonly (TypedArray | undefined)[];
}

/** One linear memory that all programs of a target take turns in. */
export class WasmMemory {
  /** Counts buffers of all memories: views of an earlier one are of no use. */
  version = 0;
  private current: WebAssembly.Memory;
  private buffer: ArrayBuffer;
  private words: Int32Array;
  private instances = new WeakMap<object, Instance>();
  private readonly results = new Results();
  private holder: Instance | undefined;
  private readonly held: Storage[] = [];
  /** Results that have not been copied out. */
  readonly residents: Residents = new Residents();

  private readonly pages: number;

  private readonly threads: number;
  private readonly workers: number;
  private pool: WorkerPool | undefined;

  /**
   * @param pages how far it may grow, in units of 64 KiB
   * @param threads what its programs are made for
   * @param workers how many of them there are besides this one
   */
  constructor(pages: number = maxPages, threads = 1, workers: number = threads - 1) {
    this.pages = pages;
    this.threads = threads;
    this.workers = workers;
    this.current = emptyMemory(pages, threads > 1);
    this.buffer = this.current.buffer;
    this.words = new Int32Array(this.buffer);
  }

  get memory(): WebAssembly.Memory {
    return this.current;
  }

  /** Makes addresses below `bytes` valid. @throws OutOfMemoryError when there is no such memory. */
  ensure(where: string, bytes: number): void {
    if (bytes <= this.words.length * 4) return;
    this.refresh();
    const missing = Math.ceil((bytes - this.buffer.byteLength) / pageBytes);
    if (missing <= 0) return;
    try {
      this.current.grow(missing);
    } catch (cause) {
      throw outOfMemory(where, bytes, cause);
    }
    this.refresh();
  }

  /** Notices that a program has made the memory grow: it has another buffer then. */
  refresh(): void {
    const { buffer } = this.current;
    if (buffer === this.buffer) return;
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    this.version++;
  }

  /** A program's instance over the memory that there is now. The memory alone keeps instances alive, since each keeps its memory alive. */
  instanceOf(program: object, make: () => Instance): Instance {
    let instance = this.instances.get(program);
    if (!instance) this.instances.set(program, (instance = make()));
    return instance;
  }

  /**
   * Which large inputs lie where a program wants them, because it was the last to run and got them then. Storages never change, so what is there
   * need not be copied again; what the program finds elsewhere it notes.
   */
  heldBy(instance: Instance): Storage[] {
    if (this.holder !== instance) {
      this.holder = instance;
      this.held.length = 0;
    }
    return this.held;
  }

  /** Another memory in place of one that is full, for a memory cannot shrink. */
  renew(where: string): void {
    this.refresh();
    this.residents.leave(where);
    this.current = emptyMemory(this.pages, this.threads > 1);
    this.pool?.end();
    this.pool = undefined;
    this.instances = new WeakMap();
    this.holder = undefined;
    this.held.length = 0;
    this.refresh();
  }

  /** Hands a program to the other threads. Gives what starts it, with their help where that pays. */
  share(program: WebAssembly.Module, start: () => void): () => void {
    this.pool ??= new WorkerPool(this.workers, this.current);
    return this.pool.share(program, start);
  }

  /** Did another thread fail since this was last asked? */
  get broken(): boolean {
    if (this.threads === 1 || this.readWord(words.broken) === 0) return false;
    this.writeWord(words.broken, 0);
    return true;
  }

  readWord(address: number): number {
    return this.words[address >> 2]!;
  }

  writeWord(address: number, value: number): void {
    this.words[address >> 2] = value;
  }

  /** The numbers at an address, valid until `version` changes. */
  view(dtype: DType, address: number, length: number): TypedArray {
    return arrayOf(dtype, this.buffer, address, length);
  }

  /** What a view shows as a result: it stays there if it is large, else it is copied. */
  result(where: string, dtype: DType, view: TypedArray): Storage {
    if (view.byteLength <= ownBytes) return view.slice();
    if (view.byteLength < residentBytes) return this.copy(where, dtype, view);
    return this.residents.add(new Resident(this, dtype, view.byteOffset, view.length));
  }

  /** A copy of what a view shows. @throws OutOfMemoryError */
  copy(where: string, dtype: DType, view: TypedArray): TypedArray {
    if (view.byteLength <= sharedBytes) {
      const values = this.results.take(dtype, view.length);
      values.set(view);
      return values;
    }
    try {
      if (view.byteLength < largeBytes) return view.slice();
      const values = arrayOf(dtype, unfilled(view.byteLength), 0, view.length);
      values.set(view);
      return values;
    } catch (cause) {
      throw outOfMemory(where, view.byteLength, cause);
    }
  }

  /** Zeros for a result that is gathered from several places. */
  allocate(dtype: DType, length: number): TypedArray {
    return this.results.take(dtype, length);
  }
}

const emptyMemory = (maximum: number, shared: boolean): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: 1, maximum, shared });

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

export const outOfMemory = (where: string, bytes: number, cause?: unknown): OutOfMemoryError =>
  new OutOfMemoryError(
    `${where}: out of memory: ${mebibytes(bytes)} MiB are needed, more than can be had (a program has at most ${mebibytes(maxBytes)}); ` +
      `use smaller batches, checkpoints, or fewer steps`,
    { cause },
  );

/** Engines keep arrays of so many bytes in their heap; a larger one of its own costs a system allocation, ten times as much. */
const ownBytes = 64;
/** Inputs of fewer bytes are copied sooner than one has asked whether they must be. */
export const heldBytes = 4096;

/** Results of so many bytes at most share buffers. */
const sharedBytes = 1024;
const chunkBytes = 4096;

/** From so many bytes on, engines ask the system for zeroed pages, whose first touch costs several times as much as the copy. */
const largeBytes = 2 ** 18;

interface NodeBuffer {
  allocUnsafeSlow(bytes: number): { readonly buffer: ArrayBuffer };
}

/** A buffer that is about to be written all over: in Node, memory that need not be zeroed. */
function unfilled(bytes: number): ArrayBuffer {
  const { Buffer } = globalThis as { Buffer?: NodeBuffer };
  return Buffer?.allocUnsafeSlow ? Buffer.allocUnsafeSlow(bytes).buffer : new ArrayBuffer(bytes);
}

/** Zero-filled arrays for results, small ones cut from a common buffer. One that is kept keeps a chunk alive, no more. */
class Results {
  private chunk = new ArrayBuffer(0);
  private used = 0;

  take(dtype: DType, length: number): TypedArray {
    const bytes = length * byteSize(dtype);
    if (bytes <= ownBytes || bytes > sharedBytes) return arrayOf(dtype, new ArrayBuffer(bytes), 0, length);
    if (this.used + bytes > this.chunk.byteLength) {
      this.chunk = new ArrayBuffer(chunkBytes);
      this.used = 0;
    }
    const at = this.used;
    this.used += Math.ceil(bytes / 8) * 8;
    return arrayOf(dtype, this.chunk, at, length);
  }
}
