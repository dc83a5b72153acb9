import { DeviceError } from "./errors";
import { gpuSources, type GpuSource } from "./gpuSources";
import { probe } from "./probe";

/** What to use for a device, where the caller has a preference. */
export interface DeviceOptions {
  /** A device that exists already; it is probed and handed back. */
  readonly device?: GPUDevice;
  /** An adapter that has given no device yet (each gives one). */
  readonly adapter?: GPUAdapter;
  /** Which adapter to ask for on a machine with several. */
  readonly powerPreference?: GPUPowerPreference;
}

/** Limits that a default device sets below what its adapter can do, and that kernels run into. */
const raisedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
] as const;

/** Features that are used where they are there. */
const usedFeatures = ["timestamp-query", "subgroups"] as const;

/**
 * A WebGPU device that has just computed right numbers, with its adapter's own limits for buffers and workgroups.
 *
 * Looks at `options.device`, then `options.adapter`, then `navigator.gpu`, then (in Node) the package `webgpu`.
 * @throws DeviceError naming everything that was tried
 * @example
 * const device = await requestDevice({ powerPreference: "high-performance" });
 */
export function requestDevice(options: DeviceOptions = {}): Promise<GPUDevice> {
  return requestDeviceFrom(gpuSources, options);
}

/** {@link requestDevice} with the places to look at as an argument. */
export async function requestDeviceFrom(sources: readonly GpuSource[], options: DeviceOptions): Promise<GPUDevice> {
  if (options.device) return trusted(options.device, "the device given");
  if (options.adapter) return trusted(await open(options.adapter, "the adapter given"), "the adapter given");
  const tried: string[] = [];
  for (const source of sources) {
    try {
      const adapter = await findAdapter(source, options);
      return await trusted(await open(adapter, source.name), source.name);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      tried.push(error.message);
    }
  }
  throw new DeviceError(
    `requestDevice: no usable WebGPU device (${tried.join("; ")}); use a browser with WebGPU, or in Node install ` +
      `the package webgpu and a Vulkan, Metal or Direct3D 12 driver, or run on a CPU target`,
  );
}

async function findAdapter(source: GpuSource, { powerPreference }: DeviceOptions): Promise<GPUAdapter> {
  const gpu = await source.load().catch((error: unknown) => fail(`${source.name}: ${firstLine(error)}`));
  if (!gpu) return fail(`${source.name}: absent here`);
  const adapter = await gpu.requestAdapter(powerPreference && { powerPreference });
  return adapter ?? fail(`${source.name}: offers no adapter`);
}

async function open(adapter: GPUAdapter, name: string): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(raisedLimits.map((limit) => [limit, adapter.limits[limit]]));
  const requiredFeatures = usedFeatures.filter((feature) => adapter.features.has(feature));
  return adapter
    .requestDevice({ requiredLimits, requiredFeatures })
    .catch((error: unknown) =>
      fail(`${name}: the adapter gives no device (${firstLine(error)}); ask for a new adapter`),
    );
}

async function trusted(device: GPUDevice, name: string): Promise<GPUDevice> {
  const loss = await Promise.race([device.lost, Promise.resolve(undefined)]);
  if (loss) return fail(`${name}: it is lost (${loss.reason}: ${firstLine(loss.message)}); give one that is not`);
  const wrong = await probe(device);
  return wrong === undefined ? device : fail(`${name}: ${wrong}; update its driver or use another adapter`);
}

function fail(message: string): never {
  throw new DeviceError(message);
}

const firstLine = (error: unknown): string => String(error).split("\n", 1)[0] ?? "";
