import { usage } from "./flags";
import type { Turns } from "./turns";

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
  private readonly turns: Turns;
  private readonly usage: number;
  private readonly free = new Map<number, GPUBuffer[]>();
  /** With their sizes, so that the device need not be asked. */
  private readonly taken = new Map<GPUBuffer, number>();
  private readonly spoiled = new WeakSet<GPUBuffer>();
  private readonly largest: number;
  private kept = 0;
  private used = 0;

  constructor(device: GPUDevice, kind: "data" | "staging", turns: Turns) {
    this.device = device;
    this.turns = turns;
    this.largest = Math.floor(device.limits.maxBufferSize / 4) * 4;
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
    return this.taken.size;
  }

  /** Would buffers of these sizes have to be made? */
  lacks(bytes: readonly number[]): boolean {
    if (bytes.length === 1) return !this.free.get(this.sizeFor(bytes[0]!))?.length;
    const wanted = new Map<number, number>();
    for (const size of bytes.map((each) => this.sizeFor(each))) wanted.set(size, (wanted.get(size) ?? 0) + 1);
    return [...wanted].some(([size, count]) => (this.free.get(size)?.length ?? 0) < count);
  }

  take(bytes: number): GPUBuffer {
    const size = this.sizeFor(bytes);
    const list = this.free.get(size);
    const kept = list?.pop();
    if (kept) this.kept -= size;
    const buffer = kept ?? this.device.createBuffer({ size, usage: this.usage });
    this.used += size;
    this.taken.set(buffer, size);
    return buffer;
  }

  /** Buffers that the device may not have made are not used again, and what is kept for reuse makes room. */
  drop(buffers: readonly GPUBuffer[]): void {
    for (const buffer of buffers) this.spoiled.add(buffer);
    this.destroy([...this.free.values()].flat());
    this.free.clear();
    this.kept = 0;
  }

  /** Work that has not been submitted yet may use them. */
  private destroy(buffers: readonly GPUBuffer[]): void {
    void this.turns.take(() => buffers.forEach((buffer) => buffer.destroy()));
  }

  give(buffer: GPUBuffer): void {
    const size = this.taken.get(buffer);
    // What is given back after the end is gone.
    if (size === undefined) return;
    this.taken.delete(buffer);
    this.used -= size;
    if (this.kept + size > mostKept || this.spoiled.has(buffer)) return this.destroy([buffer]);
    this.kept += size;
    const list = this.free.get(size);
    if (list) list.push(buffer);
    else this.free.set(size, [buffer]);
  }

  /** Destroys all buffers, also those that are taken. */
  end(): void {
    for (const buffer of [...this.taken.keys(), ...[...this.free.values()].flat()]) buffer.destroy();
    this.taken.clear();
    this.free.clear();
    this.used = this.kept = 0;
  }

  /** Rounding up must not lead past the limit of the device. */
  private readonly sizeFor = (bytes: number): number => Math.max(Math.min(roomFor(bytes), this.largest), bytes);
}
