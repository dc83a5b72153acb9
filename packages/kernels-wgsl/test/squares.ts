const COUNT = 1000;

const shader = /* wgsl */ `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&x)) { y[id.x] = x[id.x] * x[id.x] + 0.25; }
}`;

/** x² + 0.25 for x = 0…999, computed on a device; all are exact in float32. */
export async function squares(device: GPUDevice): Promise<Float32Array> {
  const input = Float32Array.from({ length: COUNT }, (_, i) => i);
  const size = input.byteLength;
  const [storage, copySrc, copyDst, mapRead] = [0x80, 0x4, 0x8, 0x1];
  const x = device.createBuffer({ size, usage: storage | copyDst });
  const y = device.createBuffer({ size, usage: storage | copySrc });
  const readable = device.createBuffer({ size, usage: mapRead | copyDst });
  device.queue.writeBuffer(x, 0, input);
  const module = device.createShaderModule({ code: shader });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const entries = [x, y].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(Math.ceil(COUNT / 64));
  pass.end();
  encoder.copyBufferToBuffer(y, 0, readable, 0, size);
  device.queue.submit([encoder.finish()]);
  await readable.mapAsync(mapRead);
  return new Float32Array(readable.getMappedRange().slice(0));
}

export const expectedSquares: Float32Array = Float32Array.from({ length: COUNT }, (_, i) => i * i + 0.25);
