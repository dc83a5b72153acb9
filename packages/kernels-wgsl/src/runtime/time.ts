import { UnsupportedError } from "@dzdt/tensor";
import { Clock, type KernelTime } from "./clock";
import type { Runtime } from "./runtime";

/** How long some work took, in milliseconds. */
export interface Timing {
  /** By the clock on the wall, from the call until the device had done all. */
  readonly wallMs: number;
  /** All programs, each from the beginning of its first kernel to the end of its last; undefined on a device without `timestamp-query`. */
  readonly gpuMs: number | undefined;
  /** Kernels in the order in which they ran, those that follow their equals as one; none on a device without `timestamp-query`. */
  readonly kernels: readonly KernelTime[];
}

/** Targets that time some work. */
const timing = new WeakSet<Runtime>();

/** Does the work and waits for the device, which takes the time. @throws UnsupportedError while other work is timed */
export async function time(runtime: Runtime, work: () => unknown): Promise<Timing> {
  await runtime.idle();
  runtime.check("time");
  if (timing.has(runtime)) throw new UnsupportedError("time: the target is timing other work; await that first");
  const clock = runtime.device.features.has("timestamp-query") ? new Clock(runtime.device, runtime.staging) : undefined;
  timing.add(runtime);
  runtime.clock = clock;
  let wallMs: number;
  try {
    const start = performance.now();
    await work();
    await runtime.idle();
    wallMs = performance.now() - start;
  } finally {
    timing.delete(runtime);
    runtime.clock = undefined;
  }
  try {
    return { wallMs, gpuMs: undefined, kernels: [], ...(await clock?.read()) };
  } finally {
    // What a lost device aborts may be told before its loss.
    await runtime.idle();
    runtime.check("time");
  }
}
