import { compile, fori, ones, type Tensor, tensor } from "@dzdt/tensor";
import { afterAll, expect, test } from "vitest";
import { gpuSources } from "../gpuSources";
import { webgpu, type WebGpuTarget } from "../target";

let opened: Promise<WebGpuTarget> | undefined;
const open = (): Promise<WebGpuTarget> => (opened ??= webgpu());

afterAll(async () => (await opened)?.dispose());

async function someAdapter(): Promise<GPUAdapter> {
  for (const source of gpuSources) {
    const adapter = await (await source.load())?.requestAdapter();
    if (adapter) return adapter;
  }
  throw new Error("no adapter");
}

test("programs are timed kernel by kernel, where the adapter has timestamp-query", async () => {
  const target = await open();
  expect(target.device.features.has("timestamp-query")).toBe((await someAdapter()).features.has("timestamp-query"));
  const f = compile(function powers(x: Tensor) {
    return x.matmul(x).matmul(x).matmul(x).cumsum(0);
  });
  const x = ones([48, 48], { target }).mul(1 / 48);
  f(x);
  const { wallMs, gpuMs, kernels } = await target.time(async () => {
    f(x).dispose();
    await f(x).data();
  });
  f(x);
  if (!target.device.features.has("timestamp-query")) {
    expect([gpuMs, kernels]).toEqual([undefined, []]);
    return;
  }
  const once = ["contract", "contract", "contract", "cumsum of each line"].map((kernel) => ({
    program: "powers",
    kernel,
    dispatches: 1,
  }));
  expect(kernels.map(({ program, kernel, dispatches }) => ({ program, kernel, dispatches }))).toEqual([
    ...once,
    ...once,
  ]);
  const sum = kernels.reduce((total, { ms }) => total + ms, 0);
  expect(kernels.every(({ ms }) => ms >= 0)).toBe(true);
  expect(gpuMs).toBeGreaterThanOrEqual(sum * (1 - 1e-9));
  expect(gpuMs).toBeGreaterThan(0);
  expect(gpuMs).toBeLessThanOrEqual(wallMs);
});

test("a device without timestamp-query tells the time on the wall alone", async () => {
  const target = await webgpu({ device: await (await someAdapter()).requestDevice() });
  const { wallMs, ...rest } = await target.time(() => ones([8], { target }).mul(2));
  expect(rest).toEqual({ gpuMs: undefined, kernels: [] });
  expect(wallMs).toBeGreaterThan(0);
  target.dispose();
});

test("a device that the target found itself does not round its times", async () => {
  const target = await open();
  const f = compile((x: Tensor) => x.matmul(x).sum(0).cumsum(0));
  const x = ones([4, 4], { target });
  f(x);
  const { kernels } = await target.time(() => [1, 2, 3, 4].forEach(() => f(x).dispose()));
  // Dawn would, to multiples of 2¹⁶ ns.
  if (kernels.length > 0) expect(kernels.some(({ ms }) => Math.round(ms * 1e6) % 2 ** 16 !== 0)).toBe(true);
});

test("there may be more kernels than one set of queries has room for", async () => {
  const target = await open();
  const f = compile((x: Tensor) => x.matmul(x).sum(0).cumsum(0));
  const x = ones([4, 4], { target });
  const { kernels } = await target.time(() => f(x));
  const runs = Math.ceil(2100 / kernels.length);
  const many = await target.time(() => {
    for (let i = 0; i < runs; i++) f(x).dispose();
  });
  const names = (list: typeof kernels): string[] => list.map(({ kernel }) => kernel);
  expect(names(many.kernels)).toEqual(Array.from({ length: runs }, () => names(kernels)).flat());
  const sum = many.kernels.reduce((total, { ms }) => total + ms, 0);
  if (many.gpuMs !== undefined) expect(many.gpuMs).toBeGreaterThanOrEqual(sum * (1 - 1e-9));
});

test("dispatches of a long loop are told as one", async () => {
  const target = await open();
  const f = compile((x: Tensor) => fori(20_000, (_, y: Tensor) => y.mul(0.5).add(1), x));
  const x = ones([3], { target });
  const dispatches = Number(/goes on: 1 workgroups, (\d+) times/.exec(f.inspect(x))![1]);
  f(x);
  const { kernels } = await target.time(() => f(x));
  if (kernels.length > 0)
    expect(kernels.filter(({ kernel }) => kernel.endsWith("goes on"))).toMatchObject([{ dispatches }]);
});

test("results are right while they are timed", async () => {
  const target = await open();
  const f = compile((x: Tensor, a: number) => x.matmul(x).mul(a).sum(0).exp().cumsum(0));
  const x = tensor([0.5, -0.25, 1, 0.125], { target }).reshape([2, 2]);
  const plain = await f(x, 0.5).data();
  let timed: unknown;
  await target.time(async () => (timed = await f(x, 0.5).data()));
  expect(timed).toEqual(plain);
});

test("errors of the work are those of time, and what comes after is timed again", async () => {
  const target = await open();
  const wrong = new Error("wrong");
  await expect(target.time(() => Promise.reject(wrong))).rejects.toBe(wrong);
  const slow = target.time(() => new Promise((resolve) => setTimeout(resolve, 20)));
  await expect(target.time(() => target.time(() => undefined))).rejects.toThrow(
    /time: the target is timing other work/,
  );
  expect((await slow).kernels).toEqual([]);
  expect((await target.time(() => undefined)).gpuMs ?? 0).toBe(0);
});

test("on a device without a clock, too, one work at a time is timed", async () => {
  const target = await webgpu({ device: await (await someAdapter()).requestDevice() });
  await expect(target.time(() => target.time(() => undefined))).rejects.toThrow(
    /time: the target is timing other work/,
  );
  expect((await target.time(() => undefined)).gpuMs).toBeUndefined();
  target.dispose();
});

test("a device that is lost while its times are read is told as lost", async () => {
  const target = await webgpu();
  const f = compile((x: Tensor) => x.matmul(x).sum(0));
  const x = ones([4, 4], { target });
  f(x);
  const { device } = target;
  const create = device.createCommandEncoder.bind(device);
  const timed = target.time(async () => {
    f(x);
    await target.idle();
    // What is encoded next reads the clock.
    device.createCommandEncoder = (descriptor) => {
      queueMicrotask(() => device.destroy());
      return create(descriptor);
    };
  });
  if (device.features.has("timestamp-query")) await expect(timed).rejects.toThrow(/time: the WebGPU device is lost/);
  else target.dispose();
});

test("a target that was disposed times nothing", async () => {
  const target = await webgpu();
  target.dispose();
  await expect(target.time(() => undefined)).rejects.toThrow(/time: the target was disposed/);
});
