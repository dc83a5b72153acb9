/** No WebGPU device can be used: none was found, or the one found computes wrong numbers. */
export class DeviceError extends Error {
  override readonly name: string = "DeviceError";
}
