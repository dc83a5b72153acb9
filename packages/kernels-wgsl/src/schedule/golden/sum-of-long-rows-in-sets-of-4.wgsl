// sum: 3 × 1 workgroups
enable subgroups;
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 3584>;
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
    let v14: i32 = v13 + 576i;
    let v15: f32 = bitcast<f32>(memory[u32(v14) >> 2u]);
    let v16: f32 = v8 + v15;
    x5 = v16;
  }
  {
    let v17: i32 = i32(local.x);
    let v18: bool = 8i <= v17;
    let v19: f32 = x5;
    let v20: i32 = 984i + v17;
    let v21: i32 = v4 * 1000i;
    let v22: i32 = v21 + v20;
    let v23: i32 = v22 * 4i;
    let v24: i32 = v23 + 576i;
    let v25: f32 = bitcast<f32>(memory[u32(v24) >> 2u]);
    let v26: f32 = v19 + v25;
    let v27: f32 = x5;
    let v28: f32 = select(v27, v26, v18);
    x5 = v28;
  }
  let v29: f32 = x5;
  let v30: f32 = subgroupShuffleXor(v29, 1u);
  let v31: f32 = v29 + v30;
  let v32: f32 = subgroupShuffleXor(v31, 2u);
  let v33: f32 = v31 + v32;
  workgroupBarrier();
  shared_float32[local.x] = v33;
  workgroupBarrier();
  let v34: f32 = shared_float32[0];
  let v35: f32 = shared_float32[4];
  let v36: f32 = shared_float32[8];
  let v37: f32 = shared_float32[12];
  let v38: f32 = v34 + v35;
  let v39: f32 = v36 + v37;
  let v40: f32 = v38 + v39;
  let v41: i32 = v2 * 4i;
  let v42: i32 = v41 + 12576i;
  memory[u32(v42) >> 2u] = bitcast<u32>(v40);
}
