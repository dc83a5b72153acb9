// sum: 3 × 1 workgroups
enable subgroups;
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 448>;
@group(1) @binding(0) var<storage, read> array0: array<u32, 3000>;
struct Run { zero: u32, @align(16) again: u32 }
@group(0) @binding(1) var<uniform> run: Run;
var<private> lane_done: i32;
var<private> lane_room: i32;
var<private> lane_number: i32;
var<private> heap_top: i32;
var<private> heap_end: u32;
var<private> stopped: bool;
var<private> in_set: u32;
var<workgroup> shared_float32: array<f32, 16>;
var<workgroup> shared_int32: array<i32, 16>;
var<workgroup> shared_uint32: array<u32, 16>;
var<workgroup> shared_bool: array<u32, 16>;
@compute @workgroup_size(16)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(subgroup_invocation_id) subgroup: u32,
) {
  in_set = subgroup;
  let v1: i32 = i32(group.x + group.y * groups.x);
  let v2: i32 = min(v1, 2i);
  let v3: u32 = bitcast<u32>(v2);
  let v4: i32 = bitcast<i32>(v3);
  var x5: f32 = 0.0f;
  for (var at6 = 0i; at6 < 62i; at6++) {
    let v7: i32 = at6 * 16i;
    let v8: f32 = x5;
    let v9: i32 = i32(local.x);
    let v10: i32 = v7 + v9;
    let v11: i32 = v4 * 1000i;
    let v12: i32 = v11 + v10;
    let v13: i32 = v12 * 4i;
    let v14: f32 = bitcast<f32>(array0[u32(v13) >> 2u]);
    let v15: f32 = v8 + v14;
    x5 = v15;
  }
  {
    let v16: i32 = i32(local.x);
    let v17: bool = 8i <= v16;
    let v18: f32 = x5;
    let v19: i32 = 984i + v16;
    let v20: i32 = v4 * 1000i;
    let v21: i32 = v20 + v19;
    let v22: i32 = v21 * 4i;
    let v23: f32 = bitcast<f32>(array0[u32(v22) >> 2u]);
    let v24: f32 = v18 + v23;
    let v25: f32 = x5;
    let v26: f32 = select(v25, v24, v17);
    x5 = v26;
  }
  let v27: f32 = x5;
  let v28: f32 = subgroupShuffleXor(v27, 1u);
  let v29: f32 = v27 + v28;
  let v30: f32 = subgroupShuffleXor(v29, 2u);
  let v31: f32 = v29 + v30;
  let v32: f32 = subgroupShuffleXor(v31, 4u);
  let v33: f32 = v31 + v32;
  let v34: f32 = subgroupShuffleXor(v33, 8u);
  let v35: f32 = v33 + v34;
  let v36: f32 = subgroupShuffle(v35, in_set & ~15u);
  let v37: i32 = v2 * 4i;
  let v38: i32 = v37 + 576i;
  memory[u32(v38) >> 2u] = bitcast<u32>(v36);
}
