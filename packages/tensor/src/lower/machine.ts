import type { DType } from "../dtype";
import type { Emitter, Value } from "./emitter";

/** An emitter that reads and writes memory by address. */
export interface MemoryEmitter extends Emitter {
  /** Reads the element at `address + offset` (offset: a constant number of bytes). */
  load(dtype: DType, address: Value, offset: number): Value;
  store(dtype: DType, address: Value, offset: number, value: Value): void;
}

/**
 * Code for `count` elements at once (SIMD): every value is that many numbers side by side, one for each lane, or a *uniform* value of the
 * scalar code around, which stays scalar for as long as it meets only its like. Integers that grow by a constant from lane to lane are known as
 * such, so reads and writes at neighbouring addresses are whole vectors; at others they go lane by lane.
 * Control flow is per lane: in an `if`, `while` or `loop` whose condition differs between lanes, variables and memory change only in the lanes
 * that take part, and code that no lane needs is jumped over. Each lane computes, bit for bit, what the scalar emitter would.
 */
export interface LaneEmitter extends MemoryEmitter {
  readonly count: number;
  /** `from`, `from + step`, `from + 2·step`, … (`int32`, `from` uniform). */
  ramp(from: Value, step: number): Value;
  /**
   * Lanes as a grid, row by row: where each is along one axis, from `row` on, and along another, from `column` on (`int32`, uniform). Reads and writes where
   * either the lanes of a row or those of a column are neighbours are whole vectors, if `columns` fill one.
   */
  grid?(row: Value, column: Value, columns: number): readonly [rows: Value, columns: Value];
  /** One lane's number, as a uniform value. */
  lane(value: Value, lane: number): Value;
  /** The numbers of even lanes, and those of odd ones, as values of half as many lanes; undefined where there is no short way. */
  halves?(value: Value): readonly [Value, Value] | undefined;
  /** In how many lanes the condition is true, up to and with each (`int32`). */
  upTo(condition: Value): Value;
  /** Is the condition true in some lane that takes part? Uniform. */
  any(condition: Value): Value;
}

/** What is to be done for some numbers. */
export type Case = readonly [numbers: readonly number[], body: () => void];

/**
 * An emitter for a target with one byte-addressed memory: what lowering needs beyond scalars. Addresses are `int32` values in bytes;
 * every access is aligned to its dtype's size; `bool` is one byte.
 */
export interface MachineEmitter extends MemoryEmitter {
  /** Copies bytes; regions may overlap. */
  copy(to: Value, from: Value, bytes: Value): void;
  fill(to: Value, byte: number, bytes: Value): void;
  /** Vectors that a long body works on at a time, so that none waits for another and most values are in registers. @defaultValue 2 */
  readonly longBodyVectors?: number;
  /** Emits code for `count` elements at once into this function; undefined where the target cannot. */
  lanes(count: number): LaneEmitter | undefined;
  /** Emits `body`; values and variables made in it must not be used after it, so that their storage serves the next. */
  scope(body: () => void): void;
  /** Calls a function of the same module. */
  call(target: FunctionHandle, args: readonly Value[]): void;
  /**
   * Emits what is to be done where a number is one of some, for each of several lists of numbers. There where compilers write a function out wherever it is
   * called, so that it is worth something to have one call of it in place of several.
   */
  readonly choose?: (value: Value, cases: readonly Case[]) => void;
  /**
   * Calls `job`, a function (frame, tile, thread) → (), for each tile from 0 to `tiles` − 1, on all of the module's threads: in any order, several at
   * a time, and each but once; or, in runs in which no other thread is to help, emits what does all of it. `thread` is below the module's `threads`.
   * Absent where those are one.
   */
  parallel?(job: FunctionHandle, frame: Value, tiles: number, alone: () => void): void;
  /**
   * Present where several invocations run this code together and each takes some of such positions: runs `body` for 0 … length − 1, in any order,
   * with an emitter for the code of one of them. No position may read what another writes.
   */
  share?(length: number, body: (k: MachineEmitter, position: Value) => void): void;
  /** Ends the run with an error. */
  trap(): void;
  /** Grows memory so that addresses below `end` are valid; traps when there is no more. */
  ensure(end: Value): void;
  /**
   * Dense matrix product over memory, the one tuned inner loop: for i < m, j < n `c[i,j] (+)= Σ_k a[i,k]·b[k,j]`. Strides are in elements,
   * c's from column to column is 1. `accumulate` makes sums go on from what c holds. All sizes are constants.
   */
  matmul(spec: MatmulSpec): void;
}

/** Working memory of a product: the copy of part of an operand, so many steps of the sum at a time, so many bytes for each. */
export const matmulPanel = { steps: 256, stepBytes: 96 } as const;

export interface MatmulOperand {
  readonly address: Value;
  readonly rowStride: number;
  readonly columnStride: number;
}

export interface MatmulSpec {
  readonly dtype: "float32" | "float64";
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: MatmulOperand;
  readonly b: MatmulOperand;
  readonly c: { readonly address: Value; readonly rowStride: number };
  /** The address of working memory, for `matmulPanel.steps` steps of the sum or for all if they are fewer. */
  readonly panel: Value;
  readonly accumulate: boolean;
  /** The address of what is added to the sums when they are complete, laid out as c is. */
  readonly plus?: Value | undefined;
}

/** A function that has been declared, and perhaps not yet emitted. */
export interface FunctionHandle {
  readonly index: number;
  readonly parameters: number;
}

/** Assembles one module: functions from `int32` parameters to nothing, over one memory. */
export interface MachineModule {
  /** How many threads there are. @defaultValue 1 */
  readonly threads?: number;
  /** How many a module for one could have: at the first work that is worth sharing among them lowering throws `WorthSharing`. @defaultValue 1 */
  readonly available?: number;
  /** Functions may be given the addresses that they read and write. @defaultValue false */
  readonly addressable?: boolean;
  /** Declares a function before its body is known, so that functions may call it. */
  declare(name: string, parameters: number): FunctionHandle;
  /** Emits the body of a declared function, at once. */
  define(handle: FunctionHandle, body: (k: MachineEmitter, parameters: readonly Value[]) => void): void;
  /** Makes the function callable from outside under its name. */
  export(handle: FunctionHandle, name: string): void;
}
