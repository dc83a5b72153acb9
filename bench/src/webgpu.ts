import { webgpu, type WebGpuTarget } from "@dzdt/kernels-wgsl";
import { defaultTarget } from "@dzdt/tensor";
import type { Attempt } from "./case";
import { provideGpu } from "./dawn";
import { median } from "./timing";

let opened: Promise<WebGpuTarget> | undefined;

/** An attempt of dzdt whose tensors are on a GPU; its unit ends when the device has done its work. */
export async function onGpu(make: () => Attempt | Promise<Attempt>): Promise<Attempt> {
  await provideGpu();
  const target = await (opened ??= webgpu());
  defaultTarget(target);
  const attempt = await make();
  if (attempt.clock === "own") return attempt;
  return {
    ...attempt,
    elsewhere: true,
    run: async () => {
      await attempt.run();
      await target.idle();
    },
    onDevice: () => timeOnDevice(target, attempt),
  };
}

/** The median of three units: all kernels, without what lies between programs. Undefined where the device has no clock. */
async function timeOnDevice(target: WebGpuTarget, attempt: Attempt): Promise<number | undefined> {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const { gpuMs } = await target.time(() => attempt.run());
    if (gpuMs === undefined) return undefined;
    times.push(gpuMs);
  }
  return median(times);
}
