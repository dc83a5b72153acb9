import { bulk, ByteWriter, empty, f32, f64, i32, op, simd, v128 } from "./encode";

/** An address and what each pass of a loop adds to it. */
export interface Cursor {
  readonly local: number;
  readonly step: number;
}

/** Consecutive lanes of a vector that one instruction moves. */
interface Piece {
  readonly lane: number;
  readonly bytes: 4 | 8 | 16;
}

/** The instructions of a dtype's vectors. */
export interface Vectors {
  readonly bytes: 4 | 8;
  readonly lanes: 2 | 4;
  /** A hint only: rows need not begin at multiples of 16 bytes. */
  readonly align: number;
  readonly splat: readonly number[];
  readonly add: readonly number[];
  readonly mul: readonly number[];
  /** a·b + c, rounded once; only where the engine has it. */
  readonly madd: readonly number[];
  readonly extract: readonly number[];
  readonly element: {
    readonly type: number;
    readonly load: number;
    readonly store: number;
    readonly add: number;
  };
}

const single: Vectors = {
  bytes: 4,
  lanes: 4,
  align: 2,
  splat: simd.load32Splat,
  add: simd.f32x4Add,
  mul: simd.f32x4Mul,
  madd: simd.f32x4RelaxedMadd,
  extract: simd.f32x4ExtractLane,
  element: { type: f32, load: op.f32Load, store: op.f32Store, add: op.f32Add },
};
const double: Vectors = {
  bytes: 8,
  lanes: 2,
  align: 3,
  splat: simd.load64Splat,
  add: simd.f64x2Add,
  mul: simd.f64x2Mul,
  madd: simd.f64x2RelaxedMadd,
  extract: simd.f64x2ExtractLane,
  element: { type: f64, load: op.f64Load, store: op.f64Store, add: op.f64Add },
};

export const vectorsOf = (dtype: "float32" | "float64"): Vectors => (dtype === "float32" ? single : double);

/** The code of one function from addresses to nothing: its locals, loops over cursors, and vectors in memory, whole or in part. */
export class MatmulCode {
  readonly bytes: ByteWriter = new ByteWriter();
  readonly v: Vectors;
  readonly #locals: number[] = [];
  readonly #vectors: number[] = [];
  readonly #parameters: number;

  constructor(vectors: Vectors, parameters: number) {
    this.v = vectors;
    this.#parameters = parameters;
  }

  local(type: number = i32): number {
    return this.#parameters - 1 + this.#locals.push(type);
  }

  /** One of the locals for vectors, which all parts of the function share. */
  vector(index: number): number {
    return (this.#vectors[index] ??= this.local(v128));
  }

  get(local: number): void {
    this.bytes.byte(op.localGet);
    this.bytes.unsigned(local);
  }

  set(local: number): void {
    this.bytes.byte(op.localSet);
    this.bytes.unsigned(local);
  }

  int(value: number): void {
    this.bytes.byte(op.i32Const);
    this.bytes.signed(value);
  }

  zero(vector: number): void {
    this.bytes.bytes(simd.const);
    for (let i = 0; i < 16; i++) this.bytes.byte(0);
    this.set(vector);
  }

  /** Bytes of memory become 0. */
  clear(address: number, count: number): void {
    this.get(address);
    this.int(0);
    this.int(count);
    this.bytes.bytes(bulk.memoryFill);
  }

  /** to = from + constant bytes */
  advance(to: number, from: number, bytes = 0): void {
    if (to === from && bytes === 0) return;
    this.get(from);
    if (bytes !== 0) {
      this.int(bytes);
      this.bytes.byte(op.i32Add);
    }
    this.set(to);
  }

  /** to = a + b, of addresses */
  sum(to: number, a: number, b: number): void {
    this.get(a);
    this.get(b);
    this.bytes.byte(op.i32Add);
    this.set(to);
  }

  /** Runs `body` `count` times, moving each cursor by its step after each. The first cursor that moves also tells when to stop. */
  repeat(count: number, cursors: readonly Cursor[], body: () => void): void {
    if (count <= 0) return;
    const move = (list: readonly Cursor[]): void => list.forEach(({ local, step }) => this.advance(local, local, step));
    if (count === 1) {
      body();
      return move(cursors);
    }
    const end = this.local();
    let moving = cursors.find(({ step }) => step !== 0);
    if (moving === undefined) {
      moving = { local: this.local(), step: 1 };
      this.int(0);
      this.set(moving.local);
    }
    this.advance(end, moving.local, moving.step * count);
    this.bytes.bytes([op.loop, empty]);
    body();
    move([...new Set([...cursors, moving])]);
    this.get(moving.local);
    this.get(end);
    this.bytes.bytes([op.i32Ne, op.brIf, 0, op.end]);
  }

  #access(instruction: readonly number[], offset: number): void {
    this.bytes.bytes(instruction);
    this.bytes.byte(this.v.align);
    this.bytes.unsigned(offset);
  }

  /** Reads or writes one element with the addresses and numbers on the stack. */
  element(instruction: number): void {
    this.#access([instruction], 0);
  }

  /** One element in all lanes. */
  splat(to: number, address: number, offset: number): void {
    this.get(address);
    this.#access(this.v.splat, offset);
    this.set(to);
  }

  /** How the first `count` lanes move between a vector and memory with `stride` elements from lane to lane. */
  #pieces(count: number, stride: number): Piece[] {
    const { bytes, lanes } = this.v;
    if (stride !== 1) return Array.from({ length: count }, (_, lane) => ({ lane, bytes }));
    if (count === lanes) return [{ lane: 0, bytes: 16 }];
    const first: Piece = { lane: 0, bytes: count === 1 ? bytes : 8 };
    return count === 3 ? [first, { lane: 2, bytes }] : [first];
  }

  /** The first `count` lanes from memory; the others become 0. */
  load(to: number, address: number, offset: number, count: number = this.v.lanes, stride = 1): void {
    for (const { lane, bytes } of this.#pieces(count, stride)) {
      this.get(address);
      if (lane > 0) this.get(to);
      const whole = bytes === 16 ? simd.load : bytes === 8 ? simd.load64Zero : simd.load32Zero;
      this.#access(
        lane === 0 ? whole : bytes === 8 ? simd.load64Lane : simd.load32Lane,
        offset + lane * stride * this.v.bytes,
      );
      if (lane > 0) this.bytes.byte((lane * this.v.bytes) / bytes);
      this.set(to);
    }
  }

  /** The first `count` lanes to memory; what lies beyond is left alone. */
  store(from: number, address: number, offset: number, count: number = this.v.lanes, stride = 1): void {
    for (const { lane, bytes } of this.#pieces(count, stride)) {
      this.get(address);
      this.get(from);
      const instruction = bytes === 16 ? simd.store : bytes === 8 ? simd.store64Lane : simd.store32Lane;
      this.#access(instruction, offset + lane * stride * this.v.bytes);
      if (bytes !== 16) this.bytes.byte((lane * this.v.bytes) / bytes);
    }
  }

  /** to = a + b */
  add(to: number, a: number, b: number): void {
    this.get(a);
    this.get(b);
    this.bytes.bytes(this.v.add);
    this.set(to);
  }

  /** sum += a·b, in one rounding if `fused`. */
  accumulate(sum: number, a: number, b: number, fused: boolean): void {
    if (!fused) this.get(sum);
    this.get(a);
    this.get(b);
    if (fused) this.get(sum);
    this.bytes.bytes(fused ? this.v.madd : this.v.mul);
    if (!fused) this.bytes.bytes(this.v.add);
    this.set(sum);
  }

  /** to = lanes of a and b by their numbers, b's counted on from a's. */
  shuffle(to: number, a: number, b: number, lanes: readonly number[]): void {
    this.get(a);
    this.get(b);
    this.bytes.bytes(simd.shuffle);
    for (const lane of lanes) for (let i = 0; i < this.v.bytes; i++) this.bytes.byte(lane * this.v.bytes + i);
    this.set(to);
  }

  /** The function's body as the code section holds it. */
  finish(): Uint8Array {
    const out = new ByteWriter();
    out.unsigned(this.#locals.length);
    for (const type of this.#locals) out.bytes([1, type]);
    out.bytes(this.bytes.written());
    out.byte(op.end);
    return out.written();
  }
}
