import { DTypeError, OutOfMemoryError } from "./errors";

/** Element types. `bool` is stored as one byte per element, 0 or 1. */
export type DType = "float32" | "float64" | "int32" | "uint32" | "bool";

/** The typed array that holds elements of a dtype on the CPU (`bool`: `Uint8Array`). */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** Every dtype, in order of promotion. */
export const dtypes: readonly DType[] = Object.freeze(["bool", "int32", "uint32", "float32", "float64"]);

/** @throws DTypeError for what is no dtype */
export function checkDType(where: string, dtype: DType): void {
  if (!dtypes.includes(dtype))
    throw new DTypeError(`${where}: "${String(dtype)}" is not a dtype; give one of ${dtypes.join(", ")}`);
}

const bytes: Readonly<Record<DType, number>> = { float32: 4, float64: 8, int32: 4, uint32: 4, bool: 1 };

/** Bytes of one element. */
export const byteSize = (dtype: DType): number => bytes[dtype];

export const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";
export const isInteger = (dtype: DType): boolean => dtype === "int32" || dtype === "uint32";

const arrays: Readonly<Record<DType, new (length: number) => TypedArray>> = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
};

/** A zero-filled typed array of `length` elements. @throws OutOfMemoryError */
export function allocate(dtype: DType, length: number): TypedArray {
  try {
    return new arrays[dtype](length);
  } catch (cause) {
    throw new OutOfMemoryError(
      `tensor: out of memory: an array of ${length} ${dtype} numbers cannot be had; use smaller batches, or drop tensors that are not needed`,
      { cause },
    );
  }
}

/** The numbers in a part of some bytes. */
export function arrayOf(dtype: DType, buffer: ArrayBuffer, at: number, length: number): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, at, length);
    case "float64":
      return new Float64Array(buffer, at, length);
    case "int32":
      return new Int32Array(buffer, at, length);
    case "uint32":
      return new Uint32Array(buffer, at, length);
    case "bool":
      return new Uint8Array(buffer, at, length);
  }
}

/** The dtype that a typed array holds, or undefined for kinds that no dtype uses (BigInt64Array, Int8Array, …). */
export function dtypeOfArray(values: ArrayBufferView): DType | undefined {
  if (values instanceof Float32Array) return "float32";
  if (values instanceof Float64Array) return "float64";
  if (values instanceof Int32Array) return "int32";
  if (values instanceof Uint32Array) return "uint32";
  if (values instanceof Uint8Array) return "bool";
  return undefined;
}

/**
 * The dtype of a result of two operands: bool < int32, uint32 < float32 < float64; an integer with a float takes the float's type.
 * @throws DTypeError for int32 with uint32, which no type of ours holds.
 */
export function promote(where: string, a: DType, b: DType): DType {
  if (a === b) return a;
  const [low, high] = dtypes.indexOf(a) < dtypes.indexOf(b) ? [a, b] : [b, a];
  if (low === "int32" && high === "uint32")
    throw new DTypeError(`${where}: int32 with uint32 has no common dtype; cast one of them, as in cast(x, "int32")`);
  return high;
}
