/** A workgroup computes a square of the result of so many rows and columns, each invocation a square within it. */
export const tile = 64;
const own = 4;
const across = tile / own;
/** Steps of the sum that are in shared memory at a time. */
const depth = 16;

/** Along which axis the elements of an operand are neighbours in memory, so that neighbouring invocations read them. */
export interface ProductLayout {
  readonly leftAlongRows: boolean;
  readonly rightAlongRows: boolean;
}

/** Invocations of a workgroup. */
export const productGroup: string = `${across}, ${across}`;

/** What a product has beside the memory. */
export const productGlobals: string = `// size: rows, columns, steps of the sum, length of the inner batch. at: words where left, right and result begin.
// Of each: words from row to row, from column to column, and along the two batches.
struct Product { size: vec4u, at: vec4u, left: vec4u, right: vec4u, result: vec4u }
var<workgroup> lefts: array<f32, ${tile * depth}>;
var<workgroup> rights: array<f32, ${tile * depth}>;`;

/** The numbers of a product, in the order of its fields. */
export type ProductNumbers = readonly number[];

/** The names of the arrays of words that the left and the right operand are in. */
export type Operands = readonly [left: string, right: string];

const each = (make: (r: number, s: number) => string): string[] =>
  Array.from({ length: own * own }, (_, n) => make(Math.floor(n / own), n % own));
const row = (make: (r: number) => string): string => Array.from({ length: own }, (_, r) => make(r)).join("\n");

/** The sums of an invocation: `sum00` to `sum33`, which begin at row `i0` and column `j0` of the result. */
const sums = ({ leftAlongRows, rightAlongRows }: ProductLayout, [left, right]: Operands): string => `
  let outer = group.z / product.size.w;
  let inner = group.z % product.size.w;
  let left_at = product.at.x + outer * product.left.z + inner * product.left.w;
  let right_at = product.at.y + outer * product.right.z + inner * product.right.w;
  let row = group.y * ${tile}u;
  let column = group.x * ${tile}u;
  let number = local.y * ${across}u + local.x;
${each((r, s) => `  var sum${r}${s} = 0.0f;`).join("\n")}
  for (var p0 = 0u; p0 < product.size.z; p0 += ${depth}u) {
    for (var q = 0u; q < ${(tile * depth) / (across * across)}u; q++) {
      let e = number + q * ${across * across}u;
      let i = ${leftAlongRows ? `e / ${depth}u` : `e % ${tile}u`};
      let p = ${leftAlongRows ? `e % ${depth}u` : `e / ${tile}u`};
      let left = bitcast<f32>(${left}[left_at + (row + i) * product.left.x + (p0 + p) * product.left.y]);
      lefts[i * ${depth}u + p] = select(0.0f, left, row + i < product.size.x && p0 + p < product.size.z);
      let t = ${rightAlongRows ? `e / ${tile}u` : `e % ${depth}u`};
      let j = ${rightAlongRows ? `e % ${tile}u` : `e / ${depth}u`};
      let right = bitcast<f32>(${right}[right_at + (p0 + t) * product.right.x + (column + j) * product.right.y]);
      rights[t * ${tile}u + j] = select(0.0f, right, column + j < product.size.y && p0 + t < product.size.z);
    }
    workgroupBarrier();
    for (var p = 0u; p < ${depth}u; p++) {
${row((r) => `      let a${r} = lefts[(local.y * ${own}u + ${r}u) * ${depth}u + p];`)}
${row((s) => `      let b${s} = rights[p * ${tile}u + local.x * ${own}u + ${s}u];`)}
${each((r, s) => `      sum${r}${s} += a${r} * b${s};`).join("\n")}
    }
    workgroupBarrier();
  }
  let i0 = row + local.y * ${own}u;
  let j0 = column + local.x * ${own}u;`;

/**
 * A product of any sizes, strides and addresses, which are parameters: a device compiles it once for each layout, and each choice of what is in the
 * memory. @param declared those of the other arrays
 */
export const productText = (
  layout: ProductLayout,
  operands: Operands,
  result: string,
  declared: readonly string[],
): string => `
@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
${[...declared, productGlobals].join("\n")}
struct Run { zero: u32, product: Product }
@group(0) @binding(1) var<uniform> run: Run;
@compute @workgroup_size(${productGroup})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let product = run.product;${sums(layout, operands)}
  let result_at = product.at.z + outer * product.result.z + inner * product.result.w;
${each((r, s) => `  if (i0 + ${r}u < product.size.x && j0 + ${s}u < product.size.y) { ${result}[result_at + (i0 + ${r}u) * product.result.x + j0 + ${s}u] = bitcast<u32>(sum${r}${s}); }`).join("\n")}
}`;

/** The sums of an invocation as `sums`, one after another, for code that does more with them than to store them. */
export const sumsInOrder = (
  layout: ProductLayout,
  numbers: ProductNumbers,
  operands: Operands,
): string => `const product = Product(${[0, 4, 8, 12, 16].map((k) => `vec4u(${numbers.slice(k, k + 4).join(", ")})`).join(", ")});${sums(layout, operands)}
  var sums = array(${each((r, s) => `sum${r}${s}`).join(", ")});`;

/** A loop over those sums, the place of each in the result, and whether it is within the result. */
export const eachSum: { readonly head: string; readonly row: string; readonly column: string } = {
  head: `for (var e = 0u; e < ${own * own}u; e++) {`,
  row: `i0 + e / ${own}u`,
  column: `j0 + e % ${own}u`,
};
