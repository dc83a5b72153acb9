import { grad } from "@dzdt/autograd";
import {
  conv1d,
  conv2d,
  convTranspose2d,
  type Shape,
  type Target,
  tensor,
  type Tensor,
  wasm,
  withTarget,
} from "@dzdt/tensor";
import { afterAll, expect, test } from "vitest";
import { gpu } from "./webgpu-target";

afterAll(async () => (await gpu()).dispose());

/** Quarters: their products and sums are exact, in any order. */
const quarters = (shape: Shape, seed: number): Tensor => {
  const size = shape.reduce((product, n) => product * n, 1);
  return tensor(Float32Array.from({ length: size }, (_, i) => ((((i + seed) * 7919) % 23) - 11) / 4)).reshape(shape);
};

const cases: readonly (readonly [string, Shape, Shape, (x: Tensor, kernels: Tensor) => Tensor])[] = [
  ["conv1d", [3, 4, 20], [6, 2, 5], (x, k) => conv1d(x, k, { stride: 2, padding: [[2, 1]], groups: 2 })],
  ["conv2d", [2, 3, 9, 10], [5, 3, 3, 3], (x, k) => conv2d(x, k, { padding: "same" })],
  ["conv2d, strides", [2, 4, 9, 10], [6, 2, 3, 2], (x, k) => conv2d(x, k, { stride: 2, dilation: 2, groups: 2 })],
  ["convTranspose2d", [2, 4, 5, 6], [4, 3, 4, 4], (x, k) => convTranspose2d(x, k, { stride: 2, padding: 1 })],
];

test.each(cases)("%s and its gradients are on a GPU what they are on wasm", async (_name, xShape, kernelShape, f) => {
  const resultsOn = async (target: Target): Promise<number[][]> => {
    const results = withTarget(target, () => {
      const [x, kernels] = [quarters(xShape, 1), quarters(kernelShape, 2)];
      const loss = (a: Tensor, b: Tensor): Tensor => f(a, b).mul(0.25).square().sum();
      return [f(x, kernels), ...grad(loss, [0, 1])(x, kernels)];
    });
    // Zeros without their signs: what a sum begins with is not settled.
    return Promise.all(results.map(async (x) => Array.from(await x.data(), (value) => value + 0)));
  };
  expect(await resultsOn(await gpu())).toEqual(await resultsOn(wasm()));
});
