// contract relu: 1 × 1 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 448>;
@group(1) @binding(0) var<storage, read> array0: array<u32, 4096>;
@group(1) @binding(1) var<storage, read_write> array1: array<u32, 4096>;
struct Run { zero: u32, @align(16) again: u32 }
@group(0) @binding(1) var<uniform> run: Run;
var<private> lane_done: i32;
var<private> lane_room: i32;
var<private> lane_number: i32;
var<private> heap_top: i32;
var<private> heap_end: u32;
var<private> stopped: bool;
// size: rows, columns, steps of the sum, length of the inner batch. at: words where left, right and result begin.
// Of each: words from row to row, from column to column, and along the two batches.
struct Product { size: vec4u, at: vec4u, left: vec4u, right: vec4u, result: vec4u }
var<workgroup> lefts: array<f32, 1024>;
var<workgroup> rights: array<f32, 1024>;
fn max_float(a: f32, b: f32) -> f32 {
  let zero = bitcast<f32>(bitcast<u32>(a) & bitcast<u32>(b));
  let most = select(select(a, b, a < b), zero, a == b);
  return select(select(most, b, is_nan(b)), a, is_nan(a));
}
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
@compute @workgroup_size(16, 16)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let v1: f32 = bitcast<f32>(memory[144]);
  const product = Product(vec4u(64, 64, 64, 1), vec4u(0, 0, 0, 0), vec4u(64, 1, 0, 0), vec4u(64, 1, 0, 0), vec4u(64, 1, 4096, 4096));
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
  var sums = array(sum00, sum01, sum02, sum03, sum10, sum11, sum12, sum13, sum20, sum21, sum22, sum23, sum30, sum31, sum32, sum33);
  for (var e = 0u; e < 16u; e++) {
    let v2: i32 = i32(i0 + e / 4u);
    let v3: i32 = i32(j0 + e % 4u);
    let v4: bool = v2 < 64i;
    let v5: bool = v3 < 64i;
    let v6: bool = v4 & v5;
    if (v6) {
      let v7: f32 = sums[e];
      let v8: i32 = v2 * 64i;
      let v9: i32 = v8 + v3;
      let v10: f32 = v7 + v1;
      let v11: f32 = max_float(v10, 0.0f);
      let v12: i32 = v9 * 4i;
      array1[u32(v12) >> 2u] = bitcast<u32>(v11);
    }
  }
}
