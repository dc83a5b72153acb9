/** A WebGPU device cannot be used: none was found, it computes wrong numbers, it is lost or its target was disposed, or it refused what it was asked for. */
export class DeviceError extends Error {
  override readonly name: string = "DeviceError";
}
