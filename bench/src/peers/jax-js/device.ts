import { provideGpu } from "../../dawn";

let chosen: "wasm" | "webgpu" = "wasm";

/** The device of this process. */
export const device = (): typeof chosen => chosen;

/** Loads attempts after the device has been chosen, which happens once in a process. */
export const onWebGpu =
  <T>(load: () => Promise<T>) =>
  async (): Promise<T> => {
    await provideGpu();
    chosen = "webgpu";
    return load();
  };
