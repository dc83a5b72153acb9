import { grad, vmap } from "@dzdt/autograd";
import { compile, js, ops, type Target, type Tensor, tensor, wasm, withTarget } from "@dzdt/tensor";
import { expect, test } from "vitest";

type F = (x: Tensor) => Tensor;

const normalised: F = (x) => {
  const d = x.sub(ops.mean(x, -1, { keepDims: true }));
  return d.div(ops.mean(d.mul(d), -1, { keepDims: true }).add(1e-5).sqrt());
};

const numbers = (shape: readonly number[]): Tensor => {
  const size = shape.reduce((n, d) => n * d, 1);
  return tensor(Float64Array.from({ length: size }, (_, i) => Math.sin(i * i + 1) * 3)).reshape(shape);
};

const run = (target: Target, f: F, shape: readonly number[]): Float64Array =>
  withTarget(target, () => (target === js() ? f : compile(f))(numbers(shape)).dataSync()) as Float64Array;

const loopsIn = (f: F, shape: readonly number[]): number =>
  compile(f)
    .inspect(numbers(shape))
    .split("\n")
    .filter((line) => line.startsWith("rows,")).length;

test("a batch of matrices is normalised row by row, with the interpreter's bits", () => {
  const many = vmap(normalised);
  expect(loopsIn(many, [6, 40, 129])).toBe(1);
  expect(run(wasm(), many, [6, 40, 129])).toEqual(run(js(), many, [6, 40, 129]));
});

test("gradients of rows are row by row too", () => {
  const slope = grad((x: Tensor) => ops.sum(normalised(x).mul(ops.softmax(x, -1)))) as F;
  expect(loopsIn(slope, [90, 257])).toBeGreaterThan(0);
  const expected = run(js(), slope, [90, 257]);
  run(wasm(), slope, [90, 257]).forEach((value, j) => expect(value).toBeCloseTo(expected[j]!, 12));
});

test("second derivatives of rows agree", () => {
  const loss: F = (x) => ops.sum(ops.square(ops.logSoftmax(x, -1)).mul(x));
  const curvature = grad((x: Tensor) => ops.sum((grad(loss) as F)(x).mul(x))) as F;
  const expected = run(js(), curvature, [50, 333]);
  run(wasm(), curvature, [50, 333]).forEach((value, j) => {
    expect(Math.abs(value - expected[j]!)).toBeLessThan(1e-10 * (1 + Math.abs(expected[j]!)));
  });
});
