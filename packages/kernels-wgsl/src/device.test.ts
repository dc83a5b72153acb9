import { expect, test } from "vitest";
import { requestDeviceFrom } from "./device";
import { DeviceError } from "./errors";
import type { GpuSource } from "./gpuSources";

const absent: GpuSource = { name: "navigator.gpu", load: () => Promise.resolve(undefined) };
const broken: GpuSource = { name: "package webgpu", load: () => Promise.reject(new Error("cannot find it\n  stack")) };

test("without a device the error lists what was tried and what to do", async () => {
  const error: unknown = await requestDeviceFrom([absent, broken], {}).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as DeviceError).message).toBe(
    "requestDevice: no usable WebGPU device (navigator.gpu: absent here; package webgpu: Error: cannot find it); " +
      "use a browser with WebGPU, or in Node install the package webgpu and a Vulkan, Metal or Direct3D 12 driver, " +
      "or run on a CPU target",
  );
});
