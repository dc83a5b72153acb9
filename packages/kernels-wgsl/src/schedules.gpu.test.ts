import {
  compile,
  fori,
  linalg,
  logsumexp,
  matmul,
  max,
  scan,
  sum,
  type Tensor,
  tensor,
  wasm,
  whileLoop,
  withTarget,
  type Target,
} from "@dzdt/tensor";
import { afterAll, describe, expect, test } from "vitest";
import { webgpu, type WebGpuTarget } from "./target";

let opened: Promise<WebGpuTarget> | undefined;
const open = (): Promise<WebGpuTarget> => (opened ??= webgpu());

afterAll(async () => (await opened)?.dispose());

/** Small whole numbers and quarters: their products and sums are exact. */
const numbers = (shape: readonly number[], target: Target): Tensor => {
  const size = shape.reduce((product, n) => product * n, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => (((i * 7919) % 23) - 11) / 4),
    { target },
  ).reshape(shape);
};

async function both(run: (target: Target) => Tensor): Promise<[found: number[], expected: number[]]> {
  const target = await open();
  const on = async (where: Target): Promise<number[]> => Array.from(await withTarget(where, () => run(where)).data());
  return [await on(target), await on(wasm())];
}

describe("products by tiles", () => {
  test.each([
    [
      [64, 16],
      [16, 64],
    ],
    [
      [65, 33],
      [33, 70],
    ],
    [
      [100, 5],
      [5, 200],
    ],
    [
      [3, 40, 50],
      [3, 50, 30],
    ],
    [
      [2, 2, 33, 17],
      [2, 2, 17, 65],
    ],
  ])("%j times %j", async (a, b) => {
    const [found, expected] = await both((target) => matmul(numbers(a, target), numbers(b, target)));
    expect(found).toEqual(expected);
  });

  test("of transposed operands", async () => {
    const [found, expected] = await both((target) =>
      compile((a: Tensor, b: Tensor) => matmul(a.transpose(), b.transpose()))(
        numbers([33, 70], target),
        numbers([66, 33], target),
      ),
    );
    expect(found).toEqual(expected);
  });

  test("are chosen where results are large", async () => {
    const target = await open();
    const text = compile((a: Tensor, b: Tensor) => matmul(a, b)).inspect(
      numbers([128, 16], target),
      numbers([16, 64], target),
    );
    expect(text).toMatch(/contract: 2 workgroups/);
    expect(text).toMatch(/workgroupBarrier/);
  });
});

test.each([33, 1000, 1024, 5000])(
  "folds of %i terms are shared among invocations and give the bits of wasm",
  async (n) => {
    const [found, expected] = await both((target) => {
      const x = numbers([3, n], target).mul(0.37);
      return sum(x, 1).add(max(x, 1)).add(logsumexp(x, 1).round());
    });
    expect(found).toEqual(expected);
  },
);

test("lines of scans and sorts, and matrices of a batch, are invocations with working memory of their own", async () => {
  const run = (target: Target): Tensor[] => {
    const x = numbers([5, 7, 6], target);
    const eye = tensor([5, 1, 0, 1, 6, 1, 0, 1, 7], { target }).reshape([1, 3, 3]);
    const a = numbers([4, 3, 3], target).mul(0.25).add(eye);
    return [
      x.cumsum(1),
      x.sort(0),
      x.argsort(2),
      linalg.inv(a),
      linalg.qr(a)[1],
      linalg.eigh(a.matmul(a.transpose([0, 2, 1])))[0],
    ];
  };
  const target = await open();
  const expected = withTarget(wasm(), () => run(wasm()));
  const found = withTarget(target, () => run(target));
  for (const [k, x] of found.entries()) {
    const [ours, theirs] = [Array.from(await x.data()), Array.from(expected[k]!.dataSync())];
    ours.forEach((value, i) => expect(value).toBeCloseTo(theirs[i]!, 4));
  }
  expect(compile((x: Tensor) => x.cumsum(1)).inspect(numbers([5, 7, 6], target))).toMatch(/cumsum of each line: 1 /);
});

test("a long loop is a chain of dispatches that goes on where it stopped", async () => {
  const run = (): Tensor =>
    compile(
      (x: Tensor) =>
        whileLoop(
          (c: Tensor[]) => c[0]!.less(9000),
          (c: Tensor[]) => [c[0]!.add(1), c[1]!.add(c[0]!.cast("float32").mul(0).add(1))],
          [x.cast("int32"), x],
          { maxSteps: 20_000 },
        )[1]!,
    )(tensor(0));
  const [found, expected] = await both(run);
  expect(found).toEqual(expected);
  expect(found).toEqual([9000]);
  const target = await open();
  const text = withTarget(target, () =>
    compile((x: Tensor) => fori(20_000, (_i, c: Tensor) => c.mul(0.5), x)).inspect(tensor(1)),
  );
  expect(Number(/goes on: .* (\d+) times/.exec(text)![1])).toBeGreaterThan(2);
});

test("loops that gather rows over a long run keep them all", async () => {
  const [found, expected] = await both(() =>
    compile((x: Tensor) => scan((c: Tensor) => [c.add(1), c], x, undefined, { length: 6000 })[1])(tensor(0)),
  );
  expect(found).toEqual(expected);
});
