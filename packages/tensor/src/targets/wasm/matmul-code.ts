import { byteSize } from "../../dtype";
import { access, binaryInstruction, localType } from "./emit-operations";
import { bulk, ByteWriter, empty, i32, op, v128 } from "./encode";
import { binaryInstructions, fusedInstruction, laneAccess, taking, vector } from "./lane-operations";
import { type Piece, pieces } from "./pieces";

/** An address and what each pass of a loop adds to it. */
export interface Cursor {
  readonly local: number;
  readonly step: number;
}

/** The instructions of a dtype's vectors. */
export interface Vectors {
  readonly bytes: number;
  readonly lanes: number;
  /** A hint only: rows need not begin at multiples of 16 bytes. */
  readonly align: number;
  readonly add: number;
  readonly mul: number;
  /** a·b + c, rounded once; only where the engine has it. */
  readonly madd: number;
  readonly extract: number;
  readonly element: {
    readonly type: number;
    readonly load: number;
    readonly store: number;
    readonly add: number;
  };
}

export function vectorsOf(dtype: "float32" | "float64"): Vectors {
  const bytes = byteSize(dtype);
  const { load, store, align } = access[dtype];
  return {
    bytes,
    lanes: 16 / bytes,
    align,
    add: binaryInstructions[dtype].add!,
    mul: binaryInstructions[dtype].mul!,
    madd: fusedInstruction("addProduct", dtype),
    extract: laneAccess[dtype].extract,
    element: { type: localType(dtype), load, store, add: binaryInstruction("add", dtype)! },
  };
}

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
    this.bytes.pair(op.localGet, local);
  }

  set(local: number): void {
    this.bytes.pair(op.localSet, local);
  }

  int(value: number): void {
    this.bytes.byte(op.i32Const);
    this.bytes.signed(value);
  }

  zero(to: number): void {
    this.bytes.simd(vector.const, new Array<number>(16).fill(0));
    this.set(to);
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

  /**
   * Runs `body` `count` times, moving each cursor by its step after each. The first cursor that moves also tells when to stop.
   * @param copies of the body in a round of the loop; it can end after each
   */
  repeat(count: number, cursors: readonly Cursor[], body: () => void, copies = 1): void {
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
    const moved = [...new Set([...cursors, moving])];
    this.bytes.bytes([op.block, empty, op.loop, empty]);
    for (let copy = 1; copy <= copies; copy++) {
      body();
      move(moved);
      this.get(moving.local);
      this.get(end);
      this.bytes.bytes(copy < copies ? [op.i32Eq, op.brIf, 1] : [op.i32Ne, op.brIf, 0]);
    }
    this.bytes.bytes([op.end, op.end]);
  }

  /** Where in memory the instruction before reads or writes. */
  #at(offset: number): void {
    this.bytes.pair(this.v.align, offset);
  }

  /** Reads or writes one element with the addresses and numbers on the stack. */
  element(instruction: number): void {
    this.bytes.byte(instruction);
    this.#at(0);
  }

  /** One element in all lanes. */
  splat(to: number, address: number, offset: number): void {
    this.get(address);
    this.bytes.simd(vector.load8Splat + Math.log2(this.v.bytes));
    this.#at(offset);
    this.set(to);
  }

  /** How the first `count` lanes move between a vector and memory with `stride` elements from lane to lane. */
  #pieces(count: number, stride: number): readonly Piece[] {
    const { bytes } = this.v;
    return stride === 1
      ? pieces(count * bytes)
      : Array.from({ length: count }, (_, lane) => ({ at: lane * bytes, bytes }));
  }

  /** The first `count` lanes from memory; the others become 0. */
  load(to: number, address: number, offset: number, count: number = this.v.lanes, stride = 1): void {
    for (const { at, bytes } of this.#pieces(count, stride)) {
      this.get(address);
      if (at > 0) this.get(to);
      const whole = bytes === 16 ? vector.load : bytes === 8 ? vector.load64Zero : vector.load32Zero;
      this.bytes.simd(at === 0 ? whole : vector.load8Lane + Math.log2(bytes));
      this.#at(offset + at * stride);
      if (at > 0) this.bytes.byte(at / bytes);
      this.set(to);
    }
  }

  /** The first `count` lanes to memory; what lies beyond is left alone. */
  store(from: number, address: number, offset: number, count: number = this.v.lanes, stride = 1): void {
    for (const { at, bytes } of this.#pieces(count, stride)) {
      this.get(address);
      this.get(from);
      this.bytes.simd(bytes === 16 ? vector.store : vector.store8Lane + Math.log2(bytes));
      this.#at(offset + at * stride);
      if (bytes !== 16) this.bytes.byte(at / bytes);
    }
  }

  /** to = a + b */
  add(to: number, a: number, b: number): void {
    this.get(a);
    this.get(b);
    this.bytes.simd(this.v.add);
    this.set(to);
  }

  /** sum += a·b, in one rounding if `fused`. */
  accumulate(sum: number, a: number, b: number, fused: boolean): void {
    if (!fused) this.get(sum);
    this.get(a);
    this.get(b);
    if (fused) this.get(sum);
    this.bytes.simd(fused ? this.v.madd : this.v.mul);
    if (!fused) this.bytes.simd(this.v.add);
    this.set(sum);
  }

  /** to = lanes of a and b by their numbers, b's counted on from a's. */
  shuffle(to: number, a: number, b: number, lanes: readonly number[]): void {
    this.get(a);
    this.get(b);
    this.bytes.simd(vector.shuffle, taking(this.v.bytes, lanes));
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
