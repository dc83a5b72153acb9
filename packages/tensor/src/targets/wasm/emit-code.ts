import type { DType } from "../../dtype";
import type { Value } from "../../lower/emitter";
import { represent } from "../../lower/math/scalar";
import { localType } from "./emit-operations";
import { ByteWriter, op, v128 } from "./encode";
import { vector } from "./lane-operations";

/** A value held by a local, or (local < 0) a literal that is written out wherever it is used. */
export interface Held extends Value {
  readonly local: number;
  readonly number: number;
}
export const held = (value: Value): Held => value as Held;

/** The number that a literal stands for; undefined for values that are not known before the code runs. */
export const literalOf = (value: Value): number | undefined => (held(value).local < 0 ? held(value).number : undefined);

export const literal = (dtype: DType, value: number): Held => ({ dtype, local: -1, number: represent(dtype, value) });

/** The locals and instructions of one function: pushes values on the stack and takes results into locals. */
export class FunctionCode {
  readonly bytes: ByteWriter = new ByteWriter();
  readonly parameters: readonly Held[];
  readonly #locals: number[] = [];
  readonly #free = new Map<number, number[]>();
  readonly #scopes: number[][] = [];
  /** What comes before all else: vectors of one number. */
  readonly #constants = new ByteWriter();
  readonly #constantLocals = new Map<string, number>();
  /** Where the code ends right after a `local.set`, and what it set: reading that local at once turns the set into a tee. */
  #setEnd = -1;
  #setAt = -1;
  #setLocal = -1;

  readonly #parameterCount: number;

  /** A function that takes `parameters`, or so many vectors. */
  constructor(parameters: readonly DType[] | number) {
    const list = typeof parameters === "number" ? [] : parameters;
    this.parameters = list.map((dtype) => this.local(dtype));
    if (typeof parameters === "number") for (let i = 0; i < parameters; i++) this.vector();
    this.#parameterCount = this.#locals.length;
  }

  /** The function's body as the code section holds it, leaving what was computed last on the stack. */
  finish(): Uint8Array {
    const body = new ByteWriter();
    const types = this.#locals.slice(this.#parameterCount);
    const runs: { type: number; count: number }[] = [];
    for (const type of types) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    body.unsigned(runs.length);
    for (const { type, count } of runs) {
      body.unsigned(count);
      body.byte(type);
    }
    body.bytes(this.#constants.written());
    body.bytes(this.bytes.written());
    body.byte(op.end);
    return body.written();
  }

  push(value: Value): void {
    const { dtype, local, number } = held(value);
    const code = this.bytes;
    if (local >= 0) this.get(local);
    else if (dtype === "float32") {
      code.byte(op.f32Const);
      code.float32(number);
    } else if (dtype === "float64") {
      code.byte(op.f64Const);
      code.float64(number);
    } else this.int(number);
  }

  get(local: number): void {
    const code = this.bytes;
    if (local === this.#setLocal && code.length === this.#setEnd) code.patch(this.#setAt, op.localTee);
    else code.pair(op.localGet, local);
    this.#setEnd = -1;
  }

  int(number: number): void {
    this.bytes.byte(op.i32Const);
    this.bytes.signed(number);
  }

  #localOf(type: number): number {
    const local = this.#free.get(type)?.pop() ?? this.#locals.push(type) - 1;
    this.#scopes.at(-1)?.push(local);
    return local;
  }

  /** A local for a value of `dtype`. */
  local(dtype: DType): Held {
    return { dtype, local: this.#localOf(localType(dtype)), number: 0 };
  }

  /** A local for a vector. */
  vector(): number {
    return this.#localOf(v128);
  }

  set({ local }: { readonly local: number }): void {
    this.#setAt = this.bytes.length;
    this.#setLocal = local;
    this.bytes.pair(op.localSet, local);
    this.#setEnd = this.bytes.length;
  }

  /** A new local that takes what the code left on the stack. */
  take(dtype: DType): Held {
    const result = this.local(dtype);
    this.set(result);
    return result;
  }

  /** A new local that takes a vector from the stack. */
  takeVector(): number {
    const local = this.vector();
    this.set({ local });
    return local;
  }

  /** A SIMD instruction with its immediate operands. */
  simd(instruction: number, immediates?: readonly number[]): void {
    this.bytes.simd(instruction, immediates);
  }

  /**
   * The local of a vector with one number in all its lanes; of truth values, all bits of a lane are 1 or 0. It is made where the function begins:
   * engines that keep the order of instructions (V8 from 13 on) would else make it anew, by three of them, each time round a loop.
   */
  constant(dtype: DType, number: number): number {
    // As a key, -0 would be 0.
    const key = `${dtype} ${Object.is(number, -0) ? "-0" : number}`;
    let local = this.#constantLocals.get(key);
    if (local !== undefined) return local;
    local = this.#locals.push(v128) - 1;
    this.#constantLocals.set(key, local);
    const bytes = this.#constants;
    bytes.simd(vector.const);
    if (dtype === "float64") for (let lane = 0; lane < 2; lane++) bytes.float64(number);
    else if (dtype === "float32") for (let lane = 0; lane < 4; lane++) bytes.float32(number);
    else for (let lane = 0; lane < 4; lane++) bytes.int32(dtype === "bool" ? -number : number);
    bytes.pair(op.localSet, local);
    return local;
  }

  /** Pushes a vector with a float in all its lanes. */
  splat(value: Value): void {
    const number = literalOf(value);
    if (number !== undefined) return this.get(this.constant(value.dtype, number));
    this.push(value);
    this.simd(value.dtype === "float32" ? vector.f32x4Splat : vector.f64x2Splat);
  }

  /** Pushes operands, runs an instruction and takes its result. */
  emit(dtype: DType, operands: readonly Value[], ...instruction: number[]): Held {
    for (let i = 0; i < operands.length; i++) this.push(operands[i]!);
    this.bytes.bytes(instruction);
    return this.take(dtype);
  }

  call(index: number, args: readonly Value[]): void {
    for (let i = 0; i < args.length; i++) this.push(args[i]!);
    this.bytes.byte(op.call);
    this.bytes.unsigned(index);
  }

  /** Runs `body`, after which the locals made in it serve others. */
  recycle(body: () => void): void {
    const locals: number[] = [];
    this.#scopes.push(locals);
    body();
    this.#scopes.pop();
    for (let i = 0; i < locals.length; i++) {
      const local = locals[i]!;
      const type = this.#locals[local]!;
      const free = this.#free.get(type);
      if (free === undefined) this.#free.set(type, [local]);
      else free.push(local);
    }
  }
}
