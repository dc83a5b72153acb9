/** A workgroup computes a square of the result of so many rows and columns, each invocation a square within it. */
const tile = 64;
const own = 4;
const across = tile / own;
/** Steps of the sum that are in shared memory at a time. */
const depth = 16;

/** Along which axis the elements of an operand are neighbours in memory, so that neighbouring invocations read them. */
export interface ProductLayout {
  readonly leftAlongRows: boolean;
  readonly rightAlongRows: boolean;
}

const each = (make: (r: number, s: number) => string): string =>
  Array.from({ length: own * own }, (_, n) => make(Math.floor(n / own), n % own)).join("\n");
const row = (make: (r: number) => string): string => Array.from({ length: own }, (_, r) => make(r)).join("\n");

/** A product of any sizes, strides and addresses, which are parameters: a device compiles it once for each layout. */
export const productText = ({ leftAlongRows, rightAlongRows }: ProductLayout): string => `
@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
// size: rows, columns, steps of the sum, length of the inner batch. at: words where left, right and result begin.
// Of each: words from row to row, from column to column, and along the two batches.
struct Run { zero: u32, size: vec4u, at: vec4u, left: vec4u, right: vec4u, result: vec4u }
@group(0) @binding(1) var<uniform> run: Run;
var<workgroup> lefts: array<f32, ${tile * depth}>;
var<workgroup> rights: array<f32, ${tile * depth}>;
@compute @workgroup_size(${across}, ${across})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let outer = group.z / run.size.w;
  let inner = group.z % run.size.w;
  let left_at = run.at.x + outer * run.left.z + inner * run.left.w;
  let right_at = run.at.y + outer * run.right.z + inner * run.right.w;
  let result_at = run.at.z + outer * run.result.z + inner * run.result.w;
  let row = group.y * ${tile}u;
  let column = group.x * ${tile}u;
  let number = local.y * ${across}u + local.x;
${each((r, s) => `  var sum${r}${s} = 0.0f;`)}
  for (var p0 = 0u; p0 < run.size.z; p0 += ${depth}u) {
    for (var q = 0u; q < ${(tile * depth) / (across * across)}u; q++) {
      let e = number + q * ${across * across}u;
      let i = ${leftAlongRows ? `e / ${depth}u` : `e % ${tile}u`};
      let p = ${leftAlongRows ? `e % ${depth}u` : `e / ${tile}u`};
      let left = bitcast<f32>(memory[left_at + (row + i) * run.left.x + (p0 + p) * run.left.y]);
      lefts[i * ${depth}u + p] = select(0.0f, left, row + i < run.size.x && p0 + p < run.size.z);
      let t = ${rightAlongRows ? `e / ${tile}u` : `e % ${depth}u`};
      let j = ${rightAlongRows ? `e % ${tile}u` : `e / ${depth}u`};
      let right = bitcast<f32>(memory[right_at + (p0 + t) * run.right.x + (column + j) * run.right.y]);
      rights[t * ${tile}u + j] = select(0.0f, right, column + j < run.size.y && p0 + t < run.size.z);
    }
    workgroupBarrier();
    for (var p = 0u; p < ${depth}u; p++) {
${row((r) => `      let a${r} = lefts[(local.y * ${own}u + ${r}u) * ${depth}u + p];`)}
${row((s) => `      let b${s} = rights[p * ${tile}u + local.x * ${own}u + ${s}u];`)}
${each((r, s) => `      sum${r}${s} += a${r} * b${s};`)}
    }
    workgroupBarrier();
  }
  let i0 = row + local.y * ${own}u;
  let j0 = column + local.x * ${own}u;
${each((r, s) => `  if (i0 + ${r}u < run.size.x && j0 + ${s}u < run.size.y) { memory[result_at + (i0 + ${r}u) * run.result.x + j0 + ${s}u] = bitcast<u32>(sum${r}${s}); }`)}
}`;
