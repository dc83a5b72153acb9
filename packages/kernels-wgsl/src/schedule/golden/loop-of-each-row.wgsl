// scan of each row, by 64 together: 5 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 2048>;
struct Run { zero: u32, @align(16) again: u32 }
@group(0) @binding(1) var<uniform> run: Run;
var<private> lane_done: i32;
var<private> lane_room: i32;
var<private> lane_number: i32;
var<private> heap_top: i32;
var<private> heap_end: u32;
var<private> stopped: bool;
var<private> member: i32;
var<workgroup> agreed: u32;
var<workgroup> shared_float32: array<f32, 64>;
var<workgroup> shared_int32: array<i32, 64>;
var<workgroup> shared_uint32: array<u32, 64>;
var<workgroup> shared_bool: array<u32, 64>;
fn f0_body0(p0: i32) {
  {
    let v1: i32 = member / 16i;
    {
      let v2: i32 = min(v1, 0i);
      let v3: u32 = bitcast<u32>(v2);
      var x4: f32 = 0.0f;
      for (var at5 = 0i; at5 < 2i; at5++) {
        let v6: i32 = at5 * 16i;
        let v7: f32 = x4;
        let v8: i32 = member % 16i;
        let v9: i32 = v6 + v8;
        let v10: i32 = v9 * 4i;
        let v11: i32 = p0 + v10;
        let v12: i32 = v11 + 48i;
        let v13: f32 = bitcast<f32>(memory[u32(v12) >> 2u]);
        let v14: f32 = v7 + v13;
        x4 = v14;
      }
      {
        let v15: i32 = member % 16i;
        let v16: bool = 8i <= v15;
        let v17: f32 = x4;
        let v18: i32 = 24i + v15;
        let v19: i32 = v18 * 4i;
        let v20: i32 = p0 + v19;
        let v21: i32 = v20 + 48i;
        let v22: f32 = bitcast<f32>(memory[u32(v21) >> 2u]);
        let v23: f32 = v17 + v22;
        let v24: f32 = x4;
        let v25: f32 = select(v24, v23, v16);
        x4 = v25;
      }
      let v26: f32 = x4;
      workgroupBarrier();
      shared_float32[u32(member)] = v26;
      workgroupBarrier();
      let v27: f32 = shared_float32[u32(member - member % 16i) + 0u];
      let v28: f32 = shared_float32[u32(member - member % 16i) + 1u];
      let v29: f32 = shared_float32[u32(member - member % 16i) + 2u];
      let v30: f32 = shared_float32[u32(member - member % 16i) + 3u];
      let v31: f32 = shared_float32[u32(member - member % 16i) + 4u];
      let v32: f32 = shared_float32[u32(member - member % 16i) + 5u];
      let v33: f32 = shared_float32[u32(member - member % 16i) + 6u];
      let v34: f32 = shared_float32[u32(member - member % 16i) + 7u];
      let v35: f32 = shared_float32[u32(member - member % 16i) + 8u];
      let v36: f32 = shared_float32[u32(member - member % 16i) + 9u];
      let v37: f32 = shared_float32[u32(member - member % 16i) + 10u];
      let v38: f32 = shared_float32[u32(member - member % 16i) + 11u];
      let v39: f32 = shared_float32[u32(member - member % 16i) + 12u];
      let v40: f32 = shared_float32[u32(member - member % 16i) + 13u];
      let v41: f32 = shared_float32[u32(member - member % 16i) + 14u];
      let v42: f32 = shared_float32[u32(member - member % 16i) + 15u];
      let v43: f32 = v27 + v28;
      let v44: f32 = v29 + v30;
      let v45: f32 = v31 + v32;
      let v46: f32 = v33 + v34;
      let v47: f32 = v35 + v36;
      let v48: f32 = v37 + v38;
      let v49: f32 = v39 + v40;
      let v50: f32 = v41 + v42;
      let v51: f32 = v43 + v44;
      let v52: f32 = v45 + v46;
      let v53: f32 = v47 + v48;
      let v54: f32 = v49 + v50;
      let v55: f32 = v51 + v52;
      let v56: f32 = v53 + v54;
      let v57: f32 = v55 + v56;
      let v58: i32 = v2 * 4i;
      let v59: i32 = p0 + v58;
      let v60: i32 = v59 + 400i;
      memory[u32(v60) >> 2u] = bitcast<u32>(v57);
    }
  }
  {
    storageBarrier();
    let v61: i32 = p0 + 400i;
    let v62: f32 = bitcast<f32>(memory[u32(v61) >> 2u]);
    let v63: i32 = p0 + 32i;
    let v64: i32 = bitcast<i32>(memory[u32(v63) >> 2u]);
    let v65: f32 = bitcast<f32>(memory[u32(v64) >> 2u]);
    storageBarrier();
    if (member < 40i) {
      let v66: i32 = member * 4i;
      let v67: i32 = p0 + v66;
      let v68: i32 = v67 + 48i;
      let v69: f32 = bitcast<f32>(memory[u32(v68) >> 2u]);
      let v70: f32 = v69 * v65;
      let v71: f32 = v70 + v62;
      let v72: i32 = v67 + 416i;
      memory[u32(v72) >> 2u] = bitcast<u32>(v71);
    }
  }
  storageBarrier();
}
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let v1: i32 = i32(group.x + group.y * groups.x);
  let v2: i32 = v1 + i32(run.again);
  if (v1 >= 5i || v2 >= 5i) { return; }
  let v3: i32 = v1 * 688i;
  let v4: i32 = 2800i + v3;
  let v5: i32 = v4 + 80i;
  let v6: i32 = v5 + 608i;
  heap_top = v6;
  heap_end = u32(v6);
  stopped = memory[1] == 0xffffffffu;
  member = i32(local.x);
  storageBarrier();
  if (member == 0i) {
    memory[u32(v4) >> 2u] = bitcast<u32>(v2);
  }
  let v7: i32 = v2 * 160i;
  let v8: i32 = v7 + 576i;
  if (member == 0i) {
    memory[u32(v5) >> 2u] = bitcast<u32>(v4);
  }
  if (member == 0i) {
    let v9: i32 = v5 + 16i;
    memory[u32(v9) >> 2u] = bitcast<u32>(v8);
  }
  if (member == 0i) {
    let v10: i32 = v5 + 32i;
    memory[u32(v10) >> 2u] = bitcast<u32>(1376i);
  }
  storageBarrier();
  let v11: i32 = v4 + 16i;
  {
    let v12: i32 = v5 + 16i;
    let v13: i32 = bitcast<i32>(memory[u32(v12) >> 2u]);
    let v14: i32 = v5 + 48i;
    if (member < 40i) {
      let v15: i32 = member * 4i;
      let v16: i32 = v14 + v15;
      let v17: i32 = v13 + v15;
      let v18: u32 = memory[u32(v17) >> 2u];
      memory[u32(v16) >> 2u] = v18;
    }
    storageBarrier();
    if (member == 0i) {
      let v19: i32 = v5 + 224i;
      memory[u32(v19) >> 2u] = bitcast<u32>(10i);
    }
    var x20: i32 = 0i;
    storageBarrier();
    loop {
      let v22: i32 = x20;
      let v23: i32 = v5 + 224i;
      let v24: i32 = bitcast<i32>(memory[u32(v23) >> 2u]);
      let v25: bool = v22 < v24;
      if (member == 0i) {
        agreed = select(0u, 1u, !stopped && v25);
      }
      let agreed26 = workgroupUniformLoad(&agreed);
      if (!(agreed26 != 0u)) { break; }
      let v27: i32 = x20;
      if (member == 0i) {
        let v28: i32 = v5 + 208i;
        memory[u32(v28) >> 2u] = bitcast<u32>(v27);
      }
      let v29: i32 = heap_top;
      storageBarrier();
      f0_body0(v5);
      let v30: i32 = v5 + 416i;
      if (member < 40i) {
        let v31: i32 = member * 4i;
        let v32: i32 = v14 + v31;
        let v33: i32 = v30 + v31;
        let v34: u32 = memory[u32(v33) >> 2u];
        memory[u32(v32) >> 2u] = v34;
      }
      heap_top = v29;
      let v35: i32 = x20;
      let v36: i32 = v35 + 1i;
      x20 = v36;
      storageBarrier();
    }
  }
  storageBarrier();
  let v37: i32 = v7 + 1392i;
  let v38: i32 = v5 + 48i;
  if (member < 40i) {
    let v39: i32 = member * 4i;
    let v40: i32 = v37 + v39;
    let v41: i32 = v38 + v39;
    let v42: u32 = memory[u32(v41) >> 2u];
    memory[u32(v40) >> 2u] = v42;
  }
  storageBarrier();
}
