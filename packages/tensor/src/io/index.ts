export { FormatError } from "./errors";
export { readNpy, writeNpy } from "./npy";
export { readNpz, writeNpz } from "./npz";
export { type Metadata, readSafetensors, type ReadSafetensorsOptions, writeSafetensors } from "./safetensors";
export type { ReadOptions } from "./to-tensor";
