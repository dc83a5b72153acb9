import type { DType } from "../dtype";
import type { Shape } from "../shape";

/** A scalar in the code being emitted: opaque, made and read by one emitter only. */
export interface Value {
  readonly dtype: DType;
}

/** A scalar that changes while the code runs (an accumulator). */
export interface Variable {
  get(): Value;
  set(value: Value): void;
}

/**
 * Where an element sits in a tensor of `shape`. Positions are `int32` values; either form is derived from the other when asked,
 * so elementwise code that only passes an index on never pays for divisions.
 */
export interface Index {
  readonly shape: Shape;
  /** Position along each axis. */
  axes(): readonly Value[];
  /** Position in row-major order. */
  flat(): Value;
}

/**
 * A tensor as an element rule sees it: read at an index. A read may load memory or inline the code that computes the element, once for each
 * index object; so what a branch reads, it reads at an index made there, or one that was read before the branch.
 */
export interface Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  at(index: Index): Value;
}

/** A tensor in memory as a kernel rule sees it: read and written at row-major positions (`int32`). */
export interface Memory {
  readonly shape: Shape;
  readonly dtype: DType;
  load(position: Value): Value;
  store(position: Value, value: Value): void;
  /** The same memory for the emitter that {@link Emitter.runs} gives. */
  via?(k: Emitter): Memory;
}

/** Lanes that pass numbers to each other, where that is shorter than to take every lane's number by itself. */
export interface Exchange {
  /** So many lanes, a power of two, side by side from a multiple of it on. */
  readonly reach: number;
  /** For each lane the number of that lane of its run whose place differs by the bit `distance`, a power of two below `reach`. */
  readonly across: (value: Value, distance: number) => Value;
}

/** Several elements at a time, within code that computes one. */
export interface Abreast {
  readonly count: number;
  /** The positions from `from` on, one in each lane (`int32`). What is computed of them has a number for each lane. */
  readonly positions: (from: Value) => Value;
  /** Emits `body`, which may make variables that differ between lanes; all others are uniform. */
  readonly within: (body: () => Value) => Value;
  /** One lane's number. */
  readonly lane: (value: Value, lane: number) => Value;
  readonly exchange?: Exchange;
  /** The numbers of even lanes and those of odd ones, and the emitter of half as many lanes that they are for; undefined where there is no short way. */
  readonly halves?: (value: Value) => { readonly k: Emitter; readonly even: Value; readonly odd: Value } | undefined;
}

/** Products of floats that are added unrounded. */
export interface FusedProducts {
  /** c + a·b */
  readonly addProduct: (c: Value, a: Value, b: Value) => Value;
  /** c − a·b */
  readonly subProduct: (c: Value, a: Value, b: Value) => Value;
}

/**
 * What a target can say about scalars. Every element and kernel rule is written once against this and so runs on every target.
 *
 * Both operands of a binary operation have one dtype (use `literal(x.dtype, 2)` for constants). Integer arithmetic wraps;
 * integer division truncates and is 0 for a zero divisor; shifts take the amount modulo 32. Floats follow IEEE 754.
 * A `float32` value is rounded to single after every operation.
 */
export interface Emitter {
  /** "js", "wasm", "webgpu": for the few rules that carry a work-around for one target. */
  readonly target: string;
  /** Present where vectors may compute terms of one element side by side; `lower/fold.ts` knows how. */
  readonly abreast?: Abreast;
  /**
   * Present where iterations may run at once: `loop` for those that do not read what others write. Rules use it for loops over lines or matrices; their
   * scratch memory is each iteration's own.
   */
  readonly independent?: (count: number, body: (i: Value) => void) => void;
  /**
   * Present where vectors may take several iterations of a loop: `loop` for positions of which none needs what others write, and that memory holds side by
   * side. `body` writes its code with the emitter that it is given.
   */
  readonly runs?: (count: Value | number, body: (k: Emitter, i: Value) => void) => void;
  literal(dtype: DType, value: number): Value;

  add(a: Value, b: Value): Value;
  sub(a: Value, b: Value): Value;
  mul(a: Value, b: Value): Value;
  div(a: Value, b: Value): Value;
  /** Remainder with the sign of the dividend: `a - b * trunc(a / b)`; integers with a zero divisor give 0. */
  rem(a: Value, b: Value): Value;
  /** Present where it takes one instruction to multiply and add with one rounding, and results may have the machine's bits. */
  readonly fused?: FusedProducts;
  neg(a: Value): Value;
  abs(a: Value): Value;
  /** Floats: NaN if either is NaN; -0 < +0. */
  min(a: Value, b: Value): Value;
  max(a: Value, b: Value): Value;
  sqrt(a: Value): Value;
  floor(a: Value): Value;
  ceil(a: Value): Value;
  trunc(a: Value): Value;
  /** To the nearest integer, ties to even. */
  round(a: Value): Value;
  /** Magnitude of `a` with the sign bit of `b` (floats). */
  copySign(a: Value, b: Value): Value;

  /** Comparisons give `bool`; false when either operand is NaN, except `notEqual`. */
  equal(a: Value, b: Value): Value;
  notEqual(a: Value, b: Value): Value;
  less(a: Value, b: Value): Value;
  lessEqual(a: Value, b: Value): Value;
  /** On `bool` logical, on integers bitwise. */
  and(a: Value, b: Value): Value;
  or(a: Value, b: Value): Value;
  xor(a: Value, b: Value): Value;
  not(a: Value): Value;
  shiftLeft(a: Value, by: Value): Value;
  /** int32: arithmetic; uint32: logical. */
  shiftRight(a: Value, by: Value): Value;
  /** `condition ? a : b`; both sides are computed. */
  select(condition: Value, a: Value, b: Value): Value;

  /** NumPy's conversions; a float out of range saturates, NaN becomes 0; to `bool`: is it not 0. */
  cast(a: Value, dtype: DType): Value;
  /** float32 <-> int32 / uint32 (and int32 <-> uint32), the same 32 bits. */
  bitcast(a: Value, dtype: DType): Value;
  /** The upper and lower 32 bits of a float64, as `uint32`. */
  words(a: Value): { readonly high: Value; readonly low: Value };
  fromWords(high: Value, low: Value): Value;

  /** An elementary function, by its entry in the target's table (`exp`, `log`, `tanh`, …): ≤ 4 ulp in float32 and float64. */
  math(name: MathFunction, ...args: Value[]): Value;
  /** Present where a value stands for several elements: the function of one after another, which is for arguments that are rare. */
  readonly oneByOne?: (name: MathFunction, arg: Value) => Value;

  variable(initial: Value): Variable;
  /** Runs `body` for i = 0 … count − 1 (`int32`). */
  loop(count: Value | number, body: (i: Value) => void): void;
  /** Runs `body` while the condition (emitted anew, `bool`) holds. */
  while(condition: () => Value, body: () => void): void;
  if(condition: Value, then: () => void, otherwise?: () => void): void;

  /**
   * Notes that the run has failed, unless `code` (`int32`) is 0: when it returns, the failure of that number is thrown. The first one stays, with its
   * `facts`: numbers for its error, all of the widest float that the target has.
   */
  fail(code: Value, facts?: readonly Value[]): void;

  /** An index from positions along the axes, or from a row-major position. */
  index(shape: Shape, axes: readonly Value[]): Index;
  flatIndex(shape: Shape, flat: Value): Index;
}

/** Elementary functions that every target offers through {@link Emitter.math}. All take and give floats of one dtype. */
export type MathFunction =
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "atan2"
  | "sinh"
  | "cosh"
  | "tanh"
  | "erf"
  | "erfinv"
  | "pow";
