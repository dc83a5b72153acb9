import { type DType, invariant, UnsupportedError } from "@dzdt/tensor";
import type { Value } from "@dzdt/tensor/lower";
import type { BoundArray } from "./arrays";

/** What to do instead of float64. */
export const remedy: string =
  'use the target wasm for it, or float32, as in { dtype: "float32" } and cast(x, "float32"), or await webgpu({ df64: true }), ' +
  "which computes it in pairs of float32";

/** Says what to do instead, wherever float64 turns up. */
export function noDoubles(where: string): never {
  throw new UnsupportedError(`webgpu: ${where} uses float64, which GPUs do not compute; ${remedy}`);
}

const types: Readonly<Record<DType, string>> = {
  float32: "f32",
  float64: "vec2f",
  int32: "i32",
  uint32: "u32",
  bool: "bool",
};

/** The type of WGSL that holds a dtype. A float64 is a pair of floats, where there are any. */
export const typeOf = (dtype: DType): string => types[dtype];

/** A value in WGSL: the name it was given, or a literal. */
export interface Term extends Value {
  readonly text: string;
  /** The number, of a literal. */
  readonly number: number | undefined;
  /** Of an address that is not in the memory of programs: the array that it is in. */
  readonly array?: BoundArray | undefined;
}

const sums = new WeakMap<Value, { readonly base: Term; readonly plus: number }>();

/** Remembers that an integer is the sum of two, of which one may be a literal. */
export function asSum(sum: Value, a: Value, b: Value): Value {
  const [x, y] = [term(a), term(b)];
  if (sum.dtype !== "int32" || sum === a || sum === b || (x.number === undefined) === (y.number === undefined))
    return sum;
  const [other, literal] = x.number === undefined ? [x, y.number!] : [y, x.number];
  const { base, plus } = baseOf(other);
  sums.set(sum, { base, plus: plus + literal });
  return sum;
}

/** An integer as another one and a number that is known. */
export const baseOf = (value: Value): { readonly base: Term; readonly plus: number } =>
  sums.get(value) ?? { base: term(value), plus: 0 };

/** A value as this emitter made it. */
export function term(value: Value): Term {
  invariant("text" in value, "a value of another emitter");
  return value as Term;
}

/** An address within an array, from that of a byte of it. */
export const addressIn = (array: BoundArray, address: Value): Term => ({ ...term(address), array });

/** What the nearest single leaves of a number, as a single. */
const leftBySingle = (value: number): number =>
  Number.isFinite(Math.fround(value)) ? Math.fround(value - Math.fround(value)) : 0;

/** The number that a pair of singles holds of a double. */
export const pairValue = (value: number): number => (value === 0 ? value : Math.fround(value) + leftBySingle(value));

const bits = new DataView(new ArrayBuffer(4));

/** The 32 bits of a single. */
function bitsOf(value: number): number {
  bits.setFloat32(0, value);
  return bits.getUint32(0);
}

/**
 * A number as WGSL, exactly. WGSL has no text for NaN and infinities, and takes it that constant expressions have none: they are made at run time from a
 * word that is always 0, which compilers can not know.
 */
export function literalText(dtype: DType, value: number): string {
  switch (dtype) {
    case "float32":
      return Number.isFinite(value) ? floatText(value) : opaqueText(value);
    case "int32":
      return value === -(2 ** 31) ? "i32(-2147483648)" : value < 0 ? `(${value}i)` : `${value}i`;
    case "uint32":
      return `${value}u`;
    case "bool":
      return value ? "true" : "false";
    case "float64":
      return `vec2f(${literalText("float32", Math.fround(value))}, ${literalText("float32", leftBySingle(value))})`;
  }
}

/** A float literal that no compiler can fold: `(c + x) - c` must stay as it is. */
export const opaqueText = (value: number): string => `bitcast<f32>(${hex(bitsOf(value))} ^ run.zero)`;

const hex = (word: number): string => `0x${word.toString(16).padStart(8, "0")}u`;

function floatText(value: number): string {
  if (Object.is(value, -0)) return "bitcast<f32>(0x80000000u ^ run.zero)";
  const digits = String(value);
  const text = /[.e]/.test(digits) ? digits : `${digits}.0`;
  return value < 0 ? `(${text}f)` : `${text}f`;
}
