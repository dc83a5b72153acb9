import { checkOptions, kindOf } from "../arguments";
import type { DType } from "../dtype";
import { allocate, type TypedArray } from "../dtype";
import { type Shape, sizeOf, stridesOf } from "../shape";
import type { Tensor } from "../tensor";
import { elements, readElements, writeElements } from "./elements";
import { FormatError } from "./errors";
import { type ReadOptions, toTensor } from "./to-tensor";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const descriptions: Readonly<Record<DType, string>> = {
  float32: "<f4",
  float64: "<f8",
  int32: "<i4",
  uint32: "<u4",
  bool: "|b1",
};

/**
 * A tensor from the bytes of an .npy file (format versions 1 to 3, either byte order, C or Fortran order). Half precision becomes float32,
 * narrow integers int32 or uint32; 64-bit integers must fit 32 bits.
 * @throws FormatError for anything else, never a partial result
 * Source: NumPy enhancement proposal 1, https://numpy.org/neps/nep-0001-npy-format.html
 */
export function readNpy(bytes: Uint8Array, options: ReadOptions = {}): Tensor {
  checkBytes("readNpy", bytes);
  checkOptions("readNpy", options, ["target"]);
  return within("readNpy", () => {
    const { description, fortran, shape, offset } = readHeader(bytes);
    const element = elements[description.slice(1)];
    if (!element || !/^[<>|=]/.test(description) || description.length > 3)
      throw new FormatError(
        `elements are "${description}", not numbers of ours; save them as float32, float64, int32, uint32 or bool`,
      );
    const count = sizeOf(shape);
    const [given, needed] = [bytes.byteLength - offset, count * element.bytes];
    if (given !== needed)
      throw new FormatError(
        `${given} bytes of elements where shape (${shape.join(", ")}) of ${description} has ${needed}`,
      );
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset, needed);
    const values = readElements(element, view, count, description[0] !== ">");
    return toTensor(fortran ? fromFortran(values, element.dtype, shape) : values, element.dtype, shape, options);
  });
}

/** The bytes of a tensor as an .npy file, version 1.0, as `numpy.save` writes it. */
export async function writeNpy(x: Tensor): Promise<Uint8Array> {
  return npyBytes(await x.data(), x.dtype, x.shape);
}

/** @throws TypeError for what is no array of bytes, of whichever realm */
export function checkBytes(where: string, bytes: unknown): void {
  if (Object.prototype.toString.call(bytes) !== "[object Uint8Array]")
    throw new TypeError(
      `${where}: ${kindOf(bytes)} in place of bytes; give a Uint8Array, as in new Uint8Array(await response.arrayBuffer())`,
    );
}

/** Runs a reader and names it in its errors. */
export function within<R>(where: string, read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(`${where}: ${error.message}`);
    throw error;
  }
}

/** The bytes of an .npy file. */
export function npyBytes(values: TypedArray, dtype: DType, shape: Shape): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descriptions[dtype]}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // Elements start at a multiple of 64 bytes; a newline ends the header.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = [
    ...magic,
    1,
    0,
    length & 255,
    length >> 8,
    ...new TextEncoder().encode(`${text.padEnd(length - 1)}\n`),
  ];
  const body = writeElements(values);
  const bytes = new Uint8Array(header.length + body.length);
  bytes.set(header);
  bytes.set(body, header.length);
  return bytes;
}

interface Header {
  readonly description: string;
  readonly fortran: boolean;
  readonly shape: number[];
  readonly offset: number;
}

function readHeader(bytes: Uint8Array): Header {
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte))
    throw new FormatError("the bytes are not an .npy file; they start otherwise");
  const version = bytes[6]!;
  if (version < 1 || version > 3)
    throw new FormatError(`format version ${version} is not known; save it as version 1, 2 or 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw new FormatError("the file ends within its header");
  const offset = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (offset > bytes.length)
    throw new FormatError(`the file ends within its header, at ${bytes.length} of ${offset} bytes`);
  return { ...parseHeader(new TextDecoder().decode(bytes.subarray(start, offset))), offset };
}

function parseHeader(text: string): Omit<Header, "offset"> {
  const field = (name: string, pattern: string): string => {
    const found = new RegExp(`['"]${name}['"]\\s*:\\s*(?:${pattern})`).exec(text);
    if (!found) throw new FormatError(`the header has no readable "${name}": ${text.trim().slice(0, 200)}`);
    return found[1]!;
  };
  if (!/^\s*\{.*\}\s*$/s.test(text))
    throw new FormatError(`the header is not a dictionary: ${text.trim().slice(0, 200)}`);
  const shape = field("shape", "\\(([\\d\\s,L]*)\\)")
    .split(",")
    .map((part) => part.trim().replace(/L$/, ""))
    .filter((part) => part !== "")
    .map(Number);
  if (!shape.every(Number.isSafeInteger) || !Number.isSafeInteger(sizeOf(shape) * 8))
    throw new FormatError(`shape (${shape.join(", ")}) is too large`);
  return {
    description: field("descr", "['\"]([^'\"]*)['\"]"),
    fortran: field("fortran_order", "(True|False)") === "True",
    shape,
  };
}

function fromFortran(values: TypedArray, dtype: DType, shape: Shape): TypedArray {
  const result = allocate(dtype, values.length);
  const strides = stridesOf(shape);
  const at = new Array<number>(shape.length).fill(0);
  for (let from = 0, to = 0; from < values.length; from++) {
    result[to] = values[from]!;
    for (let axis = 0; axis < shape.length; axis++) {
      to += strides[axis]!;
      if (++at[axis]! < shape[axis]!) break;
      to -= shape[axis]! * strides[axis]!;
      at[axis] = 0;
    }
  }
  return result;
}
