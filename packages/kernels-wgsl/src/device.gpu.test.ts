import { afterEach, expect, test } from "vitest";
import { create } from "webgpu";
import { expectedSquares, squares } from "../test/squares";
import { requestDevice, requestDeviceFrom } from "./device";
import { gpuSources } from "./gpuSources";

const opened: GPUDevice[] = [];
const kept: GPU[] = [];

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

test("a device found in Node computes", async () => {
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

test("an adapter that computes nothing is refused", async () => {
  const idle = create(["backend=null"]);
  kept.push(idle);
  const source = { name: "idle", load: () => Promise.resolve(idle) };
  await expect(requestDeviceFrom([source], {}, "webgpu")).rejects.toThrow(/idle: computes wrong numbers/);
});
