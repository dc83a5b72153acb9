// contract: 1 × 1 × 1 workgroups

@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
@group(1) @binding(0) var<storage, read> array0: array<u32>;
@group(1) @binding(1) var<storage, read_write> array1: array<u32>;
// size: rows, columns, steps of the sum, length of the inner batch. at: words where left, right and result begin.
// Of each: words from row to row, from column to column, and along the two batches.
struct Product { size: vec4u, at: vec4u, left: vec4u, right: vec4u, result: vec4u }
var<workgroup> lefts: array<f32, 1024>;
var<workgroup> rights: array<f32, 1024>;
struct Run { zero: u32, product: Product }
@group(0) @binding(1) var<uniform> run: Run;
@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let product = run.product;
  let outer = group.z / product.size.w;
  let inner = group.z % product.size.w;
  let left_at = product.at.x + outer * product.left.z + inner * product.left.w;
  let right_at = product.at.y + outer * product.right.z + inner * product.right.w;
  let row = group.y * 64u;
  let column = group.x * 64u;
  let number = local.y * 16u + local.x;
  var sum00 = 0.0f;
  var sum01 = 0.0f;
  var sum02 = 0.0f;
  var sum03 = 0.0f;
  var sum10 = 0.0f;
  var sum11 = 0.0f;
  var sum12 = 0.0f;
  var sum13 = 0.0f;
  var sum20 = 0.0f;
  var sum21 = 0.0f;
  var sum22 = 0.0f;
  var sum23 = 0.0f;
  var sum30 = 0.0f;
  var sum31 = 0.0f;
  var sum32 = 0.0f;
  var sum33 = 0.0f;
  for (var p0 = 0u; p0 < product.size.z; p0 += 16u) {
    for (var q = 0u; q < 4u; q++) {
      let e = number + q * 256u;
      let i = e / 16u;
      let p = e % 16u;
      let left = bitcast<f32>(array0[left_at + (row + i) * product.left.x + (p0 + p) * product.left.y]);
      lefts[i * 16u + p] = select(0.0f, left, row + i < product.size.x && p0 + p < product.size.z);
      let t = e / 64u;
      let j = e % 64u;
      let right = bitcast<f32>(array0[right_at + (p0 + t) * product.right.x + (column + j) * product.right.y]);
      rights[t * 64u + j] = select(0.0f, right, column + j < product.size.y && p0 + t < product.size.z);
    }
    workgroupBarrier();
    for (var p = 0u; p < 16u; p++) {
      let a0 = lefts[(local.y * 4u + 0u) * 16u + p];
      let a1 = lefts[(local.y * 4u + 1u) * 16u + p];
      let a2 = lefts[(local.y * 4u + 2u) * 16u + p];
      let a3 = lefts[(local.y * 4u + 3u) * 16u + p];
      let b0 = rights[p * 64u + local.x * 4u + 0u];
      let b1 = rights[p * 64u + local.x * 4u + 1u];
      let b2 = rights[p * 64u + local.x * 4u + 2u];
      let b3 = rights[p * 64u + local.x * 4u + 3u];
      sum00 += a0 * b0;
      sum01 += a0 * b1;
      sum02 += a0 * b2;
      sum03 += a0 * b3;
      sum10 += a1 * b0;
      sum11 += a1 * b1;
      sum12 += a1 * b2;
      sum13 += a1 * b3;
      sum20 += a2 * b0;
      sum21 += a2 * b1;
      sum22 += a2 * b2;
      sum23 += a2 * b3;
      sum30 += a3 * b0;
      sum31 += a3 * b1;
      sum32 += a3 * b2;
      sum33 += a3 * b3;
    }
    workgroupBarrier();
  }
  let i0 = row + local.y * 4u;
  let j0 = column + local.x * 4u;
  let result_at = product.at.z + outer * product.result.z + inner * product.result.w;
  if (i0 + 0u < product.size.x && j0 + 0u < product.size.y) { array1[result_at + (i0 + 0u) * product.result.x + j0 + 0u] = bitcast<u32>(sum00); }
  if (i0 + 0u < product.size.x && j0 + 1u < product.size.y) { array1[result_at + (i0 + 0u) * product.result.x + j0 + 1u] = bitcast<u32>(sum01); }
  if (i0 + 0u < product.size.x && j0 + 2u < product.size.y) { array1[result_at + (i0 + 0u) * product.result.x + j0 + 2u] = bitcast<u32>(sum02); }
  if (i0 + 0u < product.size.x && j0 + 3u < product.size.y) { array1[result_at + (i0 + 0u) * product.result.x + j0 + 3u] = bitcast<u32>(sum03); }
  if (i0 + 1u < product.size.x && j0 + 0u < product.size.y) { array1[result_at + (i0 + 1u) * product.result.x + j0 + 0u] = bitcast<u32>(sum10); }
  if (i0 + 1u < product.size.x && j0 + 1u < product.size.y) { array1[result_at + (i0 + 1u) * product.result.x + j0 + 1u] = bitcast<u32>(sum11); }
  if (i0 + 1u < product.size.x && j0 + 2u < product.size.y) { array1[result_at + (i0 + 1u) * product.result.x + j0 + 2u] = bitcast<u32>(sum12); }
  if (i0 + 1u < product.size.x && j0 + 3u < product.size.y) { array1[result_at + (i0 + 1u) * product.result.x + j0 + 3u] = bitcast<u32>(sum13); }
  if (i0 + 2u < product.size.x && j0 + 0u < product.size.y) { array1[result_at + (i0 + 2u) * product.result.x + j0 + 0u] = bitcast<u32>(sum20); }
  if (i0 + 2u < product.size.x && j0 + 1u < product.size.y) { array1[result_at + (i0 + 2u) * product.result.x + j0 + 1u] = bitcast<u32>(sum21); }
  if (i0 + 2u < product.size.x && j0 + 2u < product.size.y) { array1[result_at + (i0 + 2u) * product.result.x + j0 + 2u] = bitcast<u32>(sum22); }
  if (i0 + 2u < product.size.x && j0 + 3u < product.size.y) { array1[result_at + (i0 + 2u) * product.result.x + j0 + 3u] = bitcast<u32>(sum23); }
  if (i0 + 3u < product.size.x && j0 + 0u < product.size.y) { array1[result_at + (i0 + 3u) * product.result.x + j0 + 0u] = bitcast<u32>(sum30); }
  if (i0 + 3u < product.size.x && j0 + 1u < product.size.y) { array1[result_at + (i0 + 3u) * product.result.x + j0 + 1u] = bitcast<u32>(sum31); }
  if (i0 + 3u < product.size.x && j0 + 2u < product.size.y) { array1[result_at + (i0 + 3u) * product.result.x + j0 + 2u] = bitcast<u32>(sum32); }
  if (i0 + 3u < product.size.x && j0 + 3u < product.size.y) { array1[result_at + (i0 + 3u) * product.result.x + j0 + 3u] = bitcast<u32>(sum33); }
}
