import { usage } from "./flags";

/** Bytes of buffers that are kept for reuse. */
const mostKept = 2 ** 28;

/** What a target holds on its device, in bytes but for the number of buffers. */
export interface MemoryUse {
  /** Buffers of tensors that are alive. */
  readonly buffers: number;
  readonly bytes: number;
  /** Buffers kept for reuse. */
  readonly pooled: number;
  /** Working memory that all programs share. */
  readonly working: number;
}

/** Sizes in steps of a quarter of a power of two: few sizes, so that buffers are used again, and little waste. */
export function roomFor(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = 2 ** Math.max(8, Math.ceil(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}

/** Buffers of one kind, taken and given back. The queue is ordered, so a buffer may be used again while work that reads it is still waiting. */
export class BufferPool {
  private readonly device: GPUDevice;
  private readonly usage: number;
  private readonly free = new Map<number, GPUBuffer[]>();
  private kept = 0;
  private used = 0;
  private count = 0;

  constructor(device: GPUDevice, kind: "data" | "staging") {
    this.device = device;
    this.usage =
      kind === "data" ? usage.storage | usage.copySource | usage.copyTarget : usage.mapRead | usage.copyTarget;
  }

  get bytes(): number {
    return this.used;
  }

  get pooled(): number {
    return this.kept;
  }

  get buffers(): number {
    return this.count;
  }

  take(bytes: number): GPUBuffer {
    const size = roomFor(bytes);
    const list = this.free.get(size);
    const buffer = list?.pop();
    this.used += size;
    this.count++;
    if (buffer) this.kept -= size;
    return buffer ?? this.device.createBuffer({ size, usage: this.usage });
  }

  give(buffer: GPUBuffer): void {
    const { size } = buffer;
    this.used -= size;
    this.count--;
    if (this.kept + size > mostKept) return buffer.destroy();
    this.kept += size;
    const list = this.free.get(size);
    if (list) list.push(buffer);
    else this.free.set(size, [buffer]);
  }
}
