import type { DType } from "../dtype";
import type { Emitter, Value } from "./emitter";

/**
 * An emitter for a target with one byte-addressed memory: what lowering needs beyond scalars. Addresses are `int32` values in bytes;
 * every access is aligned to its dtype's size; `bool` is one byte.
 */
export interface MachineEmitter extends Emitter {
  /** Reads the element at `address + offset` (offset: a constant number of bytes). */
  load(dtype: DType, address: Value, offset: number): Value;
  store(dtype: DType, address: Value, offset: number, value: Value): void;
  /** Copies bytes; regions may overlap. */
  copy(to: Value, from: Value, bytes: Value): void;
  fill(to: Value, byte: number, bytes: Value): void;
  /** Emits `body`; values and variables made in it must not be used after it, so that their storage serves the next. */
  scope(body: () => void): void;
  /** Calls a function of the same module. */
  call(target: FunctionHandle, args: readonly Value[]): void;
  /** Ends the run with an error. */
  trap(): void;
  /** Grows memory so that addresses below `end` are valid; traps when there is no more. */
  ensure(end: Value): void;
  /**
   * Dense matrix product over memory, the one tuned inner loop: for i < m, j < n
   * `c[i,j] (+)= Σ_k a[i,k]·b[k,j]`, element strides of a and b given, b's and c's along j being 1. `accumulate` adds to what c holds.
   * All sizes are constants.
   */
  matmul(spec: MatmulSpec): void;
}

export interface MatmulSpec {
  readonly dtype: "float32" | "float64";
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: { readonly address: Value; readonly rowStride: number; readonly columnStride: number };
  readonly b: { readonly address: Value; readonly rowStride: number };
  readonly c: { readonly address: Value; readonly rowStride: number };
  readonly accumulate: boolean;
}

/** A function that has been declared, and perhaps not yet emitted. */
export interface FunctionHandle {
  readonly index: number;
  readonly parameters: number;
}

/** Assembles one module: functions from `int32` parameters to nothing, over one memory. */
export interface MachineModule {
  /** Declares a function before its body is known, so that functions may call it. */
  declare(name: string, parameters: number): FunctionHandle;
  /** Emits the body of a declared function, at once. */
  define(handle: FunctionHandle, body: (k: MachineEmitter, parameters: readonly Value[]) => void): void;
  /** Makes the function callable from outside under its name. */
  export(handle: FunctionHandle, name: string): void;
}
