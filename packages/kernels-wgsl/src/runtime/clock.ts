import type { BufferPool } from "./pool";

/** What equal kernels, dispatched in a row, took on the device. */
export interface KernelTime {
  /** The program's name, as errors have it. */
  readonly program: string;
  /** The kernel's, as `inspect` has it. */
  readonly kernel: string;
  readonly dispatches: number;
  readonly ms: number;
}

/** QUERY_RESOLVE and COPY_SRC; MAP_READ. As numbers, since what a module that is loaded later shares with others becomes a file of its own. */
const [resolvedUsage, mapRead] = [0x204, 1];

/** Passes that one set of queries has room for: each asks for the time twice, of at most 4096. */
const most = 2048;

interface Pass {
  readonly program: string;
  readonly kernel: string;
  /** Is it the first of a run? */
  readonly first: boolean;
  /** Is its kernel that of the pass before? */
  readonly again: boolean;
}

interface Page {
  readonly queries: GPUQuerySet;
  readonly passes: Pass[];
}

/** The clock of a device with the feature `timestamp-query`: asks for the time as passes begin and end. */
export class Clock {
  private readonly device: GPUDevice;
  private readonly staging: BufferPool;
  private readonly pages: Page[] = [];

  /** @param staging buffers that can be read */
  constructor(device: GPUDevice, staging: BufferPool) {
    this.device = device;
    this.staging = staging;
  }

  /** What a pass of one kernel is to be begun with. @param first is it the first of a run? @param again does it repeat the one before? */
  pass(program: string, kernel: string, first: boolean, again: boolean): GPUComputePassDescriptor {
    let page = this.pages.at(-1);
    if (!page || page.passes.length === most)
      this.pages.push(
        (page = { queries: this.device.createQuerySet({ type: "timestamp", count: 2 * most }), passes: [] }),
      );
    const at = 2 * (page.passes.push({ program, kernel, first, again }) - 1);
    const { queries: querySet } = page;
    return { timestampWrites: { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 } };
  }

  /** What passes took, and all runs together, each from the beginning of its first pass to the end of its last. */
  async read(): Promise<{ readonly gpuMs: number; readonly kernels: KernelTime[] }> {
    const kernels: KernelTime[] = [];
    let total = 0n;
    let began = 0n;
    let ended = 0n;
    for (const { queries, passes } of this.pages) {
      const times = await this.timesOf(queries, 2 * passes.length);
      passes.forEach(({ program, kernel, first, again }, i) => {
        const [from, to] = [times[2 * i]!, times[2 * i + 1]!];
        if (first) {
          total += ended - began;
          began = from;
        }
        ended = to;
        const before = again && !first ? kernels.pop()! : { dispatches: 0, ms: 0 };
        kernels.push({ program, kernel, dispatches: before.dispatches + 1, ms: before.ms + milliseconds(to - from) });
      });
    }
    return { gpuMs: milliseconds(total + ended - began), kernels };
  }

  /** Nanoseconds since some moment. */
  private async timesOf(queries: GPUQuerySet, count: number): Promise<BigUint64Array> {
    const size = 8 * count;
    const resolved = this.device.createBuffer({ size, usage: resolvedUsage });
    const readable = this.staging.take(size);
    const encoder = this.device.createCommandEncoder();
    encoder.resolveQuerySet(queries, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, size);
    this.device.queue.submit([encoder.finish()]);
    try {
      await readable.mapAsync(mapRead, 0, size);
      const copy = readable.getMappedRange(0, size).slice(0);
      readable.unmap();
      return new BigUint64Array(copy);
    } finally {
      this.staging.give(readable);
      queries.destroy();
      resolved.destroy();
    }
  }
}

const milliseconds = (nanoseconds: bigint): number => Number(nanoseconds) / 1e6;
