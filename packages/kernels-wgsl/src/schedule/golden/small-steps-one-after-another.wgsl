// max, div, cumsum, sum, mul: 1 × 1 workgroups
@group(0) @binding(0) var<storage, read_write> memory: array<u32, 768>;
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
var<workgroup> shared_float32: array<f32, 128>;
var<workgroup> shared_int32: array<i32, 128>;
var<workgroup> shared_uint32: array<u32, 128>;
var<workgroup> shared_bool: array<u32, 128>;
fn max_float(a: f32, b: f32) -> f32 {
  let zero = bitcast<f32>(bitcast<u32>(a) & bitcast<u32>(b));
  let most = select(select(a, b, a < b), zero, a == b);
  return select(select(most, b, is_nan(b)), a, is_nan(a));
}
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
@compute @workgroup_size(128)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  member = i32(local.x);
  {
    let v1: i32 = member / 16i;
    {
      let v2: i32 = min(v1, 0i);
      let v3: u32 = bitcast<u32>(v2);
      var x4: f32 = bitcast<f32>(0xff800000u ^ run.zero);
      for (var at5 = 0i; at5 < 6i; at5++) {
        let v6: i32 = at5 * 16i;
        let v7: f32 = x4;
        let v8: i32 = member % 16i;
        let v9: i32 = v6 + v8;
        let v10: i32 = v9 * 4i;
        let v11: i32 = v10 + 576i;
        let v12: f32 = bitcast<f32>(memory[u32(v11) >> 2u]);
        let v13: f32 = max_float(v7, v12);
        x4 = v13;
      }
      {
        let v14: i32 = member % 16i;
        let v15: bool = 12i <= v14;
        let v16: f32 = x4;
        let v17: i32 = 84i + v14;
        let v18: i32 = v17 * 4i;
        let v19: i32 = v18 + 576i;
        let v20: f32 = bitcast<f32>(memory[u32(v19) >> 2u]);
        let v21: f32 = max_float(v16, v20);
        let v22: f32 = x4;
        let v23: f32 = select(v22, v21, v15);
        x4 = v23;
      }
      let v24: f32 = x4;
      workgroupBarrier();
      shared_float32[u32(member)] = v24;
      workgroupBarrier();
      let v25: f32 = shared_float32[u32(member - member % 16i) + 0u];
      let v26: f32 = shared_float32[u32(member - member % 16i) + 1u];
      let v27: f32 = shared_float32[u32(member - member % 16i) + 2u];
      let v28: f32 = shared_float32[u32(member - member % 16i) + 3u];
      let v29: f32 = shared_float32[u32(member - member % 16i) + 4u];
      let v30: f32 = shared_float32[u32(member - member % 16i) + 5u];
      let v31: f32 = shared_float32[u32(member - member % 16i) + 6u];
      let v32: f32 = shared_float32[u32(member - member % 16i) + 7u];
      let v33: f32 = shared_float32[u32(member - member % 16i) + 8u];
      let v34: f32 = shared_float32[u32(member - member % 16i) + 9u];
      let v35: f32 = shared_float32[u32(member - member % 16i) + 10u];
      let v36: f32 = shared_float32[u32(member - member % 16i) + 11u];
      let v37: f32 = shared_float32[u32(member - member % 16i) + 12u];
      let v38: f32 = shared_float32[u32(member - member % 16i) + 13u];
      let v39: f32 = shared_float32[u32(member - member % 16i) + 14u];
      let v40: f32 = shared_float32[u32(member - member % 16i) + 15u];
      let v41: f32 = max_float(v25, v26);
      let v42: f32 = max_float(v27, v28);
      let v43: f32 = max_float(v29, v30);
      let v44: f32 = max_float(v31, v32);
      let v45: f32 = max_float(v33, v34);
      let v46: f32 = max_float(v35, v36);
      let v47: f32 = max_float(v37, v38);
      let v48: f32 = max_float(v39, v40);
      let v49: f32 = max_float(v41, v42);
      let v50: f32 = max_float(v43, v44);
      let v51: f32 = max_float(v45, v46);
      let v52: f32 = max_float(v47, v48);
      let v53: f32 = max_float(v49, v50);
      let v54: f32 = max_float(v51, v52);
      let v55: f32 = max_float(v53, v54);
      let v56: i32 = v2 * 4i;
      let v57: i32 = v56 + 976i;
      memory[u32(v57) >> 2u] = bitcast<u32>(v55);
    }
  }
  {
    storageBarrier();
    let v58: f32 = bitcast<f32>(memory[244]);
    if (member < 100i) {
      let v59: i32 = member * 4i;
      let v60: i32 = v59 + 576i;
      let v61: f32 = bitcast<f32>(memory[u32(v60) >> 2u]);
      let v62: f32 = v61 / v58;
      let v63: i32 = v59 + 992i;
      memory[u32(v63) >> 2u] = bitcast<u32>(v62);
    }
  }
  {
    storageBarrier();
    if (member == 0i) {
      {
        let v64: f32 = bitcast<f32>(memory[248]);
        var x65: f32 = v64;
        let v66: f32 = x65;
        memory[348] = bitcast<u32>(v66);
        for (var at67 = 0i; at67 < 99i; at67++) {
          let v68: i32 = at67 + 1i;
          let v69: f32 = x65;
          let v70: i32 = v68 * 4i;
          let v71: i32 = v70 + 992i;
          let v72: f32 = bitcast<f32>(memory[u32(v71) >> 2u]);
          let v73: f32 = v69 + v72;
          x65 = v73;
          let v74: f32 = x65;
          let v75: i32 = v70 + 1392i;
          memory[u32(v75) >> 2u] = bitcast<u32>(v74);
        }
      }
    }
  }
  {
    storageBarrier();
    let v76: i32 = member / 16i;
    {
      let v77: i32 = min(v76, 0i);
      let v78: u32 = bitcast<u32>(v77);
      var x79: f32 = 0.0f;
      for (var at80 = 0i; at80 < 6i; at80++) {
        let v81: i32 = at80 * 16i;
        let v82: f32 = x79;
        let v83: i32 = member % 16i;
        let v84: i32 = v81 + v83;
        let v85: i32 = v84 * 4i;
        let v86: i32 = v85 + 576i;
        let v87: f32 = bitcast<f32>(memory[u32(v86) >> 2u]);
        let v88: f32 = v82 + v87;
        x79 = v88;
      }
      {
        let v89: i32 = member % 16i;
        let v90: bool = 12i <= v89;
        let v91: f32 = x79;
        let v92: i32 = 84i + v89;
        let v93: i32 = v92 * 4i;
        let v94: i32 = v93 + 576i;
        let v95: f32 = bitcast<f32>(memory[u32(v94) >> 2u]);
        let v96: f32 = v91 + v95;
        let v97: f32 = x79;
        let v98: f32 = select(v97, v96, v90);
        x79 = v98;
      }
      let v99: f32 = x79;
      workgroupBarrier();
      shared_float32[u32(member)] = v99;
      workgroupBarrier();
      let v100: f32 = shared_float32[u32(member - member % 16i) + 0u];
      let v101: f32 = shared_float32[u32(member - member % 16i) + 1u];
      let v102: f32 = shared_float32[u32(member - member % 16i) + 2u];
      let v103: f32 = shared_float32[u32(member - member % 16i) + 3u];
      let v104: f32 = shared_float32[u32(member - member % 16i) + 4u];
      let v105: f32 = shared_float32[u32(member - member % 16i) + 5u];
      let v106: f32 = shared_float32[u32(member - member % 16i) + 6u];
      let v107: f32 = shared_float32[u32(member - member % 16i) + 7u];
      let v108: f32 = shared_float32[u32(member - member % 16i) + 8u];
      let v109: f32 = shared_float32[u32(member - member % 16i) + 9u];
      let v110: f32 = shared_float32[u32(member - member % 16i) + 10u];
      let v111: f32 = shared_float32[u32(member - member % 16i) + 11u];
      let v112: f32 = shared_float32[u32(member - member % 16i) + 12u];
      let v113: f32 = shared_float32[u32(member - member % 16i) + 13u];
      let v114: f32 = shared_float32[u32(member - member % 16i) + 14u];
      let v115: f32 = shared_float32[u32(member - member % 16i) + 15u];
      let v116: f32 = v100 + v101;
      let v117: f32 = v102 + v103;
      let v118: f32 = v104 + v105;
      let v119: f32 = v106 + v107;
      let v120: f32 = v108 + v109;
      let v121: f32 = v110 + v111;
      let v122: f32 = v112 + v113;
      let v123: f32 = v114 + v115;
      let v124: f32 = v116 + v117;
      let v125: f32 = v118 + v119;
      let v126: f32 = v120 + v121;
      let v127: f32 = v122 + v123;
      let v128: f32 = v124 + v125;
      let v129: f32 = v126 + v127;
      let v130: f32 = v128 + v129;
      let v131: i32 = v77 * 4i;
      let v132: i32 = v131 + 976i;
      memory[u32(v132) >> 2u] = bitcast<u32>(v130);
    }
  }
  {
    storageBarrier();
    let v133: f32 = bitcast<f32>(memory[244]);
    if (member < 100i) {
      let v134: i32 = member * 4i;
      let v135: i32 = v134 + 1392i;
      let v136: f32 = bitcast<f32>(memory[u32(v135) >> 2u]);
      let v137: f32 = v136 * v133;
      let v138: i32 = v134 + 992i;
      memory[u32(v138) >> 2u] = bitcast<u32>(v137);
    }
  }
}
