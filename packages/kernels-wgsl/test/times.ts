import { compile, ones, type Tensor } from "@dzdt/tensor";
import { expect } from "vitest";
import type { WebGpuTarget } from "../src/target";

/** Holds what `time` tells of some programs to what they did. */
export async function timesOfPrograms(target: WebGpuTarget): Promise<void> {
  const f = compile(function powers(x: Tensor) {
    return x.matmul(x).matmul(x).matmul(x).cumsum(0);
  });
  const x = ones([48, 48], { target }).mul(1 / 48);
  f(x);
  const { wallMs, gpuMs, kernels } = await target.time(async () => {
    f(x).dispose();
    await f(x).data();
  });
  f(x);
  if (!target.device.features.has("timestamp-query")) {
    expect([gpuMs, kernels]).toEqual([undefined, []]);
    return;
  }
  const once = ["contract", "contract", "contract", "cumsum of each line"].map((kernel) => ({
    program: "powers",
    kernel,
    dispatches: 1,
  }));
  expect(kernels.map(({ program, kernel, dispatches }) => ({ program, kernel, dispatches }))).toEqual([
    ...once,
    ...once,
  ]);
  const sum = kernels.reduce((total, { ms }) => total + ms, 0);
  expect(kernels.every(({ ms }) => ms >= 0)).toBe(true);
  expect(gpuMs).toBeGreaterThanOrEqual(sum * (1 - 1e-9));
  expect(gpuMs).toBeGreaterThan(0);
  expect(gpuMs).toBeLessThanOrEqual(wallMs);
}
