import type { DType, TypedArray } from "../dtype";
import type { Shape } from "../shape";
import type { Tape } from "../tape";

/** Where a tensor's numbers are kept: a typed array on CPU targets, a buffer elsewhere. Only its own target looks inside. */
export type Storage = unknown;

/** A tape made ready to run on a target. */
export interface Program {
  /** Storages of all the tape's inputs in order, to those of its outputs. Results share no memory with anything else. */
  run(inputs: readonly Storage[]): readonly Storage[];
  /** What was made of the tape, for people: kernels, bytes. */
  inspect(): string;
}

/** Something that runs tapes. Targets are values passed in; nothing else in the library knows which there are. */
export interface Target {
  /** "js", "wasm", "webgpu". */
  readonly name: string;
  supports(dtype: DType): boolean;
  /** Lowers a sealed tape. */
  program(tape: Tape): Program;
  /** Takes over numbers from the host; the array is not copied by CPU targets. */
  upload(values: TypedArray, dtype: DType, shape: Shape): Storage;
  /** Numbers of a storage. May be the storage itself: callers copy before handing it to users. */
  read(storage: Storage): TypedArray | Promise<TypedArray>;
  /** Programs by the exact structure of their tape (`keyOf`). */
  readonly programs: ProgramCache;
}

/** A bounded map that forgets what was least recently used. */
export class ProgramCache {
  private readonly entries = new Map<string, Program>();
  private readonly capacity: number;

  constructor(capacity = 1024) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: string, make: () => Program): Program {
    let program = this.entries.get(key);
    if (program) this.entries.delete(key);
    else {
      program = make();
      if (this.entries.size >= this.capacity) this.entries.delete(this.entries.keys().next().value!);
    }
    this.entries.set(key, program);
    return program;
  }
}
