/** A place where a WebGPU entry point may be found. */
export interface GpuSource {
  /** What messages call it. */
  readonly name: string;
  /** The entry point; undefined where this platform has none. Rejects if it is there and cannot be loaded. */
  readonly load: () => Promise<GPU | undefined>;
}

// Dawn crashes the process when this object is collected while a device lives, so it is kept until the process ends.
let dawn: GPU | undefined;

/**
 * Shared memory is cleared by the kernel's code, not by the driver: that of SwiftShader takes a second to compile for 8 KB. Times are not rounded to
 * 65.536 µs, which is for pages that might measure others.
 */
const features = ["disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension,timestamp_quantization"];

/** `navigator.gpu`, which browsers and some other runtimes have. */
const platform: GpuSource = {
  name: "navigator.gpu",
  load: () => Promise.resolve(typeof navigator === "undefined" ? undefined : (navigator as { gpu?: GPU }).gpu),
};

/** Is this Node, where the device is part of the process? */
export const inNode = (): boolean => typeof process !== "undefined" && Boolean(process.versions?.node);

/** Dawn for Node, from the optional package `webgpu`. */
const node: GpuSource = {
  name: "package webgpu",
  load: async () => {
    if (!inNode()) return undefined;
    // A name that bundlers do not follow: a browser build must not look for a native module.
    const name = "webgpu";
    const { create } = (await import(/* @vite-ignore */ name)) as typeof import("webgpu");
    return (dawn ??= create(features));
  },
};

/** Where a device is looked for, best first. */
export const gpuSources: readonly GpuSource[] = [platform, node];
