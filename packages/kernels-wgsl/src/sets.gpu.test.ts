import {
  argmax,
  argmin,
  compile,
  fori,
  logsumexp,
  max,
  min,
  prod,
  scan,
  sum,
  type Target,
  type Tensor,
  tensor,
  wasm,
  withTarget,
} from "@dzdt/tensor";
import { afterAll, describe, expect, test } from "vitest";
import { type PlayedSets, withSets } from "../test/sets-in-memory";
import { gpuSources } from "./gpuSources";
import { setOf } from "./sets";
import { webgpu, type WebGpuTarget } from "./target";

const opened: WebGpuTarget[] = [];

async function open(options: Parameters<typeof webgpu>[0]): Promise<WebGpuTarget> {
  const target = await webgpu(options);
  opened.push(target);
  return target;
}

/** A device without optional features. */
async function plainDevice(): Promise<GPUDevice> {
  for (const source of gpuSources) {
    const adapter = await (await source.load())?.requestAdapter();
    if (adapter) return adapter.requestDevice();
  }
  throw new Error("no adapter");
}

const withPlayed = async (sets: PlayedSets): Promise<GPUDevice> => withSets(await plainDevice(), sets);

let first: Promise<WebGpuTarget> | undefined;
const withoutFeature = (): Promise<WebGpuTarget> => (first ??= plainDevice().then((device) => open({ device })));

afterAll(() => opened.forEach((target) => target.dispose()));

/** Numbers of both signs whose sums depend on their order, and zeros of both signs. */
const numbers = (...shape: number[]): Tensor => {
  const size = shape.reduce((product, n) => product * n, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) =>
      i % 7 === 0 ? [0, -0][i % 2]! : Math.fround(Math.sin(i * i) * (1 + (i % 13))),
    ),
  ).reshape(shape);
};

const folds = (x: Tensor): Tensor[] => [
  sum(x, 1),
  max(x, 1),
  prod(x.mul(0.1).add(1), 1),
  max(x.mul(0), 1),
  min(x.mul(0), 1),
  logsumexp(x, 1),
  sum(x.mul(50).cast("int32"), 1),
  max(x.mul(50).abs().cast("uint32"), 1),
  sum(x.less(0), 1),
  argmax(x, 1),
  argmin(x.sqrt(), 1),
];

/** Folds that invocations of a workgroup share, in a loop. */
const inLoop = (x: Tensor): Tensor[] => [
  fori(
    3,
    (_i, c: Tensor) =>
      c
        .add(sum(c).mul(1e-3))
        .sub(max(c, 1, { keepDims: true }).mul(0.1))
        .mul(0.3),
    x,
  ),
];

/** The same with a workgroup for each row. */
const inRows = (x: Tensor): Tensor[] => [
  scan<Tensor[], Tensor, Tensor>((none, row) => [none, inLoop(row.reshape([1, -1]))[0]!.reshape([-1])], [], x)[1],
];

interface Case {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor[];
  readonly shape: readonly number[];
}

const ofRows: Case = { name: "folds of 1000 terms", f: folds, shape: [3, 1000] };
const ofLoop: Case = { name: "folds in a loop", f: inLoop, shape: [2, 300] };
const ofRowLoops: Case = { name: "folds in loops of rows", f: inRows, shape: [6, 300] };
const cases: readonly Case[] = [
  { name: "folds of 33 terms", f: folds, shape: [3, 33] },
  ofRows,
  { name: "folds of 5000 terms", f: (x) => [sum(x, 1), max(x, 1)], shape: [2, 5000] },
  ofLoop,
  ofRowLoops,
];

async function bitsOn(target: Target, { f, shape }: Case): Promise<number[]> {
  const found = withTarget(target, () => compile((x: Tensor) => f(x))(numbers(...shape)));
  const all = await Promise.all(found.map((x) => x.data()));
  return all.flatMap(({ buffer, byteOffset, byteLength }) => [
    ...new Uint32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4),
  ]);
}

const textOn = (target: Target, { f, shape }: Case): string =>
  withTarget(target, () => compile((x: Tensor) => f(x)).inspect(numbers(...shape)));

const expected = new Map<Case, Promise<number[]>>();
function bitsWithout(each: Case): Promise<number[]> {
  if (!expected.has(each))
    expected.set(
      each,
      withoutFeature().then((target) => bitsOn(target, each)),
    );
  return expected.get(each)!;
}

const barriers = (text: string): number => text.split("workgroupBarrier").length - 1;

test.each(cases)("$name have the bits that they have without subgroups", async (each) => {
  const [target, without] = [await open({}), await withoutFeature()];
  expect(await bitsOn(target, each)).toEqual(await bitsWithout(each));
  expect(textOn(without, each)).not.toContain("subgroup");
  expect(textOn(target, each).includes("subgroupShuffleXor")).toBe(target.device.features.has("subgroups"));
});

test("folds of float32 have the bits of wasm, whatever a subgroup has", async () => {
  const { shape } = ofRows;
  const exact: Case = { ...ofRows, f: (x) => [sum(x, 1), max(x, 1), min(x, 1)] };
  const bits = await bitsOn(wasm(), { ...exact, shape });
  for (const size of [4, 32])
    expect(await bitsOn(await open({ device: await withPlayed({ size }) }), exact), `of ${size}`).toEqual(bits);
});

describe("subgroups of any size, played by shared memory, give the same bits", () => {
  test.each([
    { size: 8, each: ofRows },
    { size: 32, each: ofRows },
    { size: 16, each: ofLoop },
    { size: 64, each: ofLoop },
    { size: 8, each: ofRowLoops },
    { size: 32, each: ofRowLoops },
  ])("of $size: $each.name", async ({ size, each }) => {
    const target = await open({ device: await withPlayed({ size }) });
    expect(await bitsOn(target, each)).toEqual(await bitsWithout(each));
    const text = textOn(target, each);
    expect(text).toContain("subgroupShuffleXor");
    // Those of 16 and more leave nothing to memory.
    expect(barriers(text) === 0).toBe(size >= 16);
  });

  test("folds of float64 have eight lanes", async () => {
    const doubles = (x: Tensor): Tensor[] => {
      const pairs = x.cast("float64").div(3);
      return [sum(pairs, 1), prod(pairs.mul(0.01).add(1), 1), logsumexp(pairs, 1)];
    };
    const each: Case = { name: "float64", f: doubles, shape: [3, 1000] };
    const [played, plain] = [await withPlayed({ size: 32 }), await plainDevice()];
    const [target, without] = [await open({ device: played, df64: true }), await open({ device: plain, df64: true })];
    expect(await bitsOn(target, each)).toEqual(await bitsOn(without, each));
    expect(textOn(target, each)).toMatch(/vec2f = subgroupShuffleXor\(\w+, 4u\)/);
  });
});

describe("how many invocations tell each other numbers", () => {
  test("none without the feature", async () => {
    expect(await setOf(await plainDevice())).toBe(1);
  });

  test("those of the smallest subgroup, of a fold at most", async () => {
    const { device } = await open({});
    const { subgroupMinSize = 1 } = device.adapterInfo;
    expect(await setOf(device)).toBe(device.features.has("subgroups") ? Math.min(16, subgroupMinSize) : 1);
    for (const size of [4, 8, 16, 128])
      expect(await setOf(await withPlayed({ size })), `of ${size}`).toBe(Math.min(16, size));
  });

  test("none where subgroups are smaller than the device says", async () => {
    expect(await setOf(await withPlayed({ size: 4, said: 32 }))).toBe(1);
  });

  test("none where invocations of a subgroup do not stand side by side", async () => {
    expect(await setOf(await withPlayed({ size: 32, place: "index / 2u + 128u * (index % 2u)" }))).toBe(1);
  });
});
