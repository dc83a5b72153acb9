// loop by 64 together: 1 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 896>;
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
fn f0_body0() {
  {
    if (member < 64i) {
      let v1: i32 = member / 8i;
      let v2: i32 = min(v1, 7i);
      let v3: i32 = member % 8i;
      let v4: i32 = min(v3, 7i);
      let v5: i32 = v2 * 8i;
      let v6: i32 = v5 + v4;
      let v7: i32 = v6 * 4i;
      let v8: i32 = 1376i + v7;
      var x9: f32 = 0.0f;
      for (var at10 = 0i; at10 < 8i; at10++) {
        let v11: i32 = v5 + at10;
        let v12: i32 = v11 * 4i;
        let v13: i32 = 832i + v12;
        let v14: f32 = bitcast<f32>(memory[u32(v13) >> 2u]);
        let v15: i32 = at10 * 8i;
        let v16: i32 = v15 + v4;
        let v17: i32 = v16 * 4i;
        let v18: i32 = 832i + v17;
        let v19: f32 = bitcast<f32>(memory[u32(v18) >> 2u]);
        let v20: f32 = x9;
        let v21: f32 = v14 * v19;
        let v22: f32 = v20 + v21;
        x9 = v22;
      }
      let v23: f32 = x9;
      memory[u32(v8) >> 2u] = bitcast<u32>(v23);
    }
  }
  {
    let v24: i32 = member / 16i;
    {
      let v25: i32 = min(v24, 0i);
      let v26: u32 = bitcast<u32>(v25);
      var x27: f32 = 0.0f;
      for (var at28 = 0i; at28 < 4i; at28++) {
        let v29: i32 = at28 * 16i;
        let v30: f32 = x27;
        let v31: i32 = member % 16i;
        let v32: i32 = v29 + v31;
        let v33: i32 = v32 * 4i;
        let v34: i32 = v33 + 832i;
        let v35: f32 = bitcast<f32>(memory[u32(v34) >> 2u]);
        let v36: f32 = v30 + v35;
        x27 = v36;
      }
      let v37: f32 = x27;
      workgroupBarrier();
      shared_float32[u32(member)] = v37;
      workgroupBarrier();
      let v38: f32 = shared_float32[u32(member - member % 16i) + 0u];
      let v39: f32 = shared_float32[u32(member - member % 16i) + 1u];
      let v40: f32 = shared_float32[u32(member - member % 16i) + 2u];
      let v41: f32 = shared_float32[u32(member - member % 16i) + 3u];
      let v42: f32 = shared_float32[u32(member - member % 16i) + 4u];
      let v43: f32 = shared_float32[u32(member - member % 16i) + 5u];
      let v44: f32 = shared_float32[u32(member - member % 16i) + 6u];
      let v45: f32 = shared_float32[u32(member - member % 16i) + 7u];
      let v46: f32 = shared_float32[u32(member - member % 16i) + 8u];
      let v47: f32 = shared_float32[u32(member - member % 16i) + 9u];
      let v48: f32 = shared_float32[u32(member - member % 16i) + 10u];
      let v49: f32 = shared_float32[u32(member - member % 16i) + 11u];
      let v50: f32 = shared_float32[u32(member - member % 16i) + 12u];
      let v51: f32 = shared_float32[u32(member - member % 16i) + 13u];
      let v52: f32 = shared_float32[u32(member - member % 16i) + 14u];
      let v53: f32 = shared_float32[u32(member - member % 16i) + 15u];
      let v54: f32 = v38 + v39;
      let v55: f32 = v40 + v41;
      let v56: f32 = v42 + v43;
      let v57: f32 = v44 + v45;
      let v58: f32 = v46 + v47;
      let v59: f32 = v48 + v49;
      let v60: f32 = v50 + v51;
      let v61: f32 = v52 + v53;
      let v62: f32 = v54 + v55;
      let v63: f32 = v56 + v57;
      let v64: f32 = v58 + v59;
      let v65: f32 = v60 + v61;
      let v66: f32 = v62 + v63;
      let v67: f32 = v64 + v65;
      let v68: f32 = v66 + v67;
      let v69: i32 = v25 * 4i;
      let v70: i32 = v69 + 1632i;
      memory[u32(v70) >> 2u] = bitcast<u32>(v68);
    }
  }
  {
    storageBarrier();
    let v71: f32 = bitcast<f32>(memory[408]);
    if (member < 64i) {
      let v72: i32 = member * 4i;
      let v73: i32 = v72 + 1376i;
      let v74: f32 = bitcast<f32>(memory[u32(v73) >> 2u]);
      let v75: f32 = v74 - v71;
      let v76: i32 = v72 + 1648i;
      memory[u32(v76) >> 2u] = bitcast<u32>(v75);
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
  member = i32(local.x);
  heap_top = i32(memory[0]);
  heap_end = 2400u;
  stopped = memory[1] == 0xffffffffu;
  storageBarrier();
  {
    if (member < 64i) {
      let v1: i32 = member * 4i;
      let v2: i32 = 832i + v1;
      let v3: i32 = 576i + v1;
      let v4: u32 = memory[u32(v3) >> 2u];
      memory[u32(v2) >> 2u] = v4;
    }
    if (member == 0i) {
      memory[276] = bitcast<u32>(100i);
    }
    var x5: i32 = 0i;
    storageBarrier();
    loop {
      let v7: i32 = x5;
      let v8: i32 = bitcast<i32>(memory[276]);
      let v9: bool = v7 < v8;
      if (member == 0i) {
        agreed = select(0u, 1u, !stopped && v9);
      }
      let agreed10 = workgroupUniformLoad(&agreed);
      if (!(agreed10 != 0u)) { break; }
      let v11: i32 = x5;
      if (member == 0i) {
        memory[272] = bitcast<u32>(v11);
      }
      let v12: i32 = heap_top;
      storageBarrier();
      f0_body0();
      if (member < 64i) {
        let v13: i32 = member * 4i;
        let v14: i32 = 832i + v13;
        let v15: i32 = 1648i + v13;
        let v16: u32 = memory[u32(v15) >> 2u];
        memory[u32(v14) >> 2u] = v16;
      }
      heap_top = v12;
      let v17: i32 = x5;
      let v18: i32 = v17 + 1i;
      x5 = v18;
      storageBarrier();
    }
  }
  storageBarrier();
  memory[0] = u32(heap_top);
}
