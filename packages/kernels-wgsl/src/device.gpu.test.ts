import { afterEach, expect, test } from "vitest";
import { expectedSquares, squares } from "../test/squares";
import { requestDevice } from "./device";
import { gpuSources } from "./gpuSources";
import { webgpu } from "./target";

const opened: GPUDevice[] = [];

afterEach(() => {
  for (const device of opened.splice(0)) device.destroy();
});

async function open(...args: Parameters<typeof requestDevice>): Promise<GPUDevice> {
  const device = await requestDevice(...args);
  opened.push(device);
  return device;
}

async function someAdapter(): Promise<GPUAdapter> {
  for (const source of gpuSources) {
    const adapter = await (await source.load())?.requestAdapter();
    if (adapter) return adapter;
  }
  throw new Error("no adapter");
}

test("a device that is found computes", async () => {
  expect(await squares(await open())).toEqual(expectedSquares);
});

test("the device has its adapter's limits, not the defaults", async () => {
  const { limits } = await someAdapter();
  const device = await open();
  expect(device.limits.maxBufferSize).toBe(limits.maxBufferSize);
  expect(device.limits.maxStorageBufferBindingSize).toBe(limits.maxStorageBufferBindingSize);
  expect(device.limits.maxStorageBuffersPerShaderStage).toBe(limits.maxStorageBuffersPerShaderStage);
  expect(device.limits.maxComputeWorkgroupStorageSize).toBe(limits.maxComputeWorkgroupStorageSize);
});

test("a device that exists already is handed back", async () => {
  const device = await open();
  expect(await requestDevice({ device })).toBe(device);
});

test("an adapter gives one device, and the second request says so", async () => {
  const adapter = await someAdapter();
  expect(await squares(await open({ adapter }))).toEqual(expectedSquares);
  await expect(requestDevice({ adapter })).rejects.toThrow(/the adapter given: .*ask for a new adapter/);
});

test("a destroyed device is refused", async () => {
  const device = await open();
  device.destroy();
  await device.lost;
  await expect(requestDevice({ device })).rejects.toThrow(/the device given: it is lost \(destroyed: .*give one that/);
});

test("a device that was made here is destroyed where what comes next fails", async () => {
  const adapter = await someAdapter();
  const made: GPUDevice[] = [];
  const requestDevice = async (descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> => {
    const device = await adapter.requestDevice(descriptor);
    const compile = device.createComputePipelineAsync.bind(device);
    // Enough for the probe.
    let left = 1;
    device.createComputePipelineAsync = (kernel) =>
      left-- > 0 ? compile(kernel) : Promise.reject(new Error("no more kernels"));
    made.push(device);
    return device;
  };
  const { limits, features } = adapter;
  await expect(webgpu({ adapter: { limits, features, requestDevice } as GPUAdapter, df64: true })).rejects.toThrow(
    "no more kernels",
  );
  expect((await made[0]!.lost).reason).toBe("destroyed");
});
