// The implementation of WebGPU that all contenders on a GPU share: Dawn, from the package `webgpu`.
import process from "node:process";

/** A device, as its driver calls it, and the environment in which processes find it. */
export interface Gpu {
  readonly name: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** @throws Error that says what was tried */
export async function lookForGpu(): Promise<Gpu> {
  // Only here: revisions that are compared come without it.
  const { findGpu } = await import("../../tools/find-gpu.mjs");
  const gpu = findGpu();
  if (!gpu.ok) throw new Error(`bench: --target webgpu finds no device: ${gpu.tried.join("; ")}`);
  return { name: `${gpu.description} (${gpu.source})`, environment: { ...process.env, ...gpu.env } };
}

let provided: GPU | undefined;

/** Sets `navigator.gpu` and the constants beside it, as in a browser. */
export async function provideGpu(): Promise<void> {
  if (provided) return;
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  // As dzdt has it by itself: with the driver's own way SwiftShader compiles each kernel with 8 KB of shared memory for a second, and times of the
  // device would be rounded to 65.536 µs.
  provided = create([
    "disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension,timestamp_quantization",
  ]);
  const host = globalThis as { navigator?: object };
  if (!host.navigator) Object.defineProperty(host, "navigator", { value: { userAgent: "node" }, configurable: true });
  Object.defineProperty(host.navigator!, "gpu", { value: provided });
}
