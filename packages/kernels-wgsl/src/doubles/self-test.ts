import { compute } from "../probe";
import { type HelperSources, helperText } from "../wgsl/helpers";
import { negated } from "./text";

const count = 256;

/** Relative errors of two operations, and some more where cancelling makes them larger. */
const bound = 2 ** -40;

/** What is computed of two pairs, and what it is in float64. */
const checks = [
  {
    name: "a sum",
    text: "pair_add(vec2f(a.x, 0.0f), vec2f(b.x, 0.0f))",
    exact: (a: Pair, b: Pair) => a.x + b.x,
    bound: 0,
  },
  {
    name: "a product",
    text: "pair_mul(vec2f(a.x, 0.0f), vec2f(b.x, 0.0f))",
    exact: (a: Pair, b: Pair) => a.x * b.x,
    bound: 0,
  },
  { name: "a sum of pairs", text: "pair_add(a, b)", exact: (a: Pair, b: Pair) => a.sum + b.sum, bound },
  {
    name: "a sum with a constant",
    text: `pair_add(pair_add(a, vec2f(3.3f, 1e-8f)), ${negated("a")})`,
    exact: () => Math.fround(3.3) + Math.fround(1e-8),
    bound,
  },
  { name: "a product of pairs", text: "pair_mul(a, b)", exact: (a: Pair, b: Pair) => a.sum * b.sum, bound },
  { name: "a quotient", text: "pair_div(a, b)", exact: (a: Pair, b: Pair) => a.sum / b.sum, bound },
  { name: "a ratio", text: "pair_mul(pair_div(a, b), b)", exact: (a: Pair) => a.sum, bound },
  { name: "a square root", text: "pair_sqrt(pair_mul(a, a))", exact: (a: Pair) => Math.abs(a.sum), bound },
] as const;

interface Pair {
  readonly x: number;
  readonly sum: number;
}

const shader = (helpers: HelperSources): string => `
@group(0) @binding(0) var<storage, read_write> memory: array<vec2f>;
struct Run { zero: u32 }
@group(0) @binding(1) var<uniform> run: Run;
${helperText(
  checks.map(({ text }) => text),
  helpers,
).join("\n")}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = memory[2u * id.x];
  let b = memory[2u * id.x + 1u];
${checks.map(({ text }, k) => `  memory[${(2 + k) * count}u + id.x] = ${text};`).join("\n")}
}`;

/** Numbers of many sizes and both signs, the same on every run. */
function samples(): Float32Array<ArrayBuffer> {
  const pairs = new Float32Array(2 * (2 + checks.length) * count);
  let state = 1;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let k = 0; k < 2 * count; k++) {
    const high = Math.fround((next() + 0.5) * 2 ** Math.floor(12 * next() - 6) * (next() < 0.5 ? -1 : 1));
    pairs[2 * k] = high;
    pairs[2 * k + 1] = high * 2 ** -25 * (2 * next() - 1);
  }
  return pairs;
}

/**
 * Computes with pairs on a device: sums and products of floats, which must be exact, and of pairs.
 * @returns what is wrong, or undefined if nothing is
 */
export async function wrongBy(device: GPUDevice, helpers: HelperSources): Promise<string | undefined> {
  const given = samples();
  const found = await compute(device, shader(helpers), given, count / 64);
  for (const [c, { name, exact, bound: most }] of checks.entries()) {
    const errors = Array.from({ length: count }, (_, i) => {
      const want = exact(pairAt(given, 2 * i), pairAt(given, 2 * i + 1));
      return Math.abs(pairAt(found, (2 + c) * count + i).sum - want) / Math.abs(want);
    });
    const worst = Math.max(...errors);
    // NaN is no error that passes.
    if (!(worst <= most))
      return `${name} is off by ${worst.toExponential(1)} of it and may be by ${most === 0 ? 0 : most.toExponential(1)}`;
  }
  return undefined;
}

const pairAt = (values: Float32Array, k: number): Pair => ({
  x: values[2 * k]!,
  sum: values[2 * k]! + values[2 * k + 1]!,
});
