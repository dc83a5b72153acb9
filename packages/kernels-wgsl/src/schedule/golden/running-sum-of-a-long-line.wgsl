// cumsum in 3 passes: 1 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 2560>;
struct Run { zero: u32, @align(16) again: u32 }
@group(0) @binding(1) var<uniform> run: Run;
var<private> lane_done: i32;
var<private> lane_room: i32;
var<private> lane_number: i32;
var<private> heap_top: i32;
var<private> heap_end: u32;
var<private> stopped: bool;
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let v1: i32 = i32(id.x + id.y * groups.x * 64u);
  let v2: bool = v1 < 16i;
  if (v2) {
    let v3: i32 = v1 * 64i;
    let v4: i32 = 1000i - v3;
    let v5: i32 = min(64i, v4);
    let v6: i32 = v5 - 1i;
    let v7: i32 = v3 * 4i;
    let v8: i32 = v7 + 576i;
    let v9: f32 = bitcast<f32>(memory[u32(v8) >> 2u]);
    var x10: f32 = v9;
    for (var at11 = 0i; at11 < v6; at11++) {
      let v12: i32 = at11 + 1i;
      let v13: i32 = v3 + v12;
      let v14: i32 = v13 * 4i;
      let v15: i32 = v14 + 576i;
      let v16: f32 = bitcast<f32>(memory[u32(v15) >> 2u]);
      let v17: f32 = x10;
      let v18: f32 = v17 + v16;
      x10 = v18;
    }
    let v19: f32 = x10;
    let v20: i32 = v1 * 4i;
    let v21: i32 = v20 + 8576i;
    memory[u32(v21) >> 2u] = bitcast<u32>(v19);
  }
}

// cumsum in 3 passes: 1 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 2560>;
struct Run { zero: u32, @align(16) again: u32 }
@group(0) @binding(1) var<uniform> run: Run;
var<private> lane_done: i32;
var<private> lane_room: i32;
var<private> lane_number: i32;
var<private> heap_top: i32;
var<private> heap_end: u32;
var<private> stopped: bool;
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let v1: i32 = i32(id.x + id.y * groups.x * 64u);
  let v2: bool = v1 < 1i;
  if (v2) {
    let v3: i32 = v1 * 16i;
    let v4: i32 = 16i - v3;
    let v5: i32 = min(16i, v4);
    let v6: i32 = v5 - 1i;
    let v7: i32 = v3 * 4i;
    let v8: i32 = v7 + 8576i;
    let v9: f32 = bitcast<f32>(memory[u32(v8) >> 2u]);
    var x10: f32 = v9;
    let v11: f32 = x10;
    memory[u32(v8) >> 2u] = bitcast<u32>(v11);
    for (var at12 = 0i; at12 < v6; at12++) {
      let v13: i32 = at12 + 1i;
      let v14: f32 = x10;
      let v15: i32 = v3 + v13;
      let v16: i32 = v15 * 4i;
      let v17: i32 = v16 + 8576i;
      let v18: f32 = bitcast<f32>(memory[u32(v17) >> 2u]);
      let v19: f32 = v14 + v18;
      x10 = v19;
      let v20: f32 = x10;
      memory[u32(v17) >> 2u] = bitcast<u32>(v20);
    }
  }
}

// cumsum in 3 passes: 1 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 2560>;
struct Run { zero: u32, @align(16) again: u32 }
@group(0) @binding(1) var<uniform> run: Run;
var<private> lane_done: i32;
var<private> lane_room: i32;
var<private> lane_number: i32;
var<private> heap_top: i32;
var<private> heap_end: u32;
var<private> stopped: bool;
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let v1: i32 = i32(id.x + id.y * groups.x * 64u);
  let v2: bool = v1 < 16i;
  if (v2) {
    let v3: i32 = v1 * 64i;
    let v4: i32 = 1000i - v3;
    let v5: i32 = min(64i, v4);
    let v6: i32 = v5 - 1i;
    let v7: i32 = v3 * 4i;
    let v8: i32 = v7 + 576i;
    let v9: f32 = bitcast<f32>(memory[u32(v8) >> 2u]);
    var x10: f32 = v9;
    let v11: bool = 0i < v1;
    if (v11) {
      let v12: i32 = v1 - 1i;
      let v13: i32 = v12 * 4i;
      let v14: i32 = v13 + 8576i;
      let v15: f32 = bitcast<f32>(memory[u32(v14) >> 2u]);
      let v16: f32 = v15 + v9;
      x10 = v16;
    }
    let v17: f32 = x10;
    let v18: i32 = v7 + 4576i;
    memory[u32(v18) >> 2u] = bitcast<u32>(v17);
    for (var at19 = 0i; at19 < v6; at19++) {
      let v20: i32 = at19 + 1i;
      let v21: f32 = x10;
      let v22: i32 = v3 + v20;
      let v23: i32 = v22 * 4i;
      let v24: i32 = v23 + 576i;
      let v25: f32 = bitcast<f32>(memory[u32(v24) >> 2u]);
      let v26: f32 = v21 + v25;
      x10 = v26;
      let v27: f32 = x10;
      let v28: i32 = v23 + 4576i;
      memory[u32(v28) >> 2u] = bitcast<u32>(v27);
    }
  }
}
