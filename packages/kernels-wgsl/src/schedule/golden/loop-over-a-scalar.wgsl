// loop: 1 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 448>;
struct Run { zero: u32, @align(16) again: u32 }
@group(0) @binding(1) var<uniform> run: Run;
var<private> lane_done: i32;
var<private> lane_room: i32;
var<private> lane_number: i32;
var<private> heap_top: i32;
var<private> heap_end: u32;
var<private> stopped: bool;
fn f0_steps0() {
  let v1: i32 = bitcast<i32>(memory[164]);
  let v2: i32 = bitcast<i32>(memory[160]);
  let v3: i32 = v1 + 256i;
  let v4: i32 = min(v2, v3);
  var x5: i32 = v1;
  let v6: f32 = bitcast<f32>(memory[156]);
  var x7: f32 = v6;
  loop {
    let v8: i32 = x5;
    let v9: f32 = x7;
    let v10: bool = v8 < v4;
    if (stopped || !v10) { break; }
    let v11: f32 = bitcast<f32>(memory[148]);
    let v12: f32 = v9 * v11;
    let v13: f32 = bitcast<f32>(memory[152]);
    let v14: f32 = v12 + v13;
    x7 = v14;
    let v15: i32 = v8 + 1i;
    x5 = v15;
  }
  let v16: f32 = x7;
  memory[156] = bitcast<u32>(v16);
  let v17: i32 = x5;
  memory[164] = bitcast<u32>(v17);
}
@compute @workgroup_size(1)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  heap_top = i32(memory[0]);
  heap_end = 672u;
  stopped = memory[1] == 0xffffffffu;
  {
    let v1: f32 = bitcast<f32>(memory[144]);
    memory[156] = bitcast<u32>(v1);
    memory[160] = bitcast<u32>(1000i);
    memory[164] = bitcast<u32>(0i);
    var x2: bool = true;
    loop {
      let v3: bool = x2;
      if (stopped || !v3) { break; }
      let v4: i32 = bitcast<i32>(memory[164]);
      f0_steps0();
      let v5: i32 = bitcast<i32>(memory[164]);
      let v6: i32 = v5 - v4;
      let v7: bool = v6 == 256i;
      x2 = v7;
    }
  }
  memory[0] = u32(heap_top);
}
