/** A growable byte buffer that knows WebAssembly's integer and name encodings. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What has been written; a view that the next write may invalidate. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Overwrites one byte. */
  patch(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  /** A byte and an unsigned integer, as most instructions are. */
  pair(first: number, value: number): void {
    this.#reserve(2);
    this.#bytes[this.#length++] = first;
    if (value < 0x80) this.#bytes[this.#length++] = value;
    else this.unsigned(value);
  }

  /** An instruction on vectors, with its immediate operands. */
  simd(instruction: number, immediates?: readonly number[]): void {
    this.pair(0xfd, instruction);
    if (immediates) this.bytes(immediates);
  }

  /** An unsigned LEB128 integer below 2^32. */
  unsigned(value: number): void {
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A signed LEB128 integer of 32 bits. */
  signed(value: number): void {
    this.#reserve(5);
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>= 7;
    }
    this.#bytes[this.#length++] = rest & 0x7f;
  }

  /** Four bytes, as they are in memory. */
  int32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length, value, true);
    this.#length += 4;
  }

  float32(value: number): void {
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  bytes(values: Uint8Array | readonly number[]): void {
    this.#reserve(values.length);
    // A few are written faster one by one.
    if (values.length > 32) this.#bytes.set(values, this.#length);
    else for (let i = 0; i < values.length; i++) this.#bytes[this.#length + i] = values[i]!;
    this.#length += values.length;
  }

  /** Bytes preceded by their number. */
  sized(values: Uint8Array): void {
    this.unsigned(values.length);
    this.bytes(values);
  }

  name(text: string): void {
    this.sized(new TextEncoder().encode(text));
  }

  /** A section: its number, its length, then what `body` writes. */
  section(id: number, body: (content: ByteWriter) => void): void {
    const content = new ByteWriter();
    body(content);
    this.byte(id);
    this.sized(content.written());
  }
}

/** What every module begins with: a magic number and the version. */
export const preamble: readonly number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Value types. */
export const i32 = 0x7f;
export const i64 = 0x7e;
export const f32 = 0x7d;
export const f64 = 0x7c;
export const v128 = 0x7b;
/** The type of a block without parameters and results. */
export const empty = 0x40;

/** Section numbers, in the order in which sections must stand. */
export const sections = { custom: 0, type: 1, import: 2, function: 3, export: 7, code: 10 } as const;

/** One-byte instructions (WebAssembly core specification 2.0, §5.4). */
export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  call: 0x10,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  f32Load: 0x2a,
  f64Load: 0x2b,
  i32Load8U: 0x2d,
  i32Store: 0x36,
  f32Store: 0x38,
  f64Store: 0x39,
  i32Store8: 0x3a,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Ne: 0x47,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GeU: 0x4f,
  i32LeS: 0x4c,
  i32LeU: 0x4d,
  i64LeU: 0x58,
  f32Eq: 0x5b,
  f64Eq: 0x61,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32DivS: 0x6d,
  i32DivU: 0x6e,
  i32RemS: 0x6f,
  i32RemU: 0x70,
  i32And: 0x71,
  i32Or: 0x72,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i32ShrS: 0x75,
  i32ShrU: 0x76,
  i64Add: 0x7c,
  i64Or: 0x84,
  i64Shl: 0x86,
  i64ShrU: 0x88,
  f32Abs: 0x8b,
  f32Add: 0x92,
  f32Mul: 0x94,
  f64Abs: 0x99,
  f64Add: 0xa0,
  f64Mul: 0xa2,
  i32WrapI64: 0xa7,
  i64ExtendI32U: 0xad,
  f32ConvertI32S: 0xb2,
  f32ConvertI32U: 0xb3,
  f32DemoteF64: 0xb6,
  f64ConvertI32S: 0xb7,
  f64ConvertI32U: 0xb8,
  f64PromoteF32: 0xbb,
  i32ReinterpretF32: 0xbc,
  i64ReinterpretF64: 0xbd,
  f32ReinterpretI32: 0xbe,
  f64ReinterpretI64: 0xbf,
} as const;

/** Instructions behind the prefix 0xfc; the last byte, or two, of copy and fill name the memory. */
export const bulk = {
  i32TruncSatF32S: [0xfc, 0],
  i32TruncSatF32U: [0xfc, 1],
  i32TruncSatF64S: [0xfc, 2],
  i32TruncSatF64U: [0xfc, 3],
  memoryCopy: [0xfc, 10, 0, 0],
  memoryFill: [0xfc, 11, 0],
} as const;

/** Instructions on memory that threads share, behind the prefix 0xfe; alignment must be natural. */
export const atomics = {
  notify: [0xfe, 0x00],
  wait32: [0xfe, 0x01],
  i32Load: [0xfe, 0x10],
  i64Load: [0xfe, 0x11],
  i32Store: [0xfe, 0x17],
  i64Store: [0xfe, 0x18],
  i32Add: [0xfe, 0x1e],
  i64Add: [0xfe, 0x1f],
  i32CompareExchange: [0xfe, 0x48],
} as const;
