import { grad, vmap } from "@dzdt/autograd";
import { odeint, rk4, tsit5 } from "@dzdt/odeint";
import { compile, concat, fori, matmul, ops, random, type Target, tensor, type Tensor, wasm } from "@dzdt/tensor";
import { uniforms } from "@dzdt/tensor/testing";
import { expect, test } from "vitest";
import { asPair, gpuWithDoubles } from "./webgpu-target";

const float64 = (values: ArrayLike<number>, target: Target): Tensor =>
  tensor(Float64Array.from(values, asPair), { target });

/** The largest difference between webgpu and wasm, in float64. */
async function differenceOf(f: (...x: Tensor[]) => Tensor, ...ins: readonly (readonly number[])[]): Promise<number> {
  const target = await gpuWithDoubles();
  const got = await compile(f)(...ins.map((x) => float64(x, target))).data();
  const want = compile(f)(...ins.map((x) => float64(x, wasm()))).dataSync();
  expect(got).toBeInstanceOf(Float64Array);
  expect(got.length).toBe(want.length);
  return Array.from(want).reduce((most, x, i) => Math.max(most, Math.abs(x - got[i]!)), 0);
}

function uniformly(count: number, seed: number): number[] {
  const next = uniforms(seed);
  return Array.from({ length: count }, () => 2 * next() - 1);
}

const functions: readonly (readonly [name: string, f: (x: Tensor) => Tensor, low: number, high: number])[] = [
  ["exp", ops.exp, -40, 80],
  ["expm1", ops.expm1, -1, 1],
  ["log", ops.log, 1e-3, 100],
  ["log near 1", ops.log, 0.99, 1.01],
  ["log1p", ops.log1p, -0.5, 0.5],
  ["sin", ops.sin, -1, 1],
  ["tanh", ops.tanh, -5, 5],
  ["sigmoid", ops.sigmoid, -50, 50],
  ["erf", ops.erf, -4, 4],
  ["atan", ops.atan, -10, 10],
  ["asin", ops.asin, -1, 1],
  ["sinh", ops.sinh, -10, 10],
  ["cosh", ops.cosh, -10, 10],
  ["x^-2.5", (x) => ops.pow(x, -2.5), 0.1, 10],
];

/** Lorenz 1963. */
function lorenz(_t: Tensor, y: Tensor): Tensor {
  const [a, b, c] = [0, 1, 2].map((i) => y.slice([i], [i + 1])) as [Tensor, Tensor, Tensor];
  return concat([b.sub(a).mul(10), a.mul(c.neg().add(28)).sub(b), a.mul(b).sub(c.mul(8 / 3))], 0);
}

/** A spring that is stiffer where it is longer. */
const spring = (_t: Tensor, y: Tensor): Tensor => {
  const [x, v] = [0, 1].map((i) => y.slice([i], [i + 1])) as [Tensor, Tensor];
  return concat([v, x.mul(x.square().add(1)).neg()], 0);
};

const tight = { solver: tsit5, rtol: 1e-10, atol: 1e-10 } as const;

test.each(functions)("%s has 44 bits", async (_name, f, low, high) => {
  const target = await gpuWithDoubles();
  const xs = uniformly(2000, 1).map((u) => low + ((high - low) * (u + 1)) / 2);
  const got = await f(float64(xs, target)).data();
  const want = f(float64(xs, wasm())).dataSync();
  const worst = Array.from(want).reduce((most, x, i) => Math.max(most, Math.abs(got[i]! / x - 1)), 0);
  expect(worst).toBeLessThan(2 ** -44);
});

test("sines of large angles are off by 2⁻⁴⁴, and infinite angles have none", async () => {
  const angles = uniformly(500, 2).map((u, i) => u * 10 ** (i % 36));
  for (const f of [ops.sin, ops.cos]) expect(await differenceOf(f, angles)).toBeLessThan(2 ** -44);
  const target = await gpuWithDoubles();
  expect(await ops.sin(float64([Infinity, -Infinity, NaN], target)).data()).toEqual(Float64Array.of(NaN, NaN, NaN));
});

test("sums of 100,000 numbers and products of matrices keep their digits", async () => {
  expect(await differenceOf((x) => x.sum(), uniformly(100_000, 3))).toBeLessThan(1e-11);
  const product = (a: Tensor, b: Tensor): Tensor => matmul(a.reshape([32, 32]), b.reshape([32, 32]));
  expect(await differenceOf(product, uniformly(1024, 4), uniformly(1024, 5))).toBeLessThan(1e-13);
});

test("a whole solve by rk4 is off by less than 10⁻¹¹ where it is chaotic", async () => {
  const solve = (y0: Tensor): Tensor => odeint(lorenz, y0, [0, 2], { solver: rk4, dt0: 0.01 }).ys;
  expect(await differenceOf(solve, [1, 2, 3])).toBeLessThan(1e-11);
});

test("tolerances of 10⁻⁹ mean something", async () => {
  const solve = (y0: Tensor): Tensor => odeint(lorenz, y0, [0, 2], { solver: tsit5, rtol: 1e-9, atol: 1e-9 }).ys;
  expect(await differenceOf(solve, [1, 2, 3])).toBeLessThan(1e-11);
});

test("each trajectory of an ensemble takes its own steps", async () => {
  const solve = (y0: Tensor): Tensor => odeint(spring, y0, [0, 1], tight).ys;
  expect(await differenceOf((y0) => vmap(solve)(y0.reshape([8, 2])), uniformly(16, 6))).toBeLessThan(1e-12);
});

test("gradients go back through all steps", async () => {
  const growth = (_t: Tensor, y: Tensor): Tensor => y.mul(y.neg().add(1));
  const end = (y0: Tensor): Tensor => odeint(growth, y0, [0, 1], tight).ys.slice([1], [2]).sum();
  expect(await differenceOf(grad(end), [0.3])).toBeLessThan(1e-12);
});

test("loops over arrays, which a workgroup shares", async () => {
  const turn = (w: Tensor, x: Tensor): Tensor => fori(20, (_i, c: Tensor) => matmul(w.reshape([96, 96]), c).tanh(), x);
  const weights = uniformly(96 * 96, 8).map((u) => u / 8);
  expect(await differenceOf(turn, weights, uniformly(96, 9))).toBeLessThan(1e-12);
});

test("lanes keep both floats from dispatch to dispatch", async () => {
  const slowly = (x: Tensor): Tensor => fori(5000, (_i, c: Tensor) => c.mul(1 - 1e-6).add(1e-7), x);
  expect(await differenceOf((x) => vmap(slowly)(x), uniformly(8, 7))).toBeLessThan(1e-11);
});

test("random numbers are those of CPUs, rounded", async () => {
  const target = await gpuWithDoubles();
  const key = (on: Target): Tensor => random.key(3, { target: on });
  const uniforms64 = (on: Target): Tensor => random.uniform(key(on), [500], { dtype: "float64" });
  // Rounding a uniform number moves a normal one by up to 300 times as much: by one over the density there.
  const normals = (on: Target): Tensor => random.normal(key(on), [500], { dtype: "float64" });
  for (const [draw, bound] of [
    [uniforms64, 2 ** -47],
    [normals, 300 * 2 ** -47],
  ] as const) {
    const want = Array.from(await draw(wasm()).data());
    const got = await draw(target).data();
    expect(want.reduce((most, x, i) => Math.max(most, Math.abs(x - got[i]!)), 0)).toBeLessThan(bound);
  }
});
