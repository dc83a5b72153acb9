export { requestDevice, type DeviceOptions } from "./device";
export { DeviceError } from "./errors";
export type { KernelTime } from "./runtime/clock";
export type { MemoryUse } from "./runtime/pool";
export type { Loss } from "./runtime/runtime";
export type { Timing } from "./runtime/time";
export { webgpu, type WebGpuOptions, type WebGpuTarget } from "./target";
