import type { MatmulSpec } from "../../lower/machine";
import { access, binaryInstruction } from "./emit-operations";
import { ByteWriter, empty, f32, f64, i32, op, simd, v128 } from "./encode";

/** What of a product its function depends on; products with equal keys share one. */
export const matmulKey = (s: MatmulSpec): string =>
  `matmul.${s.dtype}.${s.m}x${s.n}x${s.k}.${s.a.rowStride}.${s.a.columnStride}.${s.b.rowStride}.${s.c.rowStride}${s.accumulate ? "+" : ""}`;

/**
 * Rows × vectors of c that stay in registers while k runs. V8 up to 12 moves all loads of a basic block to its top, so a tile needs
 * rows + vectors + rows·vectors ≤ 15 registers and k must not be unrolled; beyond that everything spills.
 */
const tileRows = 4;
const tileVectors = 2;

/** One lane width: full vectors, or single elements for the last columns. */
interface Lanes {
  readonly type: number;
  readonly bytes: number;
  readonly align: number;
  readonly splat: readonly number[];
  readonly load: readonly number[];
  readonly store: readonly number[];
  readonly add: readonly number[];
  readonly mul: readonly number[];
  readonly zero: readonly number[];
}

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

function lanesOf(dtype: "float32" | "float64", width: "vector" | "element"): Lanes {
  const single = dtype === "float32";
  if (width === "vector")
    return {
      type: v128,
      bytes: 16,
      // A hint only: rows need not begin at multiples of 16 bytes.
      align: single ? 2 : 3,
      splat: single ? simd.load32Splat : simd.load64Splat,
      load: simd.load,
      store: simd.store,
      add: single ? simd.f32x4Add : simd.f64x2Add,
      mul: single ? simd.f32x4Mul : simd.f64x2Mul,
      zero: [...simd.const, ...zeros(16)],
    };
  const { load, store, align } = access[dtype];
  return {
    type: single ? f32 : f64,
    bytes: single ? 4 : 8,
    align,
    splat: [load],
    load: [load],
    store: [store],
    add: [binaryInstruction("add", dtype)!],
    mul: [binaryInstruction("mul", dtype)!],
    zero: single ? [op.f32Const, ...zeros(4)] : [op.f64Const, ...zeros(8)],
  };
}

const [aParameter, bParameter, cParameter] = [0, 1, 2];

/** An address and what each pass of a loop adds to it. */
interface Cursor {
  readonly local: number;
  readonly step: number;
}

/** Writes one function; its locals are addresses, and tiles of accumulators that are declared once for each lane type. */
class MatmulWriter {
  readonly #spec: MatmulSpec;
  readonly #bytes: number;
  readonly #code = new ByteWriter();
  readonly #locals: number[] = [];
  readonly #tiles = new Map<number, number[]>();

  constructor(spec: MatmulSpec) {
    this.#spec = spec;
    this.#bytes = spec.dtype === "float32" ? 4 : 8;
  }

  #local(type: number): number {
    return 2 + this.#locals.push(type);
  }

  #get(local: number): void {
    this.#code.byte(op.localGet);
    this.#code.unsigned(local);
  }

  #set(local: number): void {
    this.#code.byte(op.localSet);
    this.#code.unsigned(local);
  }

  /** to = from + constant bytes */
  #advance(to: number, from: number, bytes: number): void {
    this.#get(from);
    if (bytes !== 0) {
      this.#code.byte(op.i32Const);
      this.#code.signed(bytes);
      this.#code.byte(op.i32Add);
    }
    this.#set(to);
  }

  #access(instruction: readonly number[], lanes: Lanes, offset: number): void {
    this.#code.bytes(instruction);
    this.#code.byte(lanes.align);
    this.#code.unsigned(offset);
  }

  /** Runs `body` `count` times, moving each cursor by its step after each. The first cursor that moves also tells when to stop. */
  #repeat(count: number, cursors: readonly Cursor[], body: () => void): void {
    if (count === 0) return;
    const advance = (list: readonly Cursor[]): void =>
      list.forEach(({ local, step }) => step !== 0 && this.#advance(local, local, step));
    if (count === 1) {
      body();
      return advance(cursors);
    }
    const end = this.#local(i32);
    let moving = cursors.find(({ step }) => step !== 0);
    if (moving === undefined) {
      moving = { local: this.#local(i32), step: 1 };
      this.#code.bytes([op.i32Const, 0]);
      this.#set(moving.local);
    }
    this.#advance(end, moving.local, moving.step * count);
    this.#code.bytes([op.loop, empty]);
    body();
    advance([...new Set([...cursors, moving])]);
    this.#get(moving.local);
    this.#get(end);
    this.#code.bytes([op.i32Ne, op.brIf, 0, op.end]);
  }

  /** c[0..rows, 0..vectors·lanes] for the rows of a at `aRow`, the columns of b at `bColumn`. */
  #tile(rows: number, vectors: number, lanes: Lanes, aRow: number, bColumn: number, cColumn: number): void {
    const { k, a, b, c, accumulate } = this.#spec;
    const code = this.#code;
    const locals = this.#tiles.get(lanes.type) ?? this.#declareTile(lanes.type);
    const cell = (i: number, j: number): number => locals[i * tileVectors + j]!;
    const bValue = (j: number): number => locals[tileRows * tileVectors + j]!;
    const aValue = locals[tileRows * tileVectors + tileVectors]!;
    const each = (visit: (i: number, j: number) => void): void => {
      for (let i = 0; i < rows; i++) for (let j = 0; j < vectors; j++) visit(i, j);
    };
    each((i, j) => {
      code.bytes(lanes.zero);
      this.#set(cell(i, j));
    });
    const [aAt, bAt] = [this.#cursors[0]!, this.#cursors[1]!];
    this.#advance(aAt, aRow, 0);
    this.#advance(bAt, bColumn, 0);
    const steps = [
      { local: bAt, step: b.rowStride * this.#bytes },
      { local: aAt, step: a.columnStride * this.#bytes },
    ];
    this.#repeat(k, steps, () => {
      for (let j = 0; j < vectors; j++) {
        this.#get(bAt);
        this.#access(lanes.load, lanes, j * lanes.bytes);
        this.#set(bValue(j));
      }
      for (let i = 0; i < rows; i++) {
        this.#get(aAt);
        this.#access(lanes.splat, lanes, i * a.rowStride * this.#bytes);
        this.#set(aValue);
        for (let j = 0; j < vectors; j++) {
          this.#get(cell(i, j));
          this.#get(aValue);
          this.#get(bValue(j));
          code.bytes(lanes.mul);
          code.bytes(lanes.add);
          this.#set(cell(i, j));
        }
      }
    });
    each((i, j) => {
      const offset = i * c.rowStride * this.#bytes + j * lanes.bytes;
      this.#get(cColumn);
      if (accumulate) {
        this.#get(cColumn);
        this.#access(lanes.load, lanes, offset);
      }
      this.#get(cell(i, j));
      if (accumulate) code.bytes(lanes.add);
      this.#access(lanes.store, lanes, offset);
    });
  }

  #declareTile(type: number): number[] {
    const locals = Array.from({ length: tileRows * tileVectors + tileVectors + 1 }, () => this.#local(type));
    this.#tiles.set(type, locals);
    return locals;
  }

  readonly #cursors: readonly number[] = [this.#local(i32), this.#local(i32)];

  /** `rows` rows of c, in strips of columns: as many full tiles as fit, then one vector, then single elements. */
  #strip(rows: number, aRow: number, cRow: number, bColumn: number, cColumn: number): void {
    const vector = lanesOf(this.#spec.dtype, "vector");
    const element = lanesOf(this.#spec.dtype, "element");
    const wide = vector.bytes / this.#bytes;
    const { n } = this.#spec;
    const full = Math.floor(n / (wide * tileVectors));
    const rest = n - full * wide * tileVectors;
    this.#advance(bColumn, bParameter, 0);
    this.#advance(cColumn, cRow, 0);
    const repeat = (count: number, vectors: number, lanes: Lanes): void => {
      const step = vectors * lanes.bytes;
      const cursors = [
        { local: bColumn, step },
        { local: cColumn, step },
      ];
      this.#repeat(count, cursors, () => this.#tile(rows, vectors, lanes, aRow, bColumn, cColumn));
    };
    repeat(full, tileVectors, vector);
    repeat(Math.floor(rest / wide), 1, vector);
    repeat(Math.floor((rest % wide) / tileVectors), tileVectors, element);
    repeat((rest % wide) % tileVectors, 1, element);
  }

  body(): Uint8Array {
    const { m, a, c } = this.#spec;
    const [aRow, cRow, bColumn, cColumn] = [this.#local(i32), this.#local(i32), this.#local(i32), this.#local(i32)];
    this.#advance(aRow, aParameter, 0);
    this.#advance(cRow, cParameter, 0);
    const cursors = (rows: number): Cursor[] => [
      { local: cRow, step: rows * c.rowStride * this.#bytes },
      { local: aRow, step: rows * a.rowStride * this.#bytes },
    ];
    const strip = (rows: number) => (): void => this.#strip(rows, aRow, cRow, bColumn, cColumn);
    this.#repeat(Math.floor(m / tileRows), cursors(tileRows), strip(tileRows));
    if (m % tileRows !== 0) strip(m % tileRows)();
    const out = new ByteWriter();
    out.unsigned(this.#locals.length);
    for (const type of this.#locals) out.bytes([1, type]);
    out.bytes(this.#code.written());
    out.byte(op.end);
    return out.written();
  }
}

/** The body of a function (a, b, c addresses) → () that computes one product, with all sizes and strides baked in. */
export const matmulFunction = (spec: MatmulSpec): Uint8Array => new MatmulWriter(spec).body();
