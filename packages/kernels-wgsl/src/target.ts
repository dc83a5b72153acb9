/// <reference lib="esnext.disposable" preserve="true" />
import { checkOptions, ProgramCache, type Target } from "@dzdt/tensor";
import { type DeviceOptions, deviceOptions, orDestroyed, requestDeviceFrom } from "./device";
import { gpuSources } from "./gpuSources";
import type { MemoryUse } from "./runtime/pool";
import { gpuProgram } from "./runtime/program";
import { read } from "./runtime/read";
import { type Loss, Runtime } from "./runtime/runtime";
import type { GpuStorage } from "./runtime/storage";
import type { Timing } from "./runtime/time";
import { upload } from "./runtime/upload";
import { setOf } from "./sets";
import { remedy } from "./wgsl/types";

/** Which device, and how much of it. */
export interface WebGpuOptions extends DeviceOptions {
  /**
   * The most bytes that a program sets aside for rows whose number is known only when it has run: what gradients of loops that stop when they
   * are done keep of every step. All trajectories of an ensemble share them evenly.
   * @defaultValue 268,435,456
   */
  readonly rowMemory?: number;
  /**
   * Allows float64, computed as unevaluated sums of two float32: about 48 bits (relative errors of 2⁻⁴⁷ for an operation), in the range of float32. Numbers
   * beyond it are ±∞, those below 10⁻³⁸ are 0, and those below 3·10⁻²⁴ lose bits. An operation takes some twenty times as long as in float32.
   * @defaultValue false
   */
  readonly df64?: boolean;
}

/** A WebGPU device as a target of programs. */
export interface WebGpuTarget extends Target {
  readonly device: GPUDevice;
  /** Resolves when the device is gone, with the reason. Programs throw it from then on. */
  readonly lost: Promise<Loss>;
  /** What the target holds on the device, in bytes. */
  memory(): MemoryUse;
  /** Resolves when the device has done all that it was asked for before. */
  idle(): Promise<void>;
  /**
   * Does the work, which may give a promise, waits until the device has done it, and tells how long it took there, in all and kernel by kernel. Programs that run
   * for the first time are compiled too, so run them once before. Browsers may round the times of the device, to 0.1 ms or so.
   * @throws UnsupportedError while other work is timed
   * @example
   * const { gpuMs, kernels } = await gpu.time(() => step(params).dispose());
   */
  time(work: () => unknown): Promise<Timing>;
  /** Gives the buffer of a tensor back before the garbage collector does. */
  release(storage: unknown): void;
  /**
   * Ends the target's use and frees all that it holds on the device, tensors too; to use it or them again throws, and `lost` resolves. The device is destroyed,
   * unless it was handed over as `options.device`: then it stays as it is. `using gpu = await webgpu()` does it at the end of the block.
   */
  dispose(): void;
  [Symbol.dispose](): void;
}

/**
 * A target that computes on a GPU: float32, int32, uint32 and bool, and float64 where `options.df64` asks for it.
 *
 * Looks for a device at `options.device`, `options.adapter`, `navigator.gpu` and, in Node, the package `webgpu`; each must compute right numbers
 * before it is trusted. Numbers come back with `await x.data()`.
 * @throws TypeError, RangeError for options that are not known, or not what they should be
 * @throws DeviceError naming everything that was tried, or where `df64` is asked for and the adapter's compiler makes it inexact
 * @example
 * const gpu = await webgpu();
 * const x = tensor([1, 2, 3], { target: gpu });
 * await x.mul(x).data(); // 1, 4, 9
 */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpuTarget> {
  const { rowMemory, df64 } = settled(options);
  const device = await requestDeviceFrom(gpuSources, options, "webgpu");
  const owned = device !== options.device;
  const target = async (): Promise<WebGpuTarget> => {
    const doubles = df64 ? await (await import("./doubles")).doublesOn(device) : undefined;
    const means = { rowMemory, doubles, set: await setOf(device) };
    return targetOf(new Runtime(device, means, owned));
  };
  return owned ? orDestroyed(device, target) : target();
}

function settled(options: WebGpuOptions): { readonly rowMemory: number; readonly df64: boolean } {
  checkOptions("webgpu", options, [...deviceOptions, "rowMemory", "df64"]);
  const { rowMemory = 2 ** 28, df64 = false } = options;
  if (!Number.isInteger(rowMemory) || rowMemory < 0)
    throw new RangeError(`webgpu: rowMemory is ${String(rowMemory)}; give a number of bytes`);
  if (typeof df64 !== "boolean") throw new TypeError(`webgpu: df64 is ${String(df64)}; give true or false`);
  return { rowMemory, df64 };
}

function targetOf(runtime: Runtime): WebGpuTarget {
  const { device } = runtime;
  const dispose = (): void => runtime.dispose();
  return Object.freeze<WebGpuTarget>({
    name: "webgpu",
    device,
    lost: runtime.lost,
    supports: (dtype) => dtype !== "float64" || runtime.means.doubles !== undefined,
    remedy,
    program: (tape) => gpuProgram(tape, runtime),
    upload: (values, dtype, shape) => upload(runtime, values, { dtype, shape }),
    read: (storage) => read(runtime, storage as GpuStorage),
    programs: new ProgramCache(),
    memory: () => runtime.use(),
    idle: () => runtime.idle(),
    time: async (work) => (await import("./runtime/time")).time(runtime, work),
    release: (storage) => runtime.release(storage as GpuStorage),
    dispose,
    // Engines without `using` have no such symbol.
    [Symbol.dispose ?? "dispose"]: dispose,
  });
}
