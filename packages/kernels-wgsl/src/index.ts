export { requestDevice, type DeviceOptions } from "./device";
export { DeviceError } from "./errors";
export type { MemoryUse } from "./runtime/pool";
export type { Loss } from "./runtime/runtime";
export { webgpu, type WebGpuOptions, type WebGpuTarget } from "./target";
