/** Numbers of the `GPUBufferUsage` and `GPUMapMode` flags, which are globals in browsers only. */
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const STORAGE = 0x80;
const MAP_READ = 0x1;

const COUNT = 64;
const BYTES = 4 * COUNT;

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
  const storage = device.createBuffer({ size: BYTES, usage: STORAGE | COPY_SRC });
  const readable = device.createBuffer({ size: BYTES, usage: MAP_READ | COPY_DST });
  try {
    const module = device.createShaderModule({ code: shader });
    const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
    const entries = [{ binding: 0, resource: { buffer: storage } }];
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(1);
    pass.end();
    encoder.copyBufferToBuffer(storage, 0, readable, 0, BYTES);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(MAP_READ);
    return firstWrong(new Float32Array(readable.getMappedRange()));
  } catch (error) {
    return `failed to compute (${String(error)})`;
  } finally {
    storage.destroy();
    readable.destroy();
  }
}

function firstWrong(values: Float32Array): string | undefined {
  const i = values.findIndex((value, k) => value !== k * k - 0.5);
  return i < 0 ? undefined : `computes wrong numbers (${values[i]} for ${i}² − 0.5)`;
}
