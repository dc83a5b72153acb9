import { add, compile, fori, mul, ones, tensor, type Tensor, withTarget, zeros } from "@dzdt/tensor";
import { afterEach, expect, test } from "vitest";
import { DeviceError } from "./errors";
import { webgpu, type WebGpuTarget } from "./target";

const opened: WebGpuTarget[] = [];

afterEach(() => {
  for (const target of opened.splice(0)) target.dispose();
});

async function open(...args: Parameters<typeof webgpu>): Promise<WebGpuTarget> {
  const target = await webgpu(...args);
  opened.push(target);
  return target;
}

const list = async (x: Tensor): Promise<number[]> => Array.from(await x.data());

test("eager operations compute on the device, and data brings the numbers back", async () => {
  const target = await open();
  const x = tensor([1, 2, 3], { target });
  expect(await list(x.mul(x).add(1))).toEqual([2, 5, 10]);
  expect(await list(x.less(2))).toEqual([1, 0, 0]);
  expect(await list(tensor([5, -7], { dtype: "int32", target }).div(2))).toEqual([2.5, -3.5]);
});

test("a compiled program takes numbers and tensors of other targets", async () => {
  const target = await open();
  const f = compile((x: Tensor, n: number) => x.mul(n), { target });
  expect(await list(f(tensor([1, 2]), 3))).toEqual([3, 6]);
  expect(await list(f(tensor([1, 2]), 0.5))).toEqual([0.5, 1]);
});

test("inspect prints the tape and the WGSL of its kernels", async () => {
  const target = await open();
  const f = compile((x: Tensor) => x.mul(2).add(1).sum());
  const text = f.inspect(tensor([1, 2, 3], { target }));
  expect(text).toMatch(/float32\[3\]/);
  expect(text).toMatch(/@compute @workgroup_size/);
});

test("float64 is refused with what to do instead", async () => {
  const target = await open();
  expect(() => tensor([1, 2], { dtype: "float64", target })).toThrow(/float64.*webgpu|webgpu.*float64/);
  expect(() => tensor([1, 2], { target }).cast("float64")).toThrow(
    /use the target wasm for it, or cast\(x, "float32"\)/,
  );
});

test("numbers cannot be had at once, and the error names data()", async () => {
  const target = await open();
  expect(() => tensor([1, 2], { target }).add(1).dataSync()).toThrow(/webgpu cannot be waited for; use await data\(\)/);
});

test("tensors of two targets do not mix", async () => {
  const target = await open();
  expect(() => add(tensor([1], { target }), tensor([1]))).toThrow(/webgpu and on wasm do not mix/);
});

test("a destroyed device is reported by lost, by programs and by data", async () => {
  const target = await open();
  const x = tensor([1, 2, 3], { target }).mul(2);
  target.device.destroy();
  expect((await target.lost).reason).toBe("destroyed");
  expect(() => x.add(1)).toThrow(DeviceError);
  await expect(x.data()).rejects.toThrow(
    /the WebGPU device is lost \(destroyed.*make a new target with await webgpu\(\)/,
  );
});

test("what the device refuses rejects where the numbers are awaited, with the program's name", async () => {
  const target = await open();
  const x = ones([1000], { target });
  (x.storage as { buffer: GPUBuffer }).buffer.destroy();
  await expect(x.mul(2).data()).rejects.toThrow(/mul: the WebGPU device refused it/);
  await expect(ones([3], { target }).data()).resolves.toEqual(Float32Array.of(1, 1, 1));
});

test("a device that was made elsewhere serves as it is", async () => {
  const { device } = await open();
  const target = await webgpu({ device });
  expect(await list(tensor([1, 2], { target }).neg())).toEqual([-1, -2]);
});

test("the memory of tensors that are given back is used again", async () => {
  const target = await open();
  const x = ones([1000], { target });
  const before = target.memory();
  for (let n = 0; n < 100; n++) x.add(n).dispose();
  const { bytes, pooled } = target.memory();
  expect(bytes).toBe(before.bytes);
  expect(pooled).toBeGreaterThan(0);
});

test("a disposed tensor can not be used again, and the error says so", async () => {
  const target = await open();
  const x = ones([1000], { target });
  x.dispose();
  expect(() => x.add(1)).toThrow(/float32\[1000\] tensor was disposed/);
  await expect(x.data()).rejects.toThrow(/disposed/);
});

test("a program that needs more memory than a buffer may have says how much", async () => {
  const target = await open();
  const huge = 2 ** 30;
  expect(() => withTarget(target, () => zeros([huge]).add(1))).toThrow(/needs \d+ bytes of memory.*at most \d+/);
});

test("loops run on the device however long they are", async () => {
  const target = await open();
  const f = compile((x: Tensor) => fori(5000, (_i, c: Tensor) => mul(c, 1.0001), x));
  const [value] = await list(f(tensor([1], { target })));
  expect(value).toBeCloseTo(Math.fround(1.0001) ** 5000, 3);
});
