export { requestDevice, type DeviceOptions } from "./device";
export { DeviceError } from "./errors";
