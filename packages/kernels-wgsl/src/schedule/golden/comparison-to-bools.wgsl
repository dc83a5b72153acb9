// less: 1 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 448>;
struct Run { zero: u32, @align(16) again: u32 }
@group(0) @binding(1) var<uniform> run: Run;
var<private> lane_done: i32;
var<private> lane_room: i32;
var<private> lane_number: i32;
var<private> heap_top: i32;
var<private> heap_end: u32;
var<private> stopped: bool;
fn less_float(a: f32, b: f32) -> bool { return (a < b) & !is_nan(a) & !is_nan(b); }
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn store_byte(address: i32, value: u32) {
  let word = u32(address) >> 2u;
  let shift = (u32(address) & 3u) * 8u;
  memory[word] = (memory[word] & ~(0xffu << shift)) | (value << shift);
}
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let v1: i32 = i32(id.x + id.y * groups.x * 64u);
  let v2: f32 = bitcast<f32>(memory[156]);
  let v3: bool = v1 < 3i;
  if (v3) {
    for (var at4 = 0i; at4 < 4i; at4++) {
      let v5: i32 = v1 * 4i;
      let v6: i32 = v5 + at4;
      let v7: bool = v6 < 10i;
      if (v7) {
        let v8: i32 = v6 * 4i;
        let v9: i32 = v8 + 576i;
        let v10: f32 = bitcast<f32>(memory[u32(v9) >> 2u]);
        let v11: bool = less_float(v10, v2);
        let v12: i32 = v6 + 640i;
        store_byte(v12, select(0u, 1u, v11));
      }
    }
  }
}
