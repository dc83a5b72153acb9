import { computeStage, mapRead, usage } from "./runtime/flags";

const COUNT = 64;

const shader = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@compute @workgroup_size(${COUNT})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = f32(id.x);
  values[id.x] = i * i - 0.5;
}`;

/**
 * Computes i² − 0.5 for i = 0…63 on a device and compares with the exact values: an adapter may exist and compute nothing.
 * @returns what is wrong, or undefined if every number is right
 */
export async function probe(device: GPUDevice): Promise<string | undefined> {
  try {
    return firstWrong(await compute(device, shader, new Float32Array(COUNT), 1));
  } catch (error) {
    return `failed to compute (${String(error)})`;
  }
}

/** Runs a kernel once on a storage buffer that holds `values`, with a uniform of zeros, and gives what it holds then. */
export async function compute(
  device: GPUDevice,
  code: string,
  values: Float32Array<ArrayBuffer>,
  groups: number,
): Promise<Float32Array> {
  const size = values.byteLength;
  const storage = device.createBuffer({ size, usage: usage.storage | usage.copySource | usage.copyTarget });
  const zeros = device.createBuffer({ size: 16, usage: usage.uniform });
  const readable = device.createBuffer({ size, usage: usage.mapRead | usage.copyTarget });
  try {
    device.queue.writeBuffer(storage, 0, values);
    const layout = device.createBindGroupLayout({
      entries: (["storage", "uniform"] as const).map((type, binding) => ({
        binding,
        visibility: computeStage,
        buffer: { type },
      })),
    });
    const pipeline = await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ code }) },
    });
    const entries = [storage, zeros].map((buffer, binding) => ({ binding, resource: { buffer } }));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(groups);
    pass.end();
    encoder.copyBufferToBuffer(storage, 0, readable, 0, size);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(mapRead);
    return new Float32Array(readable.getMappedRange().slice(0));
  } finally {
    for (const buffer of [storage, zeros, readable]) buffer.destroy();
  }
}

function firstWrong(values: Float32Array): string | undefined {
  const i = values.findIndex((value, k) => value !== k * k - 0.5);
  return i < 0 ? undefined : `computes wrong numbers (${values[i]} for ${i}² − 0.5)`;
}
