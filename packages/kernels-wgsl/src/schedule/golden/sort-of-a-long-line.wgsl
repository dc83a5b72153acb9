// argsort in 5 passes: 4 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 1024>;
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
fn equal_float(a: f32, b: f32) -> bool { return (a == b) & !is_nan(a) & !is_nan(b); }
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let v1: i32 = i32(id.x + id.y * groups.x * 64u);
  let v2: bool = v1 < 200i;
  if (v2) {
    let v3: i32 = v1 & (-16i);
    let v4: i32 = v1 * 4i;
    let v5: i32 = v4 + 576i;
    let v6: f32 = bitcast<f32>(memory[u32(v5) >> 2u]);
    var x7: i32 = v3;
    let v8: i32 = 200i - v3;
    let v9: i32 = min(16i, v8);
    for (var at10 = 0i; at10 < v9; at10++) {
      let v11: i32 = v3 + at10;
      let v12: i32 = v11 * 4i;
      let v13: i32 = v12 + 576i;
      let v14: f32 = bitcast<f32>(memory[u32(v13) >> 2u]);
      let v15: bool = v11 < v1;
      let v16: f32 = select(v14, v6, v15);
      let v17: f32 = select(v6, v14, v15);
      let v18: bool = less_float(v16, v17);
      let v19: bool = equal_float(v16, v16);
      let v20: bool = !(equal_float(v17, v17));
      let v21: bool = v19 & v20;
      let v22: bool = v18 | v21;
      let v23: bool = v15 != v22;
      let v24: i32 = x7;
      let v25: i32 = select(0i, 1i, v23);
      let v26: i32 = v24 + v25;
      x7 = v26;
    }
    let v27: i32 = x7;
    let v28: i32 = v27 * 4i;
    let v29: i32 = v28 + 1376i;
    memory[u32(v29) >> 2u] = bitcast<u32>(v1);
  }
}

// argsort in 5 passes: 1 × 1 workgroups, 4 times
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 1024>;
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
fn equal_float(a: f32, b: f32) -> bool { return (a == b) & !is_nan(a) & !is_nan(b); }
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let v1: i32 = i32(id.x + id.y * groups.x * 64u);
  let v2: bool = v1 < 13i;
  if (v2) {
    let v3: bool = 0i < i32(run.again);
    let v4: i32 = select(2176i, 1376i, v3);
    let v5: i32 = select(1376i, 2176i, v3);
    let v6: i32 = -i32(run.again);
    let v7: i32 = max(i32(run.again), v6);
    let v8: i32 = v1 * 16i;
    let v9: i32 = v7 + v7;
    let v10: i32 = -v9;
    let v11: i32 = v8 & v10;
    let v12: i32 = v11 + v7;
    let v13: i32 = min(v12, 200i);
    let v14: i32 = v13 + v7;
    let v15: i32 = min(v14, 200i);
    let v16: i32 = v15 - v13;
    let v17: i32 = v8 - v16;
    let v18: i32 = max(v11, v17);
    let v19: i32 = v8 + v13;
    let v20: i32 = v19 - 1i;
    let v21: i32 = min(v8, v13);
    var x22: i32 = v18;
    var x23: i32 = v21;
    loop {
      let v24: i32 = x22;
      let v25: i32 = x23;
      let v26: bool = v24 < v25;
      if (stopped || !v26) { break; }
      let v27: i32 = x22;
      let v28: i32 = x23;
      let v29: i32 = v27 + v28;
      let v30: i32 = v29 >> 1u;
      let v31: i32 = v20 - v30;
      let v32: i32 = min(v31, 199i);
      let v33: i32 = v32 * 4i;
      let v34: i32 = v5 + v33;
      let v35: i32 = bitcast<i32>(memory[u32(v34) >> 2u]);
      let v36: i32 = v35 * 4i;
      let v37: i32 = v36 + 576i;
      let v38: f32 = bitcast<f32>(memory[u32(v37) >> 2u]);
      let v39: i32 = min(v30, 199i);
      let v40: i32 = v39 * 4i;
      let v41: i32 = v5 + v40;
      let v42: i32 = bitcast<i32>(memory[u32(v41) >> 2u]);
      let v43: i32 = v42 * 4i;
      let v44: i32 = v43 + 576i;
      let v45: f32 = bitcast<f32>(memory[u32(v44) >> 2u]);
      let v46: bool = less_float(v38, v45);
      let v47: bool = equal_float(v38, v38);
      let v48: bool = !(equal_float(v45, v45));
      let v49: bool = v47 & v48;
      let v50: bool = v46 | v49;
      let v51: bool = !v50;
      if (v51) {
        let v52: i32 = v30 + 1i;
        x22 = v52;
      }
      else {
        x23 = v30;
      }
    }
    let v53: i32 = x22;
    let v54: i32 = min(v53, 199i);
    let v55: i32 = v54 * 4i;
    let v56: i32 = v5 + v55;
    let v57: i32 = bitcast<i32>(memory[u32(v56) >> 2u]);
    let v58: i32 = v57 * 4i;
    let v59: i32 = v58 + 576i;
    let v60: f32 = bitcast<f32>(memory[u32(v59) >> 2u]);
    var x61: i32 = v53;
    var x62: i32 = v57;
    var x63: f32 = v60;
    let v64: i32 = v19 - v53;
    let v65: i32 = min(v64, 199i);
    let v66: i32 = v65 * 4i;
    let v67: i32 = v5 + v66;
    let v68: i32 = bitcast<i32>(memory[u32(v67) >> 2u]);
    let v69: i32 = v68 * 4i;
    let v70: i32 = v69 + 576i;
    let v71: f32 = bitcast<f32>(memory[u32(v70) >> 2u]);
    var x72: i32 = v64;
    var x73: i32 = v68;
    var x74: f32 = v71;
    let v75: i32 = 200i - v8;
    let v76: i32 = min(16i, v75);
    for (var at77 = 0i; at77 < v76; at77++) {
      let v78: i32 = x61;
      let v79: i32 = x72;
      let v80: bool = v13 <= v78;
      let v81: f32 = x74;
      let v82: f32 = x63;
      let v83: bool = less_float(v81, v82);
      let v84: bool = equal_float(v81, v81);
      let v85: bool = !(equal_float(v82, v82));
      let v86: bool = v84 & v85;
      let v87: bool = v83 | v86;
      let v88: bool = v80 | v87;
      let v89: bool = v79 < v15;
      let v90: bool = v89 & v88;
      let v91: i32 = x73;
      let v92: i32 = x62;
      let v93: i32 = select(v92, v91, v90);
      let v94: i32 = v8 + at77;
      let v95: i32 = v94 * 4i;
      let v96: i32 = v4 + v95;
      memory[u32(v96) >> 2u] = bitcast<u32>(v93);
      let v97: i32 = select(v78, v79, v90);
      let v98: i32 = v97 + 1i;
      let v99: i32 = min(v98, 199i);
      let v100: i32 = v99 * 4i;
      let v101: i32 = v5 + v100;
      let v102: i32 = bitcast<i32>(memory[u32(v101) >> 2u]);
      let v103: i32 = v102 * 4i;
      let v104: i32 = v103 + 576i;
      let v105: f32 = bitcast<f32>(memory[u32(v104) >> 2u]);
      let v106: bool = !v90;
      let v107: i32 = x61;
      let v108: i32 = select(v107, v98, v106);
      x61 = v108;
      let v109: i32 = x62;
      let v110: i32 = select(v109, v102, v106);
      x62 = v110;
      let v111: f32 = x63;
      let v112: f32 = select(v111, v105, v106);
      x63 = v112;
      let v113: i32 = x72;
      let v114: i32 = select(v113, v98, v90);
      x72 = v114;
      let v115: i32 = x73;
      let v116: i32 = select(v115, v102, v90);
      x73 = v116;
      let v117: f32 = x74;
      let v118: f32 = select(v117, v105, v90);
      x74 = v118;
    }
  }
}
