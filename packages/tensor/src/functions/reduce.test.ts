import { describe, expect, test } from "vitest";
import { js } from "../targets/js";
import { wasm } from "../targets/wasm";
import { withTarget } from "../targets/default";
import { mul, sub } from "./arithmetic";
import { arange, ones, tensor, zeros } from "./create";
import { all, any, argmax, argmin, logsumexp, max, min, prod, sum } from "./reduce";
import { logSoftmax, mean, norm, softmax, std, variance } from "./statistics";
import { reshape } from "./structure";
import { derivative } from "./testing/forward";

const close = (x: { dataSync(): ArrayLike<number> }, values: readonly number[], digits = 5): void => {
  const got = x.dataSync();
  expect(got.length).toBe(values.length);
  values.forEach((value, i) =>
    Number.isFinite(value) ? expect(got[i]).toBeCloseTo(value, digits) : expect(got[i]).toBe(value),
  );
};

describe.each([js(), wasm()])("reductions on $name", (target) => {
  const on = (name: string, body: () => void): void => test(name, () => withTarget(target, body));
  const grid = (): ReturnType<typeof reshape> => reshape(arange(6), [2, 3]);

  on("sum and prod", () => {
    expect(sum(grid()).arraySync()).toBe(15);
    expect(sum(grid(), 0).arraySync()).toEqual([3, 5, 7]);
    expect(sum(grid(), -1, { keepDims: true }).arraySync()).toEqual([[3], [12]]);
    expect(sum(tensor([true, true]))).toMatchObject({ dtype: "int32" });
    expect(sum(tensor([true, true])).arraySync()).toBe(2);
    expect(sum(tensor([2 ** 31 - 1, 1], { dtype: "int32" })).arraySync()).toBe(-(2 ** 31));
    expect(sum(zeros([0, 2]), 0).arraySync()).toEqual([0, 0]);
    expect(sum(tensor(3)).arraySync()).toBe(3);
    expect(prod(tensor([2, 3, 4])).arraySync()).toBe(24);
    expect(prod(zeros([0])).arraySync()).toBe(1);
  });
  on("sums of many floats stay exact to the last digits", () => {
    const n = 40_000;
    const values = Float32Array.from({ length: n }, (_, i) => Math.fround(Math.sin(i) + 1));
    const exact = values.reduce((a, b) => a + b, 0);
    expect(Math.abs(sum(tensor(values)).itemSync() - exact) / exact).toBeLessThan(3e-7);
  });
  on("max, min and where they are", () => {
    const x = tensor([
      [1, 3, 3],
      [NaN, 0, NaN],
    ]);
    expect(max(x, 1).arraySync()).toEqual([3, NaN]);
    expect(min(grid(), 0).arraySync()).toEqual([0, 1, 2]);
    expect(argmax(x, 1).arraySync()).toEqual([1, 0]);
    expect(argmin(x, 1, { keepDims: true }).arraySync()).toEqual([[0], [0]]);
    expect(argmin(tensor([2, -Infinity, -Infinity])).arraySync()).toBe(1);
    expect(argmax(grid()).arraySync()).toBe(5);
    expect(argmax(tensor([false, true, true]))).toMatchObject({ dtype: "int32" });
    expect(argmax(tensor([false, true, true])).arraySync()).toBe(1);
    expect(max(tensor([0, 2 ** 32 - 1], { dtype: "uint32" })).arraySync()).toBe(2 ** 32 - 1);
    expect(max(zeros([3, 0]), 0).shape).toEqual([0]);
  });
  on("any and all", () => {
    expect(any(grid(), 1).arraySync()).toEqual([true, true]);
    expect(all(grid(), 1).arraySync()).toEqual([false, true]);
    expect([any(zeros([0])).arraySync(), all(zeros([0])).arraySync()]).toEqual([false, true]);
  });
  on("mean, variance and std", () => {
    expect(mean(grid())).toMatchObject({ dtype: "float32" });
    close(mean(grid(), 0), [1.5, 2.5, 3.5]);
    close(variance(grid()), [35 / 12]);
    close(variance(grid(), 1, { ddof: 1, keepDims: true }), [1, 1]);
    close(std(tensor([1, 3])), [1]);
    close(std(tensor([2, 2])), [0]);
  });
  on("logsumexp, softmax and logSoftmax neither overflow nor lose −∞", () => {
    close(logsumexp(tensor([1000, 1000])), [1000 + Math.log(2)], 3);
    close(logsumexp(tensor([-Infinity, -Infinity])), [-Infinity]);
    close(logsumexp(tensor([Infinity, 1])), [Infinity]);
    close(logsumexp(zeros([0])), [-Infinity]);
    close(softmax(tensor([1000, 1000, -Infinity])), [0.5, 0.5, 0]);
    close(softmax(tensor(3)), [1]);
    for (const share of [softmax, logSoftmax])
      for (const greatest of [Infinity, NaN]) close(share(tensor([greatest, 1, -Infinity])), [NaN, NaN, NaN]);
    close(softmax(tensor([-Infinity, -Infinity])), [NaN, NaN]);
    close(
      logSoftmax(
        tensor([
          [0, -200],
          [0, 0],
        ]),
      ),
      [0, -200, -Math.LN2, -Math.LN2],
      4,
    );
  });
  on("norms do not overflow", () => {
    close(norm(tensor([3, 4])), [5]);
    expect(norm(tensor([3e30, 4e30])).itemSync() / 5e30).toBeCloseTo(1, 5);
    expect(norm(tensor([3e-30, 4e-30])).itemSync() / 5e-30).toBeCloseTo(1, 5);
    close(norm(zeros([2])), [0]);
    close(norm(zeros([0])), [0]);
    close(
      norm(
        tensor([
          [3, -4],
          [0, 1],
        ]),
        1,
        { keepDims: true },
      ),
      [5, 1],
    );
    // 3, 4 and 5 times any power of two: nothing is rounded.
    for (const [dtype, exponents] of [
      ["float32", [-147, -100, -49, -33, 0, 47, 48, 100, 125]],
      ["float64", [-1072, -700, -417, -65, 0, 127, 128, 500, 1021]],
    ] as const)
      for (const exponent of exponents) {
        const [x, y] = [3 * 2 ** exponent, -4 * 2 ** exponent];
        expect(norm(tensor([x, y], { dtype })).itemSync()).toBe(5 * 2 ** exponent);
        const rows = tensor(
          [
            [x, y],
            [0, 0],
            [NaN, y],
            [5, 12],
          ],
          { dtype },
        );
        expect(norm(rows, 1).arraySync()).toEqual([5 * 2 ** exponent, 0, NaN, 13]);
      }
    close(norm(tensor([3, -4]), undefined, { ord: 1 }), [7]);
    close(norm(tensor([3, -4]), undefined, { ord: Infinity }), [4]);
    close(norm(tensor([Infinity, 1])), [Infinity]);
    expect(() => norm(zeros([2]), 0, { ord: 3 })).toThrow(
      "norm: order 3 is not offered; give ord 1, 2, Infinity or -Infinity",
    );
  });
  on("derivatives are 0, not NaN, where a root or a sum vanishes", () => {
    close(derivative((x) => norm(x))(zeros([2])), [0]);
    close(derivative((x) => std(x))(ones([3])), [0]);
    close(derivative((x) => logsumexp(sub(x, Infinity)))(zeros([2])), [0]);
    close(derivative((x) => norm(x))(tensor([3, 4])), [1.4]);
    close(derivative((x) => sum(mul(softmax(x), tensor([1, 2]))))(tensor([0.5, 2])), [0]);
    close(derivative((x) => max(x))(tensor([2, 2, 1])), [1]);
  });
  on("what has no elements has no greatest", () => {
    expect(() => max(zeros([2, 0]), 1)).toThrow(
      "max: a tensor of shape [2, 0] has no elements along axes [1]; give it at least one there",
    );
    expect(() => sum(zeros([2]), [0, 0])).toThrow("sum: axes [0, 0] name one axis twice; give each axis once");
    expect(() => argmax(zeros([2]), 1)).toThrow("argmax: axis 1 of a tensor with 1 axes; give an integer from -1 to 0");
  });
});

test("twenty million float32 ones add up exactly", { timeout: 60_000 }, () => {
  withTarget(wasm(), () => expect(sum(ones([20_000_000])).itemSync()).toBe(20_000_000));
});
