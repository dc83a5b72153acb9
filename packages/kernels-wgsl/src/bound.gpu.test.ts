import {
  bind,
  check,
  compile,
  concat,
  cumsum,
  fori,
  matmul,
  registerFailure,
  relu,
  type Target,
  tensor,
  type Tensor,
  wasm,
  where,
} from "@dzdt/tensor";
import { afterAll, describe, expect, test } from "vitest";
import { gpuSources } from "./gpuSources";
import { webgpu, type WebGpuTarget } from "./target";

const opened: Promise<WebGpuTarget>[] = [];
const open = (...args: Parameters<typeof webgpu>): Promise<WebGpuTarget> => {
  const target = webgpu(...args);
  opened.push(target);
  return target;
};
let first: Promise<WebGpuTarget> | undefined;
const shared = (): Promise<WebGpuTarget> => (first ??= open());

afterAll(async () => {
  for (const target of await Promise.all(opened)) target.dispose();
});

/** Small whole numbers and quarters: their products and sums are exact. */
const numbers = (shape: readonly number[], target: Target, from = 0): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((n, m) => n * m, 1) }, (_, i) => ((((i + from) * 7919) % 23) - 11) / 4),
    { target },
  ).reshape(shape);

type Results = readonly Tensor[];

/** What a program gives for inputs of these shapes, twice in a row, must be what it gives on `wasm`. */
async function expectSame(
  f: (...xs: Tensor[]) => Results,
  shapes: readonly (readonly number[])[],
  on?: WebGpuTarget,
): Promise<void> {
  const target = on ?? (await shared());
  const given = (where: Target): Tensor[] => shapes.map((shape, k) => numbers(shape, where, k));
  const expected = f(...given(wasm())).map((y) => y.dataSync());
  const program = compile(f);
  const xs = given(target);
  for (let run = 0; run < 2; run++) {
    const found = await Promise.all(program(...xs).map((y) => y.data()));
    expect(found).toEqual(expected);
  }
}

const n = 1500;
const cases: Readonly<Record<string, [f: (...xs: Tensor[]) => Results, shapes: readonly (readonly number[])[]]>> = {
  "elementwise operations": [(x, y) => [x.mul(y).add(1)], [[n], [n]]],
  "several results of one kernel, and results that others are computed from": [
    (x, y) => [x.mul(y), x.add(y), x.mul(y).add(2).sum(), x.add(y).reshape([30, 50]).sum(1)],
    [[n], [n]],
  ],
  "folds of long rows": [(x) => [x.sum(1), x.max(1), x.sum()], [[400, 40]]],
  "products by tiles, batches of them, and what is computed along with them": [
    (x, y, b) => [matmul(x, y), relu(matmul(x, y).add(b)), matmul(x.reshape([3, 20, 40]), x.reshape([3, 40, 20]))],
    [[60, 40], [40, 50], [50]],
  ],
  "products of what is in the memory": [
    (x, y) => [matmul(matmul(x, y), y), matmul(x, cumsum(y, 0))],
    [
      [40, 40],
      [40, 40],
    ],
  ],
  views: [
    (x) => {
      const y = x.reshape([30, 50]);
      return [x.slice([10], [1400]), x.flip([0]), y.transpose(), matmul(y, y.transpose()).transpose().reshape([900])];
    },
    [[n]],
  ],
  "an input that is a result, a result that is there twice, and one of another shape": [
    (x, y) => {
      const z = x.mul(y);
      return [x, z, z, z.reshape([30, 50]), x.reshape([50, 30])];
    },
    [[n], [n]],
  ],
  "what a loop reads too": [
    (x, y) => [fori(5, (_i, c: Tensor) => c.mul(0.5).add(x), y), x.mul(2), y.add(x)],
    [[n], [n]],
  ],
  bools: [(x, y) => [x.less(y), where(x.less(y), x, y), x.less(y).sum()], [[n], [n]]],
  "arrays without elements": [(x, y) => [x.mul(2), concat([x, y]), x.sum()], [[0], [n]]],
  integers: [(x) => [x.mul(4).cast("int32").add(1), x.mul(4).abs().cast("uint32").sum()], [[n]]],
};

describe("arrays that kernels find where they are have the numbers that they should", () => {
  test.each(Object.entries(cases))("%s", (_name, [f, shapes]) => expectSame(f, shapes));
});

/** As it comes when nobody asks for more than the defaults. */
async function defaultDevice(): Promise<GPUDevice> {
  for (const source of gpuSources) {
    const adapter = await (await source.load())?.requestAdapter();
    if (adapter) return adapter.requestDevice();
  }
  throw new Error("no adapter");
}

test.each(["default device", "device with the limits of its adapter"])(
  "more arrays than a kernel may have: %s",
  async (name) => {
    const target = await (name === "default device" ? open({ device: await defaultDevice() }) : shared());
    const many = Array.from({ length: 14 }, (_, k) => [400 + 10 * k]);
    const sums = (...xs: Tensor[]): Results => [
      concat(xs),
      xs.map((x) => x.slice([0], [400])).reduce((sum, x) => sum.add(x)),
      ...xs.map((x) => x.neg()),
    ];
    await expectSame(sums, many, target);
  },
);

test("float64 in pairs of float32", async () => {
  const target = await open({ df64: true });
  const values = Float64Array.from({ length: n }, (_, i) => i / 7);
  const f = compile((x: Tensor) => [x.mul(x).add(1), x.reshape([30, 50]).sum(1)]);
  const [squares, sums] = f(tensor(values, { target }));
  const [expected, rows] = f(tensor(values)).map((y) => y.dataSync());
  (await squares!.data()).forEach((y, i) =>
    expect(Math.abs(y - expected![i]!)).toBeLessThanOrEqual(2 ** -44 * expected![i]!),
  );
  (await sums!.data()).forEach((y, i) => expect(Math.abs(y - rows![i]!)).toBeLessThanOrEqual(2 ** -44 * rows![i]!));
});

test("the same tensor may be given twice", async () => {
  const target = await shared();
  const f = compile((x: Tensor, y: Tensor) => x.mul(y).add(x));
  const [x, expected] = [target, wasm()].map((each) => numbers([n], each));
  expect(await f(x!, x!).data()).toEqual(f(expected!, expected!).dataSync());
});

test("arguments that are donated come back as results, and in the end there are as many buffers and as few bind groups", async () => {
  const target = await open();
  const step = compile((x: Tensor, v: Tensor): [Tensor, Tensor] => [x.add(v.mul(0.5)), v.sub(x.mul(0.25))], {
    donate: [0, 1],
  });
  const run = (where: Target): Tensor[] => {
    let state: [Tensor, Tensor] = [numbers([n], where), numbers([n], where, 5)];
    for (let i = 0; i < 40; i++) state = step(...state);
    return state;
  };
  const create = target.device.createBindGroup.bind(target.device);
  let made = 0;
  target.device.createBindGroup = (descriptor) => {
    made++;
    return create(descriptor);
  };
  const found = run(target);
  const expected = run(wasm());
  for (const [k, y] of found.entries()) {
    const numbers = expected[k]!.dataSync();
    (await y.data()).forEach((value, i) => expect(value).toBeCloseTo(numbers[i]!, 3));
  }
  expect(target.memory().buffers).toBe(2);
  expect(made).toBeLessThan(8);
});

const broken = registerFailure(() => new Error("it is broken"));

test("results of a failed program tell it, and so does what is computed from them", async () => {
  const target = await shared();
  const f = compile((x: Tensor, code: Tensor) => [bind(check, [x.sum(), code])[0]!, x.mul(2)]);
  const x = numbers([n], target);
  const run = (code: number): Tensor => f(x, tensor(code, { dtype: "int32", target }))[1]!;
  await expect(run(broken).data()).rejects.toThrow("it is broken");
  await expect(run(broken).add(1).data()).rejects.toThrow("it is broken");
  expect(await run(0).add(1).data()).toEqual(numbers([n], wasm()).mul(2).add(1).dataSync());
});
