import { allocate, byteSize, type DType, type TypedArray } from "../dtype";
import { FormatError } from "./errors";

/** How a format stores one number: what of it we hold (`dtype`), its bytes, and how one is read. */
export interface Element {
  readonly dtype: DType;
  readonly bytes: number;
  /** @throws FormatError where the number does not fit. */
  read(view: DataView, at: number, little: boolean): number;
}

/* @__NO_SIDE_EFFECTS__ */
function whole(bytes: number, dtype: DType, read: Element["read"]): Element {
  return { dtype, bytes, read };
}

/* @__NO_SIDE_EFFECTS__ */
function wide(
  read: (view: DataView, at: number, little: boolean) => bigint,
  low: number,
  high: number,
  dtype: DType,
): Element {
  return whole(8, dtype, (view, at, little) => {
    const value = read(view, at, little);
    if (value < low || value > high)
      throw new FormatError(
        `a 64-bit integer, ${value}, does not fit ${dtype}; store it as int32, uint32 or float64 instead`,
      );
    return Number(value);
  });
}

/** Elements by NumPy's type letter and size. Narrow types widen to the dtype that holds them; 64-bit integers must fit 32 bits. */
export const elements: Readonly<Record<string, Element>> = {
  f2: whole(2, "float32", (view, at, little) => halfToNumber(view.getUint16(at, little))),
  f4: whole(4, "float32", (view, at, little) => view.getFloat32(at, little)),
  f8: whole(8, "float64", (view, at, little) => view.getFloat64(at, little)),
  i1: whole(1, "int32", (view, at) => view.getInt8(at)),
  i2: whole(2, "int32", (view, at, little) => view.getInt16(at, little)),
  i4: whole(4, "int32", (view, at, little) => view.getInt32(at, little)),
  i8: wide((view, at, little) => view.getBigInt64(at, little), -0x80000000, 0x7fffffff, "int32"),
  u1: whole(1, "uint32", (view, at) => view.getUint8(at)),
  u2: whole(2, "uint32", (view, at, little) => view.getUint16(at, little)),
  u4: whole(4, "uint32", (view, at, little) => view.getUint32(at, little)),
  u8: wide((view, at, little) => view.getBigUint64(at, little), 0, 0xffffffff, "uint32"),
  b1: whole(1, "bool", (view, at) => Number(view.getUint8(at) !== 0)),
  bf2: whole(2, "float32", (view, at, little) => {
    word.setUint32(0, view.getUint16(at, little) * 0x10000);
    return word.getFloat32(0);
  }),
};

const word = new DataView(new ArrayBuffer(4));

/** An IEEE 754 half as a number. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** `count` elements from the bytes that `view` covers. */
export function readElements(element: Element, view: DataView, count: number, little: boolean): TypedArray {
  const values = allocate(element.dtype, count);
  if (little && hostIsLittle && element.bytes === byteSize(element.dtype) && element.dtype !== "bool")
    new Uint8Array(values.buffer).set(new Uint8Array(view.buffer, view.byteOffset, count * element.bytes));
  else for (let i = 0; i < count; i++) values[i] = element.read(view, i * element.bytes, little);
  return values;
}

/** The bytes of values, little-endian. */
export function writeElements(values: TypedArray): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  const size = values.BYTES_PER_ELEMENT;
  if (!hostIsLittle) for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}

const hostIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
