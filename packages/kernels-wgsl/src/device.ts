import { checkOptions } from "@dzdt/tensor";
import { DeviceError } from "./errors";
import { gpuSources, type GpuSource } from "./gpuSources";
import { probe } from "./probe";

/** What to use for a device, where the caller has a preference. */
export interface DeviceOptions {
  /** A device that exists already; it is probed and handed back, and stays its owner's. */
  readonly device?: GPUDevice;
  /** An adapter that has given no device yet (each gives one). */
  readonly adapter?: GPUAdapter;
  /** Which adapter to ask for on a machine with several. */
  readonly powerPreference?: GPUPowerPreference;
}

/** Names of the options, in the order in which messages list them. */
export const deviceOptions: readonly (keyof DeviceOptions)[] = ["device", "adapter", "powerPreference"];

const powerPreferences: readonly unknown[] = ["low-power", "high-performance"];

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
export async function requestDevice(options: DeviceOptions = {}): Promise<GPUDevice> {
  checkOptions("requestDevice", options, deviceOptions);
  return requestDeviceFrom(gpuSources, options, "requestDevice");
}

/**
 * {@link requestDevice} with the places to look at as an argument, and what the user called, for messages. Names of options have been checked.
 * @throws TypeError for an option that is not what it should be
 */
export async function requestDeviceFrom(
  sources: readonly GpuSource[],
  options: DeviceOptions,
  where: string,
): Promise<GPUDevice> {
  checkDeviceOptions(where, options);
  const { device, adapter } = options;
  const given = `${where}: the ${device ? "device" : "adapter"} given`;
  if (device) return trusted(device, given);
  if (adapter) return opened(adapter, given);
  const tried: string[] = [];
  for (const source of sources) {
    try {
      return await opened(await findAdapter(source, options), source.name);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      tried.push(error.message);
    }
  }
  throw new DeviceError(
    `${where}: no usable WebGPU device (${tried.join("; ")}); use a browser with WebGPU, or in Node install ` +
      `the package webgpu and a Vulkan, Metal or Direct3D 12 driver, or run on a CPU target`,
  );
}

function checkDeviceOptions(where: string, { device, adapter, powerPreference }: DeviceOptions): void {
  const refuse = (name: string, value: unknown, remedy: string): never => {
    throw new TypeError(`${where}: ${name} is ${typeof value === "string" ? `"${value}"` : String(value)}; ${remedy}`);
  };
  // Classes of WebGPU are not global everywhere, so the objects are known by what they can do.
  if (device !== undefined && typeof (device as Partial<GPUDevice> | null)?.createComputePipeline !== "function")
    refuse("device", device, "give a GPUDevice, as await adapter.requestDevice() does");
  if (adapter !== undefined && typeof (adapter as Partial<GPUAdapter> | null)?.requestDevice !== "function")
    refuse("adapter", adapter, "give a GPUAdapter, as await navigator.gpu.requestAdapter() does");
  if (powerPreference !== undefined && !powerPreferences.includes(powerPreference))
    refuse(
      "powerPreference",
      powerPreference,
      `give ${powerPreferences.map((each) => `"${String(each)}"`).join(" or ")}`,
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

async function opened(adapter: GPUAdapter, name: string): Promise<GPUDevice> {
  const device = await open(adapter, name);
  return orDestroyed(device, () => trusted(device, name));
}

/** What comes next with a device that was made here, which is destroyed if it fails. */
export async function orDestroyed<T>(device: GPUDevice, next: () => Promise<T>): Promise<T> {
  try {
    return await next();
  } catch (error) {
    device.destroy();
    throw error;
  }
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
