import { kindOf } from "../arguments";
import type { DType, TypedArray } from "../dtype";
import type { Shape } from "../shape";
import type { Tape } from "../tape";

/** Where a tensor's numbers are kept: a typed array or a place in the memory of programs on CPU targets, a buffer elsewhere. Only its own target looks inside. */
export type Storage = unknown;

/** A tape made ready to run on a target. */
export interface Program {
  /** Bytes that it keeps, of code above all, where they are known: caches are bounded by them. */
  readonly bytes?: number;
  /** Storages of all the tape's inputs in order, to those of its outputs. Results are values of their own, whatever becomes of inputs and memory. */
  run(inputs: readonly Storage[]): readonly Storage[];
  /** What was made of the tape, which it need not keep, for people: kernels, bytes. */
  inspect(tape: Tape): string;
}

/** Something that runs tapes. Targets are values passed in; nothing else in the library knows which there are. */
export interface Target {
  /** "js", "wasm", "webgpu". */
  readonly name: string;
  supports(dtype: DType): boolean;
  /** What to do about a dtype that it does not support, for messages. */
  readonly remedy?: string;
  /** Lowers a sealed tape. */
  program(tape: Tape): Program;
  /** Takes over numbers from the host; the array is not copied by CPU targets. */
  upload(values: TypedArray, dtype: DType, shape: Shape): Storage;
  /** Numbers of a storage, good until a program runs; callers copy them at once to keep them or to hand them to users. */
  read(storage: Storage): TypedArray | Promise<TypedArray>;
  /** Takes back the memory of a storage that nobody will use again, so that nothing need be done to keep its numbers; absent where the garbage collector does. */
  release?(storage: Storage): void;
  /** Programs by the exact structure of their tape (`keyOf`). */
  readonly programs: ProgramCache;
}

/** @throws TypeError for what is no target */
export function checkTarget(where: string, target: unknown): void {
  if (typeof (target as Target | undefined)?.supports !== "function")
    throw new TypeError(
      `${where}: ${kindOf(target)} in place of a target; give what wasm(), js() or await webgpu() returns`,
    );
}

/** How many programs a cache holds, and how many bytes. */
const capacity = { programs: 1024, bytes: 32 * 2 ** 20 };

const heldBy = (key: string, { bytes = 0 }: Program): number => key.length + bytes;

/** A map bounded in number and bytes, which forgets what was least recently used. */
export class ProgramCache {
  /** Counts the programs that were forgotten. */
  forgotten = 0;
  private readonly entries = new Map<string, Program>();
  private readonly limits: { readonly programs: number; readonly bytes: number };
  private held = 0;

  constructor(limits: { readonly programs?: number; readonly bytes?: number } = {}) {
    this.limits = { ...capacity, ...limits };
  }

  get size(): number {
    return this.entries.size;
  }

  /** Bytes of the programs in it, and of their keys. */
  get bytes(): number {
    return this.held;
  }

  get(key: string, make: () => Program): Program {
    let program = this.entries.get(key);
    if (program) this.entries.delete(key);
    else {
      program = make();
      this.held += heldBy(key, program);
    }
    this.entries.set(key, program);
    this.trim();
    return program;
  }

  /** Forgets the oldest until the rest is within the limits; the newest stays however large it is. */
  private trim(): void {
    for (const [key, program] of this.entries) {
      if (this.entries.size <= 1) return;
      if (this.entries.size <= this.limits.programs && this.held <= this.limits.bytes) return;
      this.entries.delete(key);
      this.held -= heldBy(key, program);
      this.forgotten++;
    }
  }
}
