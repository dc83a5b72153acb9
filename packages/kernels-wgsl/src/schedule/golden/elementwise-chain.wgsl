// neg: 2 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 640>;
struct Run { zero: u32, @align(16) again: u32 }
@group(0) @binding(1) var<uniform> run: Run;
var<private> lane_done: i32;
var<private> lane_room: i32;
var<private> lane_number: i32;
var<private> heap_top: i32;
var<private> heap_end: u32;
var<private> stopped: bool;
fn neg_float(a: f32) -> f32 { return bitcast<f32>(bitcast<u32>(a) ^ 0x80000000u); }
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let v1: i32 = i32(id.x + id.y * groups.x * 64u);
  let v2: f32 = bitcast<f32>(memory[248]);
  let v3: f32 = bitcast<f32>(memory[244]);
  let v4: bool = v1 < 100i;
  if (v4) {
    let v5: i32 = v1 * 4i;
    let v6: i32 = v5 + 576i;
    let v7: f32 = bitcast<f32>(memory[u32(v6) >> 2u]);
    let v8: f32 = v7 * v3;
    let v9: f32 = v8 + v2;
    let v10: f32 = neg_float(v9);
    let v11: i32 = v5 + 1008i;
    memory[u32(v11) >> 2u] = bitcast<u32>(v10);
  }
}
