import { type DType, fori, js, ops, type Target, tensor, type Tensor } from "@dzdt/tensor";
import { extremes } from "@dzdt/tensor/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../device";
import { DeviceError } from "../errors";
import { webgpu, type WebGpuTarget } from "../target";

let gpu: WebGpuTarget;

beforeAll(async () => {
  gpu = await webgpu({ df64: true });
});

afterAll(() => gpu.dispose());

const float64 = (values: ArrayLike<number>, target: Target): Tensor => tensor(Float64Array.from(values), { target });

/** The nearest number that a pair holds. */
function asPair(x: number): number {
  const high = Math.fround(x);
  return Number.isFinite(high) && x !== 0 ? high + Math.fround(x - high) : high;
}

/** Numbers of all sizes whose pairs lose no bits to underflow. */
const numbers = fc
  .tuple(fc.double({ min: 0.5, max: 1, noNaN: true }), fc.integer({ min: -35, max: 35 }), fc.boolean())
  .map(([size, exponent, negative]) => asPair((negative ? -size : size) * 2 ** exponent));

async function agree(f: (...x: Tensor[]) => Tensor, ins: readonly (readonly number[])[], bound: number): Promise<void> {
  const want = f(...ins.map((x) => float64(x, js()))).dataSync();
  const got = await f(...ins.map((x) => float64(x, gpu))).data();
  want.forEach((x, i) => {
    const args = ins.map((values) => values[i]).join(", ");
    if (!Number.isFinite(x) || x === 0) expect(got[i], args).toBe(x);
    else expect(Math.abs(got[i]! - x) / Math.abs(x), `${args}: ${got[i]} for ${x}`).toBeLessThanOrEqual(bound);
  });
}

const twoLists = fc.array(fc.tuple(numbers, numbers), { minLength: 1, maxLength: 200 });
const apart = (pairs: readonly (readonly [number, number])[]): number[][] => [0, 1].map((k) => pairs.map((p) => p[k]!));

describe("arithmetic", () => {
  const operations = { add: ops.add, sub: ops.sub, mul: ops.mul, div: ops.div } as const;
  test.each(Object.entries(operations))("%s is off by some 2⁻⁴⁷ of the result", (_name, f) =>
    fc.assert(
      fc.asyncProperty(twoLists, (pairs) => agree(f as (...x: Tensor[]) => Tensor, apart(pairs), 4 * 2 ** -47)),
      { numRuns: 20 },
    ),
  );

  test("square roots are", () =>
    fc.assert(
      fc.asyncProperty(fc.array(numbers, { minLength: 1 }), (xs) => agree((x) => x.abs().sqrt(), [xs], 2 ** -47)),
      { numRuns: 20 },
    ));

  type Binary = (x: Tensor, y: Tensor) => Tensor;
  const exact: Readonly<Record<string, Binary>> = {
    less: (x, y) => x.less(y),
    "less or equal": (x, y) => x.lessEqual(y),
    equal: (x, y) => x.equal(y),
    minimum: (x, y) => x.minimum(y),
    maximum: (x, y) => x.maximum(y),
    floor: (x) => x.floor(),
    ceil: (x) => x.ceil(),
    round: (x) => x.round(),
    "to int32": (x) => x.cast("int32"),
    "to uint32": (x) => x.cast("uint32"),
    "to float32": (x) => x.cast("float32"),
    "to bool": (x) => x.cast("bool"),
  };
  test.each(Object.entries(exact))("%s is exact", (_name, f) =>
    fc.assert(
      fc.asyncProperty(twoLists, (pairs) => {
        const near = pairs.map(
          ([a, b], i) => [a, i % 3 === 0 ? a : i % 3 === 1 ? asPair(Math.round(a) + 0.5) : b] as const,
        );
        return agree((x, y) => f(y, x), apart(near), 0);
      }),
      { numRuns: 10 },
    ),
  );

  test("what is a bit above −1 is −0 when it is rounded up", async () => {
    const x = float64([-1 + 2 ** -30, 1 - 2 ** -30], gpu);
    expect(Array.from(await x.ceil().data())).toEqual([-0, 1]);
    expect(Array.from(await x.floor().data())).toEqual([-1, 0]);
  });

  test("integers are held exactly", async () => {
    const whole = [0, 1, -1, 65535, 65536, 16777217, -16777217, 2 ** 31 - 1, -(2 ** 31), 123456789];
    expect(await tensor(whole, { dtype: "int32", target: gpu }).cast("float64").data()).toEqual(
      Float64Array.from(whole),
    );
    const words = [4294967295, 4294967041, 2 ** 31, 3];
    expect(await tensor(words, { dtype: "uint32", target: gpu }).cast("float64").data()).toEqual(
      Float64Array.from(words),
    );
  });

  test("infinities, NaN and zeros are what they are elsewhere", async () => {
    const values = extremes.filter((x) => x === 0 || !(Math.abs(x) < 1e-20));
    const pairs = values.flatMap((x) => values.map((y) => [asPair(x), asPair(y)] as const));
    const inRange = pairs.filter(([x, y]) =>
      [x * y, x / y].every((z) => z === 0 || !Number.isFinite(z) || (Math.abs(z) > 1e-20 && Math.abs(z) < 2 ** 126)),
    );
    for (const f of [ops.add, ops.sub, ops.mul, ops.div, ops.minimum, ops.maximum, ops.less, ops.equal])
      await agree(f, apart(inRange), 2 ** -45);
    for (const f of [ops.neg, ops.abs, ops.sqrt, ops.floor, ops.round, ops.exp, ops.log, ops.tanh, ops.sin])
      await agree(f, [values.filter((x) => !(Math.abs(x) > 80 && Number.isFinite(x)))], 2 ** -44);
  });
});

describe("numbers of the host", () => {
  test("come back rounded to pairs", () =>
    fc.assert(
      fc.asyncProperty(fc.array(numbers, { minLength: 200, maxLength: 200 }), async (xs) => {
        expect(await float64(xs, gpu).data()).toEqual(Float64Array.from(xs));
      }),
      { numRuns: 20 },
    ));

  test("are infinite beyond the range of singles", async () => {
    const x = float64([1e300, -1e39, 1e-300, 1], gpu);
    expect(await x.mul(1).data()).toEqual(Float64Array.of(Infinity, -Infinity, 0, 1));
  });

  test("keep their digits beside float64, and take the dtype of float32", async () => {
    expect(await float64([1], gpu).mul(0.1).item()).toBe(asPair(0.1));
    const single = tensor([1], { target: gpu }).mul(0.1);
    expect(single.dtype).toBe<DType>("float32");
    expect(await single.item()).toBe(Math.fround(0.1));
  });
});

describe("loops", () => {
  test("keep both floats from dispatch to dispatch", async () => {
    const f = (target: Target): Tensor =>
      fori(6000, (_i, c: Tensor) => c.mul(1 - 1e-7).add(1e-9), float64([1 / 3], target));
    expect(await f(gpu).item()).toBeCloseTo(await f(js()).item(), 11);
  });
});

describe("the self-test", () => {
  /** A device whose compiler changes what it is given. */
  async function altered(change: (wgsl: string) => string): Promise<GPUDevice> {
    const device = await requestDevice();
    const create = device.createShaderModule.bind(device);
    device.createShaderModule = (descriptor) => create({ ...descriptor, code: change(descriptor.code) });
    return device;
  }

  test("refuses an adapter whose compiler rearranges sums, with what was measured", async () => {
    const device = await altered((wgsl) => wgsl.replaceAll(/let (\w+_low) = .*;/g, "let $1 = 0.0f;"));
    const found = webgpu({ device, df64: true });
    await expect(found).rejects.toThrow(DeviceError);
    await expect(found).rejects.toThrow(
      /df64 cannot be had on this adapter: a sum is off by \d\.\de-\d+ of it.*use the target wasm for float64, or float32 here/,
    );
    device.destroy();
  });

  test("guards sums where a compiler rearranges those that it sees through", async () => {
    const device = await altered((wgsl) =>
      wgsl.replaceAll(/let (\w+)_b = \(\1 - (\S+)\);\n\s*let \1_a = .*;\n.*let \1_low = .*;/g, "let $1_low = 0.0f;"),
    );
    const target = await webgpu({ device, df64: true });
    const x = float64([1, 1 / 3, 2 / 3], target);
    const found = await x.div(3).add(x.sqrt()).sum().data();
    expect(found[0]).toBeCloseTo(2 / 3 + 1 + Math.sqrt(1 / 3) + Math.sqrt(2 / 3), 12);
    expect(x.div(3).dtype).toBe("float64");
    target.dispose();
  });

  test("without the option float64 is refused, and the error names it", async () => {
    const plain = await webgpu();
    expect(() => tensor([1, 2], { target: plain }).cast("float64")).toThrow(/await webgpu\(\{ df64: true \}\)/);
    expect(plain.supports("float64")).toBe(false);
    plain.dispose();
  });
});
