import { checkOptions } from "../arguments";
import { byteSize, type DType } from "../dtype";
import { checkShape, type Shape, sizeOf } from "../shape";
import type { Tensor } from "../tensor";
import { elements, readElements, writeElements } from "./elements";
import { FormatError } from "./errors";
import { checkBytes, within } from "./npy";
import { type ReadOptions, toTensor } from "./to-tensor";

/** Names of the format to ours of {@link elements}. */
const elementOf: Readonly<Record<string, string>> = {
  F64: "f8",
  F32: "f4",
  F16: "f2",
  BF16: "bf2",
  I64: "i8",
  I32: "i4",
  I16: "i2",
  I8: "i1",
  U64: "u8",
  U32: "u4",
  U16: "u2",
  U8: "u1",
  BOOL: "b1",
};
const names: Readonly<Record<DType, string>> = {
  float32: "F32",
  float64: "F64",
  int32: "I32",
  uint32: "U32",
  bool: "BOOL",
};
/** The format's own bound on the header. */
const longest = 100_000_000;

/** Strings beside the tensors of a file. */
export type Metadata = Readonly<Record<string, string>>;

/** How to read a safetensors file. */
export interface ReadSafetensorsOptions extends ReadOptions {
  /** Receives the file's `__metadata__`, empty where there is none. */
  readonly onMetadata?: (metadata: Metadata) => void;
}

/**
 * Tensors by name from the bytes of a safetensors file. Half and bfloat16 become float32, narrow integers int32 or uint32; 64-bit integers
 * must fit 32 bits.
 * @throws FormatError unless every rule of the format holds, never a partial result
 * Source: https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(bytes: Uint8Array, options: ReadSafetensorsOptions = {}): Record<string, Tensor> {
  checkBytes("readSafetensors", bytes);
  checkOptions("readSafetensors", options, ["target", "onMetadata"]);
  return within("readSafetensors", () => {
    const { header, start } = readHeader(bytes);
    const { __metadata__: metadata = {}, ...rest } = header;
    checkMetadata(metadata);
    const entries = Object.entries(rest).map(([name, entry]) => [name, checkEntry(name, entry)] as const);
    checkLayout(entries, bytes.length - start);
    const tensors = entries.map(([name, { kind, shape, begin }]) => {
      const element = elements[elementOf[kind]!]!;
      const count = sizeOf(shape);
      const view = new DataView(bytes.buffer, bytes.byteOffset + start + begin, count * element.bytes);
      const values = within(`tensor "${name}"`, () => readElements(element, view, count, true));
      return [name, toTensor(values, element.dtype, shape, options)] as const;
    });
    options.onMetadata?.(metadata);
    return Object.fromEntries(tensors);
  });
}

/** The bytes of tensors as a safetensors file, names sorted; the same tensors and metadata give the same bytes. */
export async function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  options: { readonly metadata?: Metadata } = {},
): Promise<Uint8Array> {
  checkOptions("writeSafetensors", options, ["metadata"]);
  // Wide elements first keeps every tensor aligned to its element, as the reference implementation does.
  const sorted = Object.keys(tensors).sort(
    (a, b) => byteSize(tensors[b]!.dtype) - byteSize(tensors[a]!.dtype) || (a < b ? -1 : 1),
  );
  // Without a prototype, so that any name is just a name.
  const header = Object.create(null) as Record<string, unknown>;
  if (options.metadata) header["__metadata__"] = sortKeys(options.metadata);
  const bodies: Uint8Array[] = [];
  let at = 0;
  for (const name of sorted) {
    if (name === "__metadata__")
      throw new FormatError(`writeSafetensors: "__metadata__" cannot name a tensor; rename it`);
    const x = tensors[name]!;
    const body = writeElements(await x.data());
    header[name] = { dtype: names[x.dtype], shape: x.shape, data_offsets: [at, (at += body.length)] };
    bodies.push(body);
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + at).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(text, 8);
  let offset = start;
  for (const body of bodies) {
    bytes.set(body, offset);
    offset += body.length;
  }
  return bytes;
}

const sortKeys = (record: Metadata): Metadata =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

interface Entry {
  readonly kind: string;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);
const isIndex = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (bytes.length < 8) throw new FormatError(`${bytes.length} bytes are too few for a header`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > longest)
    throw new FormatError(`a header of ${length} bytes is longer than the format allows; is this a safetensors file?`);
  const start = 8 + length;
  if (start > bytes.length)
    throw new FormatError(`the file ends within its header, at ${bytes.length} of ${start} bytes`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start)));
  } catch (error) {
    throw new FormatError(`the header is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (bytes[8] !== 0x7b || !isRecord(header)) throw new FormatError("the header is not a JSON object");
  return { header, start };
}

function checkMetadata(metadata: unknown): asserts metadata is Metadata {
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== "string"))
    throw new FormatError("__metadata__ is not an object of strings");
}

function checkEntry(name: string, entry: unknown): Entry {
  const fail = (what: string): never => {
    throw new FormatError(`tensor "${name}": ${what}`);
  };
  if (!isRecord(entry)) return fail("its entry is not an object");
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(elementOf, dtype))
    return fail(`dtype ${JSON.stringify(dtype)} is not one that can be read`);
  if (!Array.isArray(shape) || !shape.every(isIndex))
    return fail(`shape ${JSON.stringify(shape)} is not an array of lengths`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isIndex))
    return fail(`data_offsets ${JSON.stringify(offsets)} are not two positions`);
  const [begin, end] = offsets as [number, number];
  const needed = sizeOf(checkShape("readSafetensors", shape)) * elements[elementOf[dtype]!]!.bytes;
  if (end - begin !== needed)
    return fail(
      `data_offsets [${begin}, ${end}] hold ${end - begin} bytes where ${dtype} [${shape.join(", ")}] has ${needed}`,
    );
  return { kind: dtype, shape, begin, end };
}

/** Tensors must cover the rest of the file exactly, without overlaps or holes. */
function checkLayout(entries: readonly (readonly [string, Entry])[], available: number): void {
  let at = 0;
  for (const [name, { begin, end }] of [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      throw new FormatError(
        `tensor "${name}" starts at ${begin} where the one before it ends at ${at}; tensors must not overlap or leave holes`,
      );
    at = end;
  }
  if (at !== available) throw new FormatError(`tensors take ${at} bytes where the file has ${available}`);
}
