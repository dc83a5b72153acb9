import { grad, vmap } from "@dzdt/autograd";
import { checkGrads } from "@dzdt/autograd/testing";
import {
  compile,
  conv1d,
  conv2d,
  convTranspose2d,
  type ConvolutionOptions,
  random,
  type Shape,
  stack,
  type Tensor,
} from "@dzdt/tensor";
import { assertClose, derivatives } from "@dzdt/tensor/testing";
import { describe, expect, test } from "vitest";

const normal = (seed: number, shape: Shape): Tensor => random.normal(random.key(seed), shape, { dtype: "float64" });

const cases: readonly (readonly [
  string,
  (x: Tensor, kernels: Tensor, options?: ConvolutionOptions) => Tensor,
  x: Shape,
  kernels: Shape,
  ConvolutionOptions,
])[] = [
  ["conv1d", conv1d, [2, 2, 6], [3, 2, 3], { padding: [[2, 1]], dilation: 2 }],
  ["conv1d, strides", conv1d, [2, 4, 7], [2, 2, 2], { stride: 3, groups: 2 }],
  ["conv2d", conv2d, [2, 2, 4, 3], [3, 2, 2, 2], { padding: "same" }],
  ["conv2d, strides", conv2d, [1, 4, 5, 4], [2, 2, 3, 1], { stride: [2, 1], padding: 1, groups: 2 }],
  ["convTranspose2d", convTranspose2d, [2, 3, 2, 3], [3, 2, 2, 2], { padding: [1, 0] }],
  ["convTranspose2d, strides", convTranspose2d, [1, 4, 2, 2], [4, 1, 3, 2], { stride: 2, dilation: 2, groups: 2 }],
];

describe.each(cases)("%s", (_name, convolution, xShape, kernelShape, options) => {
  const f = (x: Tensor, kernels: Tensor): Tensor => convolution(x, kernels, options);
  const [x, kernels] = [normal(1, xShape), normal(2, kernelShape)];

  test("derivatives of the first and second order agree with central differences, and with each other", () => {
    checkGrads(f, [x, kernels], { order: 2, step: derivatives.step, rtol: derivatives.differences, atol: 1e-7 });
  });
  test("compiled it gives what it gives at once", () => {
    expect(compile(f)(x, kernels).dataSync()).toEqual(f(x, kernels).dataSync());
  });
  test("vmap is the stack of single results, whichever inputs are batched", () => {
    const [xs, many] = [normal(3, [3, ...xShape]), normal(4, [3, ...kernelShape])];
    const at = (all: Tensor, i: number): Tensor => all.slice([i], [i + 1]).squeeze(0);
    const lanes = [0, 1, 2];
    const close = { rtol: 1e-12, atol: 1e-12 };
    assertClose(vmap(f)(xs, many), stack(lanes.map((i) => f(at(xs, i), at(many, i)))), close, "both");
    assertClose(vmap(f, [0, null])(xs, kernels), stack(lanes.map((i) => f(at(xs, i), kernels))), close, "x");
    assertClose(vmap(f, [null, 0])(x, many), stack(lanes.map((i) => f(x, at(many, i)))), close, "kernels");
  });
  test("each example has a gradient of its own", () => {
    const loss = (k: Tensor, one: Tensor): Tensor => f(one.expandDims(0), k).square().sum();
    const each = vmap(grad(loss), [null, 0])(kernels, x);
    assertClose(each.sum(0), grad((k: Tensor) => f(x, k).square().sum())(kernels), { rtol: 1e-11, atol: 1e-11 });
  });
});
