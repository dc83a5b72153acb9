import { ones, compile, scan, type Target, type Tensor, tensor, wasm, whileLoop, withTarget } from "@dzdt/tensor";
import { afterAll, describe, expect, test } from "vitest";
import { webgpu, type WebGpuTarget } from "../target";
import { mapRead, usage } from "./flags";

let opened: Promise<WebGpuTarget> | undefined;
const open = (): Promise<WebGpuTarget> => (opened ??= webgpu());

afterAll(async () => (await opened)?.dispose());

/** Iterations of a lane in one dispatch. */
const budget = 4096;
const most = 4 * budget;

type Pair = [number: Tensor, sum: Tensor];

/** For each row, the number of its iterations and a sum that depends on their order. */
const counted = compile((lengths: Tensor) => {
  const none: Tensor[] = [];
  return scan(
    (carry: Tensor[], length: Tensor) => {
      const [number, sum] = whileLoop(
        ([number]: Pair) => number.less(length),
        ([number, sum]: Pair): Pair => [number.add(1), sum.mul(0.75).add(number.cast("float32"))],
        [tensor(0, { dtype: "int32" }), tensor(0, { dtype: "float32" })] as Pair,
        { maxSteps: most },
      );
      return [carry, [number, sum]];
    },
    none,
    lengths,
  )[1];
});

async function numbersOn(target: Target, lengths: readonly number[]): Promise<number[][]> {
  const results = withTarget(target, () => counted(tensor(lengths as number[], { dtype: "int32", target })));
  return Promise.all(results.map(async (x) => Array.from(await x.data())));
}

test("loops that end just before, with, and just after a dispatch have run as often as they should", async () => {
  const target = await open();
  const at = (k: number): number[] => [k * budget - 1, k * budget, k * budget + 1];
  const lengths = [0, 1, ...at(1), ...at(2), ...at(3), most - 1, most];
  const text = withTarget(target, () => counted.inspect(tensor(lengths, { dtype: "int32", target })));
  expect(text).toMatch(/of each row goes on: 1 workgroups, 3 times/);
  for (const some of [lengths, [5, 7], [...lengths].reverse(), [most], [budget]]) {
    const [counts, sums] = await numbersOn(target, some);
    expect(counts).toEqual(some);
    expect(sums).toEqual((await numbersOn(wasm(), some))[1]);
  }
});

/** Workgroups along x of the dispatches that the device itself makes, in their order, while `run` runs. */
async function groupsTold(target: WebGpuTarget, run: () => void): Promise<number[]> {
  const { device } = target;
  const log = device.createBuffer({ size: 4096, usage: usage.copyTarget | usage.mapRead });
  const create = device.createCommandEncoder.bind(device);
  let told = 0;
  device.createCommandEncoder = (descriptor) => {
    const encoder = create(descriptor);
    const copy = encoder.copyBufferToBuffer.bind(encoder) as (...all: unknown[]) => undefined;
    encoder.copyBufferToBuffer = (...all: unknown[]): undefined => {
      const [from, at, to] = all as [GPUBuffer, number, GPUBuffer];
      copy(...all);
      if (to.usage & usage.indirect) copy(from, at, log, 4 * told++, 4);
    };
    return encoder;
  };
  run();
  device.createCommandEncoder = create;
  await target.idle();
  await log.mapAsync(mapRead);
  const found = Array.from(new Uint32Array(log.getMappedRange().slice(0, 4 * told)));
  log.destroy();
  return found;
}

describe("what is dispatched after the end of a loop has no workgroups", () => {
  /** First the groups where there is more to do, then none. */
  const expectGroups = (found: readonly number[], groups: number, times: number, all: number): void =>
    expect(found).toEqual(Array.from({ length: all }, (_, n) => (n < times ? groups : 0)));

  test.each([
    { lengths: [5, 7], times: 0 },
    { lengths: [budget, 3], times: 0 },
    { lengths: [3, budget + 1], times: 1 },
    { lengths: [3 * budget, 0], times: 2 },
    { lengths: [most, 1], times: 3 },
    { lengths: Array.from({ length: 130 }, (_, i) => i + 2 * budget - 100), times: 2 },
  ])("of lanes $lengths", async ({ lengths, times }) => {
    const target = await open();
    const x = tensor(lengths, { dtype: "int32", target });
    withTarget(target, () => counted(x));
    await target.idle();
    const found = await groupsTold(target, () => withTarget(target, () => void counted(x)));
    expectGroups(found, Math.ceil(lengths.length / 64), times, 3);
  });

  const halved = (x: Tensor, length: Tensor, width: number): Tensor =>
    whileLoop(
      ([n]: Pair) => n.less(length),
      ([n, y]: Pair): Pair => [n.add(1), y.mul(0.5).add(n.cast("float32"))],
      [tensor(0, { dtype: "int32" }), x.mul(ones([width], { dtype: "float32" }))] as Pair,
      { maxSteps: 60_000 },
    )[1];
  // One chain after another.
  const onWorkgroup = compile((x: Tensor, lengths: Tensor) =>
    [0, 1].map((k) => halved(x, lengths.slice([k], [k + 1]).reshape([]), 4096)),
  );
  const onWorkgroups = compile(
    (x: Tensor, lengths: Tensor) => scan((c: Tensor[], n: Tensor) => [c, halved(x, n, 4096)], [], lengths)[1],
  );

  test.each([
    { name: "workgroup", f: onWorkgroup, groups: 1, chains: (ends: number[]): number[] => ends },
    { name: "workgroups", f: onWorkgroups, groups: 2, chains: (ends: number[]): number[] => [Math.max(...ends)] },
  ])("of a $name", async ({ f, groups, chains }) => {
    const target = await open();
    const x = tensor(1, { dtype: "float32", target });
    const lengths = (ends: number[]): Tensor => tensor(ends, { dtype: "int32", target });
    const text = withTarget(target, () => f.inspect(x, lengths([1, 1])));
    const [, times] = /goes on, by \d+ together: \d+ workgroups, (\d+) times/.exec(text)!;
    const [, own] = /var budget\w* = (\d+)i;/.exec(text)!;
    const [all, each] = [Number(times) - 1, Number(own)];
    expect(all).toBeGreaterThan(3);
    for (const ends of [
      [0, each - 1],
      [each, 1],
    ]) {
      withTarget(target, () => f(x, lengths(ends)));
      await target.idle();
      const found = await groupsTold(target, () => withTarget(target, () => void f(x, lengths(ends))));
      // One that has used up its iterations does not know yet that there are no more.
      chains(ends).forEach((end, k) =>
        expectGroups(found.slice(k * all, (k + 1) * all), groups, Math.floor(end / each), all),
      );
      expect(found.length).toBe(chains(ends).length * all);
    }
  });
});
