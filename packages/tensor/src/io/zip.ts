import { FormatError } from "./errors";
import { inflate } from "./inflate";

// Signatures and sizes of records: APPNOTE.TXT, .ZIP File Format Specification 6.3.10, sections 4.3.7 to 4.3.16.
const local = { signature: 0x04034b50, bytes: 30 };
const central = { signature: 0x02014b50, bytes: 46 };
const end = { signature: 0x06054b50, bytes: 22 };
const [wideEnd, wideLocator] = [0x06064b50, 0x07064b50];
const longestComment = 0xffff;
/** In place of a number that stands elsewhere, with more bits. */
const elsewhere = 0xffffffff;
const utf8Names = 0x800;
/** The first day that the format knows, so that bytes are a function of the files. */
const firstDay = 0x21;

let remainders: Uint32Array | undefined;

/** The checksum of zip archives (CRC-32, ISO 3309). */
function checksum(bytes: Uint8Array): number {
  remainders ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
    return rest;
  });
  let sum = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) sum = remainders[(sum ^ bytes[i]!) & 0xff]! ^ (sum >>> 8);
  return ~sum >>> 0;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** An unsigned integer of 64 bits. */
const wide = (view: DataView, at: number): number => view.getUint32(at, true) + 2 ** 32 * view.getUint32(at + 4, true);

/**
 * The files of a zip archive by name, stored or deflated.
 * @throws FormatError for anything else, or where a file is not what the archive says
 */
export function readZip(bytes: Uint8Array): Map<string, Uint8Array> {
  try {
    return readFiles(bytes, viewOf(bytes));
  } catch (error) {
    // Reading behind the end.
    if (!(error instanceof RangeError)) throw error;
    throw new FormatError("the bytes are not a readable zip archive: a part of it is missing", { cause: error });
  }
}

function readFiles(bytes: Uint8Array, view: DataView): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let { at, count } = directory(view);
  for (; count > 0; count--) {
    if (view.getUint32(at, true) !== central.signature) throw notZip("its directory is broken");
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const nameAt = at + central.bytes;
    const utf8 = (view.getUint16(at + 8, true) & utf8Names) !== 0;
    const name = new TextDecoder(utf8 ? "utf-8" : "latin1").decode(bytes.subarray(nameAt, nameAt + nameBytes!));
    files.set(name, readFile(bytes, view, at, name));
    at = nameAt + nameBytes! + extraBytes! + commentBytes!;
  }
  return files;
}

const notZip = (what: string): FormatError => new FormatError(`the bytes are not a readable zip archive: ${what}`);

/** Where the directory is, and how many files it lists. */
function directory(view: DataView): { at: number; count: number } {
  let at = view.byteLength - end.bytes;
  const least = Math.max(0, at - longestComment);
  while (at >= least && view.getUint32(at, true) !== end.signature) at--;
  if (at < least) throw notZip("it has no directory");
  const found = { at: view.getUint32(at + 16, true), count: view.getUint16(at + 10, true) };
  if (at < 20 || view.getUint32(at - 20, true) !== wideLocator) return found;
  const wideAt = wide(view, at - 12);
  if (view.getUint32(wideAt, true) !== wideEnd) throw notZip("its directory is broken");
  return { at: wide(view, wideAt + 48), count: wide(view, wideAt + 32) };
}

function readFile(bytes: Uint8Array, view: DataView, entry: number, name: string): Uint8Array {
  const method = view.getUint16(entry + 10, true);
  const [size, packed, offset] = numbersOf(view, entry);
  if (view.getUint32(offset!, true) !== local.signature) throw notZip(`"${name}" is not where its directory says`);
  const from = offset! + local.bytes + view.getUint16(offset! + 26, true) + view.getUint16(offset! + 28, true);
  const part = bytes.subarray(from, from + packed!);
  if (part.length < packed!) throw notZip(`"${name}" ends too early`);
  if (method !== 0 && method !== 8)
    throw new FormatError(`"${name}" is packed by method ${method}; store or deflate the archive's files`);
  // Nothing deflates further.
  if (method === 8 && size! > 1032 * packed! + 64) throw notZip(`"${name}" cannot hold ${size} bytes`);
  const file = method === 0 ? part : inflate(part, size!);
  if (file.length !== size)
    throw new FormatError(`"${name}" holds ${file.length} bytes where the archive says ${size}`);
  if (checksum(file) !== view.getUint32(entry + 16, true))
    throw new FormatError(`"${name}" has another checksum than the archive says; the file is damaged`);
  return file;
}

/** The size of a file, that of its packed bytes, and where they are. */
function numbersOf(view: DataView, entry: number): number[] {
  const given = [24, 20, 42].map((field) => view.getUint32(entry + field, true));
  if (!given.includes(elsewhere)) return given;
  let at = entry + central.bytes + view.getUint16(entry + 28, true);
  const extraEnd = at + view.getUint16(entry + 30, true);
  while (at < extraEnd && view.getUint16(at, true) !== 1) at += 4 + view.getUint16(at + 2, true);
  if (at >= extraEnd) throw notZip("a size is missing");
  at += 4;
  return given.map((number) => {
    if (number !== elsewhere) return number;
    at += 8;
    return wide(view, at - 8);
  });
}

/**
 * The bytes of a zip archive.
 * @param options.compress deflates, as the engine does it
 * @throws RangeError for what is too large for the format, 4 GB or 65,535 files
 */
export async function writeZip(
  files: readonly (readonly [name: string, bytes: Uint8Array])[],
  { compress }: { readonly compress: boolean },
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const entries: Uint8Array[] = [];
  let offset = 0;
  for (const [path, file] of files) {
    const name = new TextEncoder().encode(path);
    const packed = compress ? await deflate(file) : file;
    // From the version that is needed to the length of extra fields, as both records have them.
    const shared = record(26, (view) => {
      view.setUint16(0, 20, true);
      view.setUint16(2, utf8Names, true);
      view.setUint16(4, compress ? 8 : 0, true);
      view.setUint16(8, firstDay, true);
      view.setUint32(10, checksum(file), true);
      view.setUint32(14, packed.length, true);
      view.setUint32(18, file.length, true);
      view.setUint16(22, name.length, true);
    });
    entries.push(
      record(central.bytes, (view, bytes) => {
        view.setUint32(0, central.signature, true);
        view.setUint16(4, 20, true);
        bytes.set(shared, 6);
        view.setUint32(42, offset, true);
      }),
      name,
    );
    const header = record(local.bytes, (view, bytes) => {
      view.setUint32(0, local.signature, true);
      bytes.set(shared, 4);
    });
    parts.push(header, name, packed);
    offset += header.length + name.length + packed.length;
  }
  const listed = entries.reduce((sum, { length }) => sum + length, 0);
  if (offset + listed >= elsewhere || files.length > 0xffff)
    throw new RangeError(`writeNpz: ${files.length} arrays of ${offset} bytes; an archive holds 65535, and 4 GB`);
  const closing = record(end.bytes, (view) => {
    view.setUint32(0, end.signature, true);
    view.setUint16(8, files.length, true);
    view.setUint16(10, files.length, true);
    view.setUint32(12, listed, true);
    view.setUint32(16, offset, true);
  });
  return joined([...parts, ...entries, closing]);
}

function record(length: number, write: (view: DataView, bytes: Uint8Array) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  write(viewOf(bytes), bytes);
  return bytes;
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
