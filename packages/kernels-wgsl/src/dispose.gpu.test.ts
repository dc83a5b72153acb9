import { ones, tensor, type Tensor, zeros } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { expectedSquares, squares } from "../test/squares";
import { requestDevice } from "./device";
import { webgpu } from "./target";

const list = async (x: Tensor): Promise<number[]> => Array.from(await x.data());

test("a target that is gone holds nothing", async () => {
  const target = await webgpu();
  const x = ones([1000], { target }).mul(2);
  await x.data();
  expect(target.memory().buffers).toBeGreaterThan(0);
  target.device.destroy();
  await target.lost;
  const nothing = { buffers: 0, bytes: 0, pooled: 0, working: 0 };
  expect(target.memory()).toEqual(nothing);
  x.dispose();
  expect(target.memory()).toEqual(nothing);
});

/** The buffers of a device that have not been destroyed. */
function buffersOf(device: GPUDevice): ReadonlySet<GPUBuffer> {
  const alive = new Set<GPUBuffer>();
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      alive.delete(buffer);
      return destroy();
    };
    alive.add(buffer);
    return buffer;
  };
  return alive;
}

test("a device that was handed over outlives its target, which leaves nothing on it", async () => {
  const device = await requestDevice();
  const alive = buffersOf(device);
  const errors: string[] = [];
  device.addEventListener("uncapturederror", ({ error }) => errors.push(error.message));
  const target = await webgpu({ device });
  const x = ones([1000], { target });
  const [y, z] = [x.mul(2), x.exp()];
  z.dispose();
  await y.data();
  const gone = /^\w+: the target was disposed; make a new target with await webgpu\(\)/;
  const begun = [y.add(1).data(), x.sin().data()].map((reading) => expect(reading).rejects.toThrow(gone));
  expect(alive.size).toBeGreaterThan(5);
  target.dispose();
  expect(alive.size).toBe(0);
  expect(await target.lost).toEqual({ reason: "destroyed", message: "the target was disposed" });
  await Promise.all(begun);
  await expect(y.data()).rejects.toThrow(gone);
  for (const use of [() => y.add(1), () => tensor([1], { target }), () => zeros([1000], { target })])
    expect(use).toThrow(gone);
  await target.idle();
  y.dispose();
  expect(alive.size).toBe(0);
  expect(await squares(device), "its owner goes on").toEqual(expectedSquares);
  expect(errors).toEqual([]);
  const again = await webgpu({ device });
  expect(await list(ones([3], { target: again }).mul(4))).toEqual([4, 4, 4]);
  again.dispose();
  device.destroy();
});

test("`using` disposes of a target at the end of its block, and its own device with it", async () => {
  let device: GPUDevice;
  {
    using target = await webgpu();
    device = target.device;
    expect(await list(tensor([1, 2], { target }).add(1))).toEqual([2, 3]);
  }
  expect((await device.lost).reason).toBe("destroyed");
});
