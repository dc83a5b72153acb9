import type { TargetStatus } from "../experiment";

/** Where programs can run on this machine, for `dzdt info`. The CPU targets are always there. */
export async function targets(): Promise<readonly TargetStatus[]> {
  return [
    { name: "js", available: true },
    { name: "wasm", available: true, detail: "the default" },
    { name: "webgpu", ...(await webgpu()) },
  ];
}

async function webgpu(): Promise<Omit<TargetStatus, "name">> {
  try {
    const { requestDevice } = await import("@dzdt/kernels-wgsl");
    const device = await requestDevice();
    const { vendor, architecture, description } = device.adapterInfo;
    device.destroy();
    return { available: true, detail: description || [vendor, architecture].filter(Boolean).join(" ") };
  } catch (error) {
    const absent = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    const [reason = ""] = String(error instanceof Error ? error.message : error).split("\n");
    return { available: false, detail: absent ? "install @dzdt/kernels-wgsl to have it" : reason };
  }
}
