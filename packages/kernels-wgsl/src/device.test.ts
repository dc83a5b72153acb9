import { expect, test } from "vitest";
import { type DeviceOptions, requestDevice, requestDeviceFrom } from "./device";
import { DeviceError } from "./errors";
import type { GpuSource } from "./gpuSources";
import { webgpu, type WebGpuOptions } from "./target";

const absent: GpuSource = { name: "navigator.gpu", load: () => Promise.resolve(undefined) };
const broken: GpuSource = { name: "package webgpu", load: () => Promise.reject(new Error("cannot find it\n  stack")) };

test("without a device the error lists what was tried and what to do", async () => {
  const error: unknown = await requestDeviceFrom([absent, broken], {}, "webgpu").catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as DeviceError).message).toBe(
    "webgpu: no usable WebGPU device (navigator.gpu: absent here; package webgpu: Error: cannot find it); " +
      "use a browser with WebGPU, or in Node install the package webgpu and a Vulkan, Metal or Direct3D 12 driver, " +
      "or run on a CPU target",
  );
});

test.each<[options: unknown, message: string]>([
  [
    { rowMemoryy: 5 },
    "webgpu: unknown option rowMemoryy; did you mean rowMemory? known are device, adapter, powerPreference, rowMemory, df64",
  ],
  [
    "high-performance",
    "webgpu: options are high-performance; give an object with any of device, adapter, powerPreference, rowMemory, df64",
  ],
  [{ powerPreference: "max" }, 'webgpu: powerPreference is "max"; give "low-power" or "high-performance"'],
  [{ adapter: null }, "webgpu: adapter is null; give a GPUAdapter, as await navigator.gpu.requestAdapter() does"],
  [{ device: {} }, "webgpu: device is [object Object]; give a GPUDevice, as await adapter.requestDevice() does"],
  [{ rowMemory: "1e6" }, "webgpu: rowMemory is 1e6; give a number of bytes"],
  [{ rowMemory: -1 }, "webgpu: rowMemory is -1; give a number of bytes"],
  [{ df64: 1 }, "webgpu: df64 is 1; give true or false"],
])("%j is refused before a device is looked for", async (options, message) => {
  await expect(webgpu(options as WebGpuOptions)).rejects.toThrow(message);
});

test("requestDevice refuses options in its own name", async () => {
  await expect(requestDevice({ rowMemory: 5 } as DeviceOptions)).rejects.toThrow(
    "requestDevice: unknown option rowMemory; known are device, adapter, powerPreference",
  );
});
