// Run as its own process, because a bad Vulkan driver can take the process down: asks Dawn for an adapter, computes
// 3 i + 1 for 64 values of i, and prints one line of JSON. An adapter that is present may still compute nothing.

const COUNT = 64;
const BYTES = 4 * COUNT;
const SHADER = /* wgsl */ `
  @group(0) @binding(0) var<storage, read_write> out: array<u32>;
  @compute @workgroup_size(${COUNT}) fn main(@builtin(global_invocation_id) id: vec3u) { out[id.x] = 3u * id.x + 1u; }
`;

/** @param {GPUDevice} device */
async function compute(device) {
  const storage = device.createBuffer({ size: BYTES, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const readable = device.createBuffer({ size: BYTES, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code: SHADER }) },
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: storage } }],
    }),
  );
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(storage, 0, readable, 0, BYTES);
  device.queue.submit([encoder.finish()]);
  await readable.mapAsync(GPUMapMode.READ);
  return new Uint32Array(readable.getMappedRange().slice(0));
}

/** @returns {Promise<{ ok: true, description: string } | { ok: false, why: string }>} */
async function probe() {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  // Dawn crashes when this object is collected while a device lives.
  Object.assign(globalThis, { keepGpu: gpu });
  const adapter = await gpu.requestAdapter();
  if (!adapter) return { ok: false, why: "no adapter" };
  const device = await adapter.requestDevice();
  const numbers = await compute(device);
  device.destroy();
  if (numbers.some((value, i) => value !== 3 * i + 1)) return { ok: false, why: "the adapter computes wrong numbers" };
  const { vendor, architecture, description } = adapter.info;
  return { ok: true, description: description || `${vendor} ${architecture}` };
}

const result = await probe().catch((/** @type {unknown} */ error) => ({ ok: false, why: String(error).slice(0, 200) }));
console.log(JSON.stringify(result));
