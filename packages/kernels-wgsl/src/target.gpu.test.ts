import { add, compile, fori, mul, ones, tensor, type Tensor, wasm, withTarget, zeros } from "@dzdt/tensor";
import { afterEach, expect, test, vi } from "vitest";
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

test("float64 is refused wherever it turns up, with what to do instead", async () => {
  const target = await open();
  const double = tensor([1, 2], { dtype: "float64" });
  const uses: Readonly<Record<string, () => unknown>> = {
    tensor: () => tensor([1, 2], { dtype: "float64", target }),
    to: () => double.to(target),
    cast: () => tensor([1, 2], { target }).cast("float64"),
    compile: () => compile((x: Tensor) => x.mul(2), { target })(double),
  };
  for (const [name, use] of Object.entries(uses))
    expect(use, name).toThrow(
      /float64.*use the target wasm for it, or float32, .*cast\(x, "float32"\), or await webgpu\(\{ df64: true \}\)/,
    );
});

test("numbers cannot be had at once, and the error names data()", async () => {
  const target = await open();
  expect(() => tensor([1, 2], { target }).add(1).dataSync()).toThrow(/webgpu cannot be waited for; use await data\(\)/);
  expect(() => tensor([1, 2], { target }).arraySync()).toThrow(/^arraySync: .*; use await array\(\)/);
  expect(() => ones([], { target }).add(1).itemSync()).toThrow(/^itemSync: .*; use await item\(\)/);
});

test("tensors of two targets do not mix, and the error says what brings them together", async () => {
  const [target, another] = await Promise.all([open(), open()]);
  const [x, y] = [tensor([1, 2], { target }), tensor([[3], [4]], { target: another })];
  expect(() => add(x, tensor([1]))).toThrow(
    "add: tensors on webgpu and on wasm do not mix; move the one on wasm with to(target)",
  );
  const copying = "tensor(await x.data(), { target }).reshape(x.shape)";
  expect(() => add(x, y)).toThrow(
    `add: tensors on two targets named webgpu do not mix (float32[2] on one, float32[2, 1] on the other); ` +
      `use one target for all, or copy one of them with ${copying}`,
  );
  const far = `float32[2, 1] on webgpu cannot be copied to another target named webgpu at once, as its numbers must be waited for; use ${copying}`;
  expect(() => y.to(target)).toThrow(`to: ${far}`);
  expect(() => compile((z: Tensor) => z.mul(2), { target })(y)).toThrow(`compile: ${far}`);
  expect(() => y.to(wasm())).toThrow("to: float32[2, 1] on webgpu cannot be copied to wasm at once");
  const copy = tensor(await y.data(), { target }).reshape(y.shape);
  expect(await list(add(x, copy))).toEqual([4, 5, 5, 6]);
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

test("a device that is destroyed while its numbers are on their way is reported by data", async () => {
  const target = await open();
  const x = tensor([1, 2, 3], { target }).mul(2);
  await x.data();
  const read = x.data();
  target.device.destroy();
  await expect(read).rejects.toThrow(/mul: the WebGPU device is lost \(destroyed/);
});

test("what the device refuses rejects where the numbers are awaited, with the program's name", async () => {
  const target = await open();
  const x = ones([1000], { target });
  (x.storage as { buffer: GPUBuffer }).buffer.destroy();
  await expect(x.mul(2).data()).rejects.toThrow(/mul: the WebGPU device refused it/);
  await expect(ones([3], { target }).data()).resolves.toEqual(Float32Array.of(1, 1, 1));
});

/** The device says once that it has no memory for what it is asked for. */
function runOut(device: GPUDevice): void {
  const pop = device.popErrorScope.bind(device);
  device.popErrorScope = () => {
    // The scope of memory is the inner one.
    device.popErrorScope = pop;
    return pop().then(() => ({ message: "no memory left" }));
  };
}

test("running out of memory rejects where the numbers are awaited, with the program's name and what to do", async () => {
  const target = await open();
  const x = ones([1000], { target });
  const double = compile(function double(x: Tensor) {
    return x.mul(2);
  });
  runOut(target.device);
  const y = double(x);
  const z = y.add(1);
  await expect(y.data()).rejects.toThrow(
    /double: the WebGPU device is out of memory \(no memory left\): tensors hold \d+ bytes.*dispose\(\)/,
  );
  await expect(z.data(), "what is computed from it").rejects.toThrow(/double: the WebGPU device is out of memory/);
  y.dispose();
  expect((await double(x).data())[999]).toBe(2);
});

test("running out of memory later, when a run needs a new buffer, is told too", async () => {
  const target = await open();
  const x = ones([1000], { target });
  const kept = [x.mul(2)];
  await kept[0]!.data();
  runOut(target.device);
  await expect(x.mul(2).data()).rejects.toThrow(/mul: the WebGPU device is out of memory/);
  expect(Array.from(await x.mul(2).slice([0], [2]).data())).toEqual([2, 2]);
});

test("numbers that no buffer can hold are refused before anything runs", async () => {
  const target = await open();
  const { maxBufferSize } = target.device.limits;
  const limits = Object.create(target.device.limits, { maxBufferSize: { value: 4096 } }) as GPUSupportedLimits;
  Object.defineProperty(target.device, "limits", { value: limits });
  expect(() => tensor(new Float32Array(2000), { target })).toThrow(
    /tensor: float32\[2000\] has 8000 bytes and a buffer of this device has at most 4096; use several tensors/,
  );
  expect(maxBufferSize).toBeGreaterThan(4096);
});

test("scalars of a call go to the device in one write, and none where there is nothing to write", async () => {
  const target = await open();
  const { queue } = target.device;
  const write = queue.writeBuffer.bind(queue);
  let writes = 0;
  queue.writeBuffer = (...args: Parameters<GPUQueue["writeBuffer"]>) => {
    writes++;
    write(...args);
  };
  const many = compile((x: Tensor, ...scalars: Tensor[]) => scalars.reduce((sum, s) => sum.add(s), x));
  const x = ones([1000], { target });
  const scalars = Array.from({ length: 12 }, (_, k) => tensor(k, { target }));
  await many(x, ...scalars).data();
  writes = 0;
  const y = many(x, ...scalars);
  expect(writes).toBe(1);
  expect((await y.data())[999]).toBe(67);
  await x.exp().data();
  expect(writes).toBe(1);
});

/** No kernel is compiled before `go` is called. */
function compilingLate(): { go: () => void } {
  const waiting: (() => void)[] = [];
  const timer = vi.spyOn(globalThis, "setTimeout").mockImplementation((run: () => void) => {
    waiting.push(run);
    return 0 as unknown as NodeJS.Timeout;
  });
  return {
    go: () => {
      timer.mockRestore();
      for (const run of waiting) setTimeout(run);
    },
  };
}

test("a call returns before its kernels are compiled, and what is asked for meanwhile is done in order", async () => {
  const target = await open();
  const x = ones([1000], { target }).mul(3);
  await x.data();
  const { go } = compilingLate();
  const y = x.add(1).exp();
  const read = y.data();
  // What has the memory of y from here on comes after y was read.
  y.dispose();
  const others = [1, 2, 3].map((k) => x.mul(k));
  const uploaded = tensor(new Float32Array(1000).fill(0.5), { target });
  const sum = uploaded.add(others[2]!);
  x.dispose();
  uploaded.dispose();
  go();
  expect((await read)[999]).toBeCloseTo(Math.exp(4), 4);
  for (const [k, other] of others.entries()) expect((await other.data())[500]).toBe(3 * (k + 1));
  expect((await sum.data())[0]).toBe(9.5);
});

test("a device that is lost while it compiles is reported, and nothing waits for it for ever", async () => {
  const target = await open();
  const { go } = compilingLate();
  const y = ones([10], { target }).mul(3);
  const read = y.data();
  target.device.destroy();
  await expect(read).rejects.toThrow(/mul: the WebGPU device is lost/);
  await target.idle();
  go();
});

test("a kernel that the device refuses rejects with the program's name, and is compiled anew when it is wanted again", async () => {
  const target = await open();
  const { device } = target;
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => create({ ...descriptor, code: `${descriptor.code}\nnonsense` });
  const x = ones([1000], { target });
  const triple = compile(function triple(x: Tensor) {
    return x.mul(3);
  });
  const y = triple(x);
  await expect(y.data()).rejects.toThrow(/triple: the WebGPU device refused it: [^]*nonsense/);
  await expect(y.add(1).data(), "what is computed from it").rejects.toThrow(/triple: the WebGPU device refused it/);
  device.createShaderModule = create;
  expect((await triple(x).data())[999]).toBe(3);
});

test("a program is one submit, its first run too", async () => {
  const target = await open();
  const { queue } = target.device;
  const submit = queue.submit.bind(queue);
  let submits = 0;
  queue.submit = (commands) => {
    submits++;
    submit(commands);
  };
  const sums = compile((x: Tensor) => x.reshape([10, 100]).exp().sum(1).cumsum().mul(x.max()));
  const x = ones([1000], { target });
  for (let run = 0; run < 2; run++) {
    const y = sums(x);
    await target.idle();
    expect(submits).toBe(1);
    y.dispose();
    submits = 0;
  }
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
  const many = 2 ** 15;
  expect(() => withTarget(target, () => zeros([many, 1]).add(ones([1, many])))).toThrow(
    /add: the program needs \d+ bytes of memory.*at most \d+/,
  );
});

test("loops run on the device however long they are", async () => {
  const target = await open();
  const f = compile((x: Tensor) => fori(5000, (_i, c: Tensor) => mul(c, 1.0001), x));
  const [value] = await list(f(tensor([1], { target })));
  expect(value).toBeCloseTo(Math.fround(1.0001) ** 5000, 3);
});
