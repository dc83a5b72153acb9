// argsort in 5 passes: 4 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 1280>;
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

// argsort in 5 passes: 1 × 1 workgroups, 2 times
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 1280>;
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
    let v3: i32 = v1 * 16i;
    let v4: i32 = i32(run.again) + i32(run.again);
    let v5: i32 = -v4;
    let v6: i32 = v3 & v5;
    let v7: i32 = v6 + i32(run.again);
    let v8: i32 = min(v7, 200i);
    let v9: i32 = v8 + i32(run.again);
    let v10: i32 = min(v9, 200i);
    let v11: i32 = v10 - v8;
    let v12: i32 = v3 - v11;
    let v13: i32 = max(v6, v12);
    let v14: i32 = v3 + v8;
    let v15: i32 = v14 - 1i;
    let v16: i32 = min(v3, v8);
    var x17: i32 = v13;
    var x18: i32 = v16;
    loop {
      let v19: i32 = x17;
      let v20: i32 = x18;
      let v21: bool = v19 < v20;
      if (stopped || !v21) { break; }
      let v22: i32 = x17;
      let v23: i32 = x18;
      let v24: i32 = v22 + v23;
      let v25: i32 = v24 >> 1u;
      let v26: i32 = v15 - v25;
      let v27: i32 = min(v26, 199i);
      let v28: i32 = v27 * 4i;
      let v29: i32 = v28 + 1376i;
      let v30: i32 = bitcast<i32>(memory[u32(v29) >> 2u]);
      let v31: i32 = v30 * 4i;
      let v32: i32 = v31 + 576i;
      let v33: f32 = bitcast<f32>(memory[u32(v32) >> 2u]);
      let v34: i32 = min(v25, 199i);
      let v35: i32 = v34 * 4i;
      let v36: i32 = v35 + 1376i;
      let v37: i32 = bitcast<i32>(memory[u32(v36) >> 2u]);
      let v38: i32 = v37 * 4i;
      let v39: i32 = v38 + 576i;
      let v40: f32 = bitcast<f32>(memory[u32(v39) >> 2u]);
      let v41: bool = less_float(v33, v40);
      let v42: bool = equal_float(v33, v33);
      let v43: bool = !(equal_float(v40, v40));
      let v44: bool = v42 & v43;
      let v45: bool = v41 | v44;
      let v46: bool = !v45;
      if (v46) {
        let v47: i32 = v25 + 1i;
        x17 = v47;
      }
      else {
        x18 = v25;
      }
    }
    let v48: i32 = x17;
    let v49: i32 = min(v48, 199i);
    let v50: i32 = v49 * 4i;
    let v51: i32 = v50 + 1376i;
    let v52: i32 = bitcast<i32>(memory[u32(v51) >> 2u]);
    let v53: i32 = v52 * 4i;
    let v54: i32 = v53 + 576i;
    let v55: f32 = bitcast<f32>(memory[u32(v54) >> 2u]);
    var x56: i32 = v48;
    var x57: i32 = v52;
    var x58: f32 = v55;
    let v59: i32 = v14 - v48;
    let v60: i32 = min(v59, 199i);
    let v61: i32 = v60 * 4i;
    let v62: i32 = v61 + 1376i;
    let v63: i32 = bitcast<i32>(memory[u32(v62) >> 2u]);
    let v64: i32 = v63 * 4i;
    let v65: i32 = v64 + 576i;
    let v66: f32 = bitcast<f32>(memory[u32(v65) >> 2u]);
    var x67: i32 = v59;
    var x68: i32 = v63;
    var x69: f32 = v66;
    let v70: i32 = 200i - v3;
    let v71: i32 = min(16i, v70);
    for (var at72 = 0i; at72 < v71; at72++) {
      let v73: i32 = x56;
      let v74: i32 = x67;
      let v75: bool = v8 <= v73;
      let v76: f32 = x69;
      let v77: f32 = x58;
      let v78: bool = less_float(v76, v77);
      let v79: bool = equal_float(v76, v76);
      let v80: bool = !(equal_float(v77, v77));
      let v81: bool = v79 & v80;
      let v82: bool = v78 | v81;
      let v83: bool = v75 | v82;
      let v84: bool = v74 < v10;
      let v85: bool = v84 & v83;
      let v86: i32 = x68;
      let v87: i32 = x57;
      let v88: i32 = select(v87, v86, v85);
      let v89: i32 = v3 + at72;
      let v90: i32 = v89 * 4i;
      let v91: i32 = v90 + 3776i;
      memory[u32(v91) >> 2u] = bitcast<u32>(v88);
      let v92: i32 = select(v73, v74, v85);
      let v93: i32 = v92 + 1i;
      let v94: i32 = min(v93, 199i);
      let v95: i32 = v94 * 4i;
      let v96: i32 = v95 + 1376i;
      let v97: i32 = bitcast<i32>(memory[u32(v96) >> 2u]);
      let v98: i32 = v97 * 4i;
      let v99: i32 = v98 + 576i;
      let v100: f32 = bitcast<f32>(memory[u32(v99) >> 2u]);
      let v101: bool = !v85;
      let v102: i32 = x56;
      let v103: i32 = select(v102, v93, v101);
      x56 = v103;
      let v104: i32 = x57;
      let v105: i32 = select(v104, v97, v101);
      x57 = v105;
      let v106: f32 = x58;
      let v107: f32 = select(v106, v100, v101);
      x58 = v107;
      let v108: i32 = x67;
      let v109: i32 = select(v108, v93, v85);
      x67 = v109;
      let v110: i32 = x68;
      let v111: i32 = select(v110, v97, v85);
      x68 = v111;
      let v112: f32 = x69;
      let v113: f32 = select(v112, v100, v85);
      x69 = v113;
    }
  }
}

// argsort in 5 passes: 1 × 1 workgroups, 2 times
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 1280>;
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
    let v3: i32 = v1 * 16i;
    let v4: i32 = i32(run.again) + i32(run.again);
    let v5: i32 = -v4;
    let v6: i32 = v3 & v5;
    let v7: i32 = v6 + i32(run.again);
    let v8: i32 = min(v7, 200i);
    let v9: i32 = v8 + i32(run.again);
    let v10: i32 = min(v9, 200i);
    let v11: i32 = v10 - v8;
    let v12: i32 = v3 - v11;
    let v13: i32 = max(v6, v12);
    let v14: i32 = v3 + v8;
    let v15: i32 = v14 - 1i;
    let v16: i32 = min(v3, v8);
    var x17: i32 = v13;
    var x18: i32 = v16;
    loop {
      let v19: i32 = x17;
      let v20: i32 = x18;
      let v21: bool = v19 < v20;
      if (stopped || !v21) { break; }
      let v22: i32 = x17;
      let v23: i32 = x18;
      let v24: i32 = v22 + v23;
      let v25: i32 = v24 >> 1u;
      let v26: i32 = v15 - v25;
      let v27: i32 = min(v26, 199i);
      let v28: i32 = v27 * 4i;
      let v29: i32 = v28 + 3776i;
      let v30: i32 = bitcast<i32>(memory[u32(v29) >> 2u]);
      let v31: i32 = v30 * 4i;
      let v32: i32 = v31 + 576i;
      let v33: f32 = bitcast<f32>(memory[u32(v32) >> 2u]);
      let v34: i32 = min(v25, 199i);
      let v35: i32 = v34 * 4i;
      let v36: i32 = v35 + 3776i;
      let v37: i32 = bitcast<i32>(memory[u32(v36) >> 2u]);
      let v38: i32 = v37 * 4i;
      let v39: i32 = v38 + 576i;
      let v40: f32 = bitcast<f32>(memory[u32(v39) >> 2u]);
      let v41: bool = less_float(v33, v40);
      let v42: bool = equal_float(v33, v33);
      let v43: bool = !(equal_float(v40, v40));
      let v44: bool = v42 & v43;
      let v45: bool = v41 | v44;
      let v46: bool = !v45;
      if (v46) {
        let v47: i32 = v25 + 1i;
        x17 = v47;
      }
      else {
        x18 = v25;
      }
    }
    let v48: i32 = x17;
    let v49: i32 = min(v48, 199i);
    let v50: i32 = v49 * 4i;
    let v51: i32 = v50 + 3776i;
    let v52: i32 = bitcast<i32>(memory[u32(v51) >> 2u]);
    let v53: i32 = v52 * 4i;
    let v54: i32 = v53 + 576i;
    let v55: f32 = bitcast<f32>(memory[u32(v54) >> 2u]);
    var x56: i32 = v48;
    var x57: i32 = v52;
    var x58: f32 = v55;
    let v59: i32 = v14 - v48;
    let v60: i32 = min(v59, 199i);
    let v61: i32 = v60 * 4i;
    let v62: i32 = v61 + 3776i;
    let v63: i32 = bitcast<i32>(memory[u32(v62) >> 2u]);
    let v64: i32 = v63 * 4i;
    let v65: i32 = v64 + 576i;
    let v66: f32 = bitcast<f32>(memory[u32(v65) >> 2u]);
    var x67: i32 = v59;
    var x68: i32 = v63;
    var x69: f32 = v66;
    let v70: i32 = 200i - v3;
    let v71: i32 = min(16i, v70);
    for (var at72 = 0i; at72 < v71; at72++) {
      let v73: i32 = x56;
      let v74: i32 = x67;
      let v75: bool = v8 <= v73;
      let v76: f32 = x69;
      let v77: f32 = x58;
      let v78: bool = less_float(v76, v77);
      let v79: bool = equal_float(v76, v76);
      let v80: bool = !(equal_float(v77, v77));
      let v81: bool = v79 & v80;
      let v82: bool = v78 | v81;
      let v83: bool = v75 | v82;
      let v84: bool = v74 < v10;
      let v85: bool = v84 & v83;
      let v86: i32 = x68;
      let v87: i32 = x57;
      let v88: i32 = select(v87, v86, v85);
      let v89: i32 = v3 + at72;
      let v90: i32 = v89 * 4i;
      let v91: i32 = v90 + 1376i;
      memory[u32(v91) >> 2u] = bitcast<u32>(v88);
      let v92: i32 = select(v73, v74, v85);
      let v93: i32 = v92 + 1i;
      let v94: i32 = min(v93, 199i);
      let v95: i32 = v94 * 4i;
      let v96: i32 = v95 + 3776i;
      let v97: i32 = bitcast<i32>(memory[u32(v96) >> 2u]);
      let v98: i32 = v97 * 4i;
      let v99: i32 = v98 + 576i;
      let v100: f32 = bitcast<f32>(memory[u32(v99) >> 2u]);
      let v101: bool = !v85;
      let v102: i32 = x56;
      let v103: i32 = select(v102, v93, v101);
      x56 = v103;
      let v104: i32 = x57;
      let v105: i32 = select(v104, v97, v101);
      x57 = v105;
      let v106: f32 = x58;
      let v107: f32 = select(v106, v100, v101);
      x58 = v107;
      let v108: i32 = x67;
      let v109: i32 = select(v108, v93, v85);
      x67 = v109;
      let v110: i32 = x68;
      let v111: i32 = select(v110, v97, v85);
      x68 = v111;
      let v112: f32 = x69;
      let v113: f32 = select(v112, v100, v85);
      x69 = v113;
    }
  }
}
