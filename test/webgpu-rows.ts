import { heun, pid } from "@dzdt/odeint";
import { compile, matmul, random, type Target, type Tensor, tree, type Tree, wasm, withTarget } from "@dzdt/tensor";
import { expect } from "vitest";
import { gpu } from "./webgpu-target";

export type F = (...xs: Tensor[]) => Tree;

export const normal = (seed: number, ...shape: number[]): Tensor =>
  random.normal(random.key(seed), shape, { dtype: "float32" });

/** The numbers of each leaf of a result. */
const numbersOf = (result: Tree): Promise<number[][]> =>
  Promise.all((tree.leaves(result) as Tensor[]).map(async (x) => Array.from(await x.data())));

/**
 * What a function gives on the device, in one submit, and on wasm. Each of `rows` trajectories has a workgroup, or an
 * invocation where they are not run `together`.
 */
export async function both(
  f: F,
  inputs: () => Tensor[],
  rows: number,
  { together = true } = {},
): Promise<{ found: number[][]; expected: number[][] }> {
  const target = await gpu();
  const on = (where: Target): Promise<number[][]> =>
    numbersOf(withTarget(where, () => compile((...xs: Tensor[]) => f(...xs))(...inputs())));
  const text = withTarget(target, () => compile((...xs: Tensor[]) => f(...xs)).inspect(...inputs()));
  if (together) expect(text).toMatch(new RegExp(`of each row.*, by \\d+ together: ${rows} workgroups`));
  else expect(text).toMatch(/of each (row|element): 1 workgroups/);
  // None goes in lock step, on one workgroup or one invocation.
  expect(text).not.toMatch(/together: 1 workgroups|loop goes on/);
  return { found: await on(target), expected: await on(wasm()) };
}

/** The largest difference, by the largest number. */
export function expectNear(found: readonly number[], expected: readonly number[], rtol: number): void {
  expect(found.length).toBe(expected.length);
  const size = Math.max(...expected.map(Math.abs));
  expect(size).toBeGreaterThan(1e-4);
  const worst = Math.max(...found.map((x, i) => (Number.isNaN(x) ? Infinity : Math.abs(x - expected[i]!))));
  expect(worst / size).toBeLessThan(rtol);
}

export async function agrees(
  f: F,
  inputs: () => Tensor[],
  rows: number,
  rtol: number,
  options?: { readonly together?: boolean },
): Promise<void> {
  const { found, expected } = await both(f, inputs, rows, options);
  expect(found.length).toBe(expected.length);
  found.forEach((numbers, j) => expectNear(numbers, expected[j]!, rtol));
}

/** Solves of which little is to be compiled. */
export const brief = { solver: heun, controller: pid({ rtol: 1e-3, atol: 1e-4 }), maxSteps: 100, dt0: 0.1 };

/** The right side of an equation with parameters. */
export type Field = (y: Tensor, parameters: readonly Tensor[]) => Tensor;

/** One layer, as wide as the state is. */
export const layer: Field = (y, [a]) => matmul(y, a!).tanh();

/** Its weights. */
export const square = (width: number): Tensor => normal(1, width, width).mul(1.2 / Math.sqrt(width));

/** Weights of a network with layers of these widths. */
export const weights = (...widths: number[]): Tensor[] =>
  widths
    .slice(1)
    .flatMap((n, j) => [normal(2 * j, widths[j]!, n).mul(1.2 / Math.sqrt(widths[j]!)), normal(2 * j + 1, n).mul(0.1)]);

export const network: Field = (y, p) => {
  const layers = Array.from({ length: p.length / 2 }, (_, j) => [p[2 * j]!, p[2 * j + 1]!] as const);
  return layers.reduce((x, [a, b], j) => {
    const sum = matmul(x, a).add(b);
    return j + 1 < layers.length ? sum.tanh() : sum;
  }, y);
};
