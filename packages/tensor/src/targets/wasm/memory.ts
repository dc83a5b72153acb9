import { allocate, byteSize, type DType, type TypedArray } from "../../dtype";

/** One linear memory that all programs of a target take turns in. Views are made anew when it has grown. */
export class WasmMemory {
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  private buffer: ArrayBuffer = this.memory.buffer;
  private float32: Float32Array = new Float32Array(this.buffer);
  private float64: Float64Array = new Float64Array(this.buffer);
  private int32: Int32Array = new Int32Array(this.buffer);
  private uint32: Uint32Array = new Uint32Array(this.buffer);
  private uint8: Uint8Array = new Uint8Array(this.buffer);

  /** Makes addresses below `bytes` valid. @throws RangeError when there is no such memory. */
  ensure(bytes: number): void {
    const missing = Math.ceil((bytes - this.memory.buffer.byteLength) / 65536);
    if (missing <= 0) return;
    try {
      this.memory.grow(missing);
    } catch {
      throw new RangeError(
        `wasm: out of memory: a program needs ${(bytes / 2 ** 20).toFixed(0)} MiB, more than can be had (at most 4096); ` +
          `use smaller batches, checkpoints, or fewer steps`,
      );
    }
  }

  write(address: number, values: TypedArray): void {
    const view = this.view(dtypeOf(values));
    const at = address / values.BYTES_PER_ELEMENT;
    if (values.length === 1) view[at] = values[0]!;
    else view.set(values, at);
  }

  /** A copy of `length` elements. */
  read(address: number, dtype: DType, length: number): TypedArray {
    const at = address / byteSize(dtype);
    const view = this.view(dtype);
    if (length > 16) return view.slice(at, at + length);
    const values = allocate(dtype, length);
    for (let i = 0; i < length; i++) values[i] = view[at + i]!;
    return values;
  }

  private view(dtype: DType): TypedArray {
    if (this.buffer !== this.memory.buffer) {
      const buffer = (this.buffer = this.memory.buffer);
      this.float32 = new Float32Array(buffer);
      this.float64 = new Float64Array(buffer);
      this.int32 = new Int32Array(buffer);
      this.uint32 = new Uint32Array(buffer);
      this.uint8 = new Uint8Array(buffer);
    }
    return dtype === "bool" ? this.uint8 : this[dtype];
  }
}

const dtypeOf = (values: TypedArray): DType =>
  values instanceof Float32Array
    ? "float32"
    : values instanceof Float64Array
      ? "float64"
      : values instanceof Int32Array
        ? "int32"
        : values instanceof Uint32Array
          ? "uint32"
          : "bool";
