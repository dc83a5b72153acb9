import fc from "fast-check";
import { describe, expect, test } from "vitest";
import "../methods";
import { compile } from "../compile";
import type { DType } from "../dtype";
import { type Shape, sizeOf } from "../shape";
import { js } from "../targets/js";
import { wasm } from "../targets/wasm";
import { withTarget } from "../targets/default";
import type { Tensor } from "../tensor";
import { mul } from "./arithmetic";
import { conv1d, conv2d, convTranspose2d } from "./convolution";
import { arange, ones, tensor, zeros } from "./create";
import { sum } from "./reduce";
import { reshape } from "./structure";
import type { ConvolutionOptions } from "./windows";

/** Small whole numbers: their sums of products are exact, in any order. */
const whole = (shape: Shape, seed: number, dtype: DType = "float64"): Tensor =>
  reshape(
    tensor(
      Array.from({ length: sizeOf(shape) }, (_, i) => (((i + seed) * 7919) % 13) - 6),
      { dtype },
    ),
    shape,
  );

/** Whether a sum of zeros is −0 is not settled. */
const unsigned = (x: number): number => x + 0;
const numbersOf = (x: Tensor): number[] => Array.from(x.dataSync(), unsigned);

/** A convolution of two dimensions in all its numbers. */
interface Problem {
  readonly n: number;
  /** Channels of x and of the result in each group. */
  readonly channels: readonly [number, number];
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly options: {
    readonly groups: number;
    readonly stride: readonly [number, number];
    readonly dilation: readonly [number, number];
    readonly padding: readonly [readonly [number, number], readonly [number, number]];
  };
}

const pairOf = (least: number, most: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));

const axes = [0, 1] as const;
const reachOf = ({ kernel, options: { dilation } }: Problem, a: 0 | 1): number => dilation[a] * (kernel[a] - 1) + 1;
const paddedSize = ({ size, options: { padding } }: Problem, a: 0 | 1): number =>
  size[a] + padding[a][0] + padding[a][1];

const problems: fc.Arbitrary<Problem> = fc
  .record({
    n: fc.integer({ min: 1, max: 2 }),
    channels: pairOf(1, 2),
    size: pairOf(1, 7),
    kernel: pairOf(1, 3),
    options: fc.record({
      groups: fc.integer({ min: 1, max: 3 }),
      stride: pairOf(1, 3),
      dilation: pairOf(1, 2),
      padding: fc.tuple(pairOf(0, 2), pairOf(0, 2)),
    }),
  })
  .filter((p) => axes.every((a) => paddedSize(p, a) >= reachOf(p, a)));

const windowsOf = (p: Problem): number[] =>
  axes.map((a) => Math.floor((paddedSize(p, a) - reachOf(p, a)) / p.options.stride[a]) + 1);

const shapesOf = ({ n, channels, size, kernel, options: { groups } }: Problem): { x: Shape; kernels: Shape } => ({
  x: [n, groups * channels[0], ...size],
  kernels: [groups * channels[1], channels[0], ...kernel],
});

/** Every term of a convolution: where its factors are in x and in the kernels, and which element of the result it is added to. */
function eachTerm(p: Problem, visit: (x: number, kernel: number, y: number) => void): void {
  const { n, channels, size, kernel } = p;
  const { groups, stride, dilation, padding } = p.options;
  const [rows, columns] = windowsOf(p) as [number, number];
  const [inputs, outs] = channels;
  for (let b = 0; b < n; b++)
    for (let g = 0; g < groups; g++)
      for (let o = 0; o < outs; o++)
        for (let row = 0; row < rows; row++)
          for (let column = 0; column < columns; column++)
            for (let c = 0; c < inputs; c++)
              for (let i = 0; i < kernel[0]; i++)
                for (let j = 0; j < kernel[1]; j++) {
                  const [h, w] = [
                    row * stride[0] + i * dilation[0] - padding[0][0],
                    column * stride[1] + j * dilation[1] - padding[1][0],
                  ];
                  if (h < 0 || h >= size[0] || w < 0 || w >= size[1]) continue;
                  visit(
                    ((b * groups * inputs + g * inputs + c) * size[0] + h) * size[1] + w,
                    (((g * outs + o) * inputs + c) * kernel[0] + i) * kernel[1] + j,
                    ((b * groups * outs + g * outs + o) * rows + row) * columns + column,
                  );
                }
}

const resultShape = (p: Problem): Shape => [p.n, p.options.groups * p.channels[1], ...windowsOf(p)];

describe.each([js(), wasm()])("convolutions on $name", (target) => {
  const on = (name: string, body: () => void): void => test(name, () => withTarget(target, body));
  const row = (values: readonly number[]): Tensor => reshape(tensor(values), [1, 1, values.length]);

  on("conv1d slides kernels that are not flipped", () => {
    const x = row([1, 2, 4, 8]);
    expect(conv1d(x, row([1, 0, -1])).arraySync()).toEqual([[[-3, -6]]]);
    expect(conv1d(x, row([1, 10]), { stride: 2 }).arraySync()).toEqual([[[21, 84]]]);
    expect(conv1d(x, row([1, 10]), { dilation: 3 }).arraySync()).toEqual([[[81]]]);
    expect(conv1d(x, row([1, 10]), { padding: 1 }).arraySync()).toEqual([[[10, 21, 42, 84, 8]]]);
    expect(conv1d(x, row([1, 10]), { padding: [[0, 1]] }).arraySync()).toEqual([[[21, 42, 84, 8]]]);
    expect(conv1d(x, row([1, 10]), { padding: "same" }).arraySync()).toEqual([[[21, 42, 84, 8]]]);
    expect(x.conv1d(row([1, 10, 100]), { padding: "same", stride: 2 }).arraySync()).toEqual([[[421, 84]]]);
  });
  on("conv2d adds up channels, and keeps groups apart", () => {
    const x = reshape(arange(1, 9, 1, { dtype: "float32" }), [1, 2, 2, 2]);
    expect(conv2d(x, ones([1, 2, 2, 2])).arraySync()).toEqual([[[[36]]]]);
    expect(conv2d(x, ones([2, 1, 2, 2]), { groups: 2 }).arraySync()).toEqual([[[[10]], [[26]]]]);
    expect(conv2d(x, ones([1, 2, 1, 1]), { padding: [1, 0] }).arraySync()).toEqual([
      [
        [
          [0, 0],
          [6, 8],
          [10, 12],
          [0, 0],
        ],
      ],
    ]);
  });
  on("convTranspose2d adds kernels where windows were", () => {
    const x = tensor([[[[1, 2]]]]);
    const kernels = tensor([[[[1, 10, 100]]]]);
    expect(convTranspose2d(x, kernels).arraySync()).toEqual([[[[1, 12, 120, 200]]]]);
    expect(convTranspose2d(x, kernels, { stride: [1, 2] }).arraySync()).toEqual([[[[1, 10, 102, 20, 200]]]]);
    expect(convTranspose2d(x, kernels, { stride: [1, 2], padding: [0, 1], outputPadding: [0, 1] }).arraySync()).toEqual(
      [[[[10, 102, 20, 200]]]],
    );
    expect(convTranspose2d(x, kernels, { stride: [1, 2], padding: "same" }).arraySync()).toEqual([
      [[[1, 10, 102, 20]]],
    ]);
  });
  on("conv2d is the sum of its terms", () =>
    fc.assert(
      fc.property(problems, fc.constantFrom<DType[]>("float64", "float32", "int32"), (p, dtype) => {
        const shapes = shapesOf(p);
        const [x, kernels] = [whole(shapes.x, 1, dtype), whole(shapes.kernels, 5, dtype)];
        const expected = new Array<number>(sizeOf(resultShape(p))).fill(0);
        const [xs, ks] = [x.dataSync(), kernels.dataSync()];
        eachTerm(p, (i, k, y) => (expected[y]! += xs[i]! * ks[k]!));
        const found = conv2d(x, kernels, p.options);
        expect(found.shape).toEqual(resultShape(p));
        expect(found.dtype).toBe(dtype);
        expect(numbersOf(found)).toEqual(expected.map(unsigned));
      }),
      { numRuns: 40 },
    ),
  );
  on("convTranspose2d is the sum of its terms, and the transpose of conv2d", () =>
    fc.assert(
      fc.property(problems, (p) => {
        const shapes = shapesOf(p);
        const [x, kernels] = [whole(shapes.x, 2), whole(shapes.kernels, 3)];
        const windows = windowsOf(p);
        const y = whole(resultShape(p), 7);
        const outputPadding = axes.map(
          (a) => paddedSize(p, a) - (windows[a]! - 1) * p.options.stride[a] - reachOf(p, a),
        );
        const back = convTranspose2d(y, kernels, { ...p.options, outputPadding });
        expect(back.shape).toEqual(shapes.x);
        const expected = new Array<number>(x.size).fill(0);
        const [ys, ks] = [y.dataSync(), kernels.dataSync()];
        eachTerm(p, (i, k, j) => (expected[i]! += ys[j]! * ks[k]!));
        expect(numbersOf(back)).toEqual(expected.map(unsigned));
        expect(unsigned(sum(mul(conv2d(x, kernels, p.options), y)).itemSync())).toBe(
          unsigned(sum(mul(x, back)).itemSync()),
        );
      }),
      { numRuns: 40 },
    ),
  );
  on('with padding "same" lengths are divided by strides, and multiplied back', () =>
    fc.assert(
      fc.property(pairOf(1, 7), pairOf(1, 4), pairOf(1, 3), pairOf(1, 2), (size, kernel, stride, dilation) => {
        const options: ConvolutionOptions = { stride, dilation, padding: "same" };
        const kernels = whole([2, 1, ...kernel], 4);
        expect(conv2d(ones([1, 1, ...size]), kernels, options).shape.slice(2)).toEqual(
          size.map((n, a) => Math.ceil(n / stride[a]!)),
        );
        const x = whole([1, 1, ...size.map((n, a) => n * stride[a]!)], 3);
        const y = whole([1, 2, ...size], 6);
        const back = convTranspose2d(y, kernels, options);
        expect(back.shape).toEqual(x.shape);
        expect(unsigned(sum(mul(conv2d(x, kernels, options), y)).itemSync())).toBe(
          unsigned(sum(mul(x, back)).itemSync()),
        );
      }),
      { numRuns: 30 },
    ),
  );
  on("conv1d is conv2d of one row", () => {
    const [x, kernels] = [whole([2, 4, 9], 1), whole([6, 2, 3], 2)];
    const options = { stride: 2, padding: [[2, 1]], dilation: 2, groups: 2 } as const;
    const wide = conv2d(reshape(x, [2, 4, 1, 9]), reshape(kernels, [6, 2, 1, 3]), {
      stride: [1, 2],
      padding: [0, [2, 1]],
      dilation: [1, 2],
      groups: 2,
    });
    const y = conv1d(x, kernels, options);
    expect(y.shape).toEqual([2, 6, 4]);
    expect([...y.dataSync()]).toEqual([...wide.dataSync()]);
    expect(compile((a: Tensor, b: Tensor) => conv1d(a, b, options))(x, kernels).dataSync()).toEqual(y.dataSync());
  });
  on("dtypes promote, bool counts, and a batch may be empty", () => {
    expect(conv1d(ones([1, 1, 3], { dtype: "int32" }), ones([1, 1, 2])).dtype).toBe("float32");
    expect(conv1d(tensor([[[true, true]]]), tensor([[[true, true]]])).arraySync()).toEqual([[[2]]]);
    expect(conv2d(zeros([0, 1, 4, 4]), ones([3, 1, 2, 2])).shape).toEqual([0, 3, 3, 3]);
    expect(convTranspose2d(zeros([0, 3, 3, 3]), ones([3, 1, 2, 2])).shape).toEqual([0, 1, 4, 4]);
  });
});

test("errors name the shapes and the remedy", () => {
  const x = zeros([2, 4, 5, 6]);
  expect(() => conv2d(zeros([4, 5, 6]), zeros([3, 4, 2, 2]))).toThrow(
    "conv2d: x of shape [4, 5, 6] and kernels of shape [3, 4, 2, 2]; both have 4 axes, the last of them height and width, and kernels are not empty: " +
      "x.expandDims(0) is a batch of one",
  );
  expect(() => conv2d(x, zeros([3, 3, 2, 2]))).toThrow(
    "conv2d: x of shape [2, 4, 5, 6] and kernels of shape [3, 3, 2, 2] in 1 group differ in channels; give kernels [out, 4, height, width]",
  );
  expect(() => conv2d(x, zeros([6, 4, 2, 2]), { groups: 2 })).toThrow("give kernels [out, 2, height, width]");
  expect(() => convTranspose2d(x, zeros([6, 4, 2, 2]), { groups: 2 })).toThrow(
    "in 2 groups differ in channels; give kernels [4, out / groups, height, width]",
  );
  expect(() => conv2d(x, zeros([3, 2, 2, 2]), { groups: 2 })).toThrow(
    "conv2d: 2 groups for x of shape [2, 4, 5, 6] and kernels of shape [3, 2, 2, 2]; give a number that divides 4 and 3",
  );
  expect(() => conv2d(x, zeros([3, 4, 2, 4]), { dilation: 2, padding: [[1, 1], 0] })).toThrow(
    "conv2d: a kernel of shape [3, 4, 2, 4] reaches over 7 elements, dilation 2 included, and x of shape [2, 4, 5, 6] has a width of 6 with padding [0, 0]; " +
      "use smaller kernels or more padding",
  );
  expect(() => convTranspose2d(zeros([1, 1, 2, 2]), zeros([1, 1, 2, 2]), { padding: 2 })).toThrow(
    "convTranspose2d: windows of 2 kernels cover a height of 3, of which padding [2, 2] leaves nothing; use less padding",
  );
  expect(() => convTranspose2d(x, zeros([4, 1, 2, 2]), { padding: "same", outputPadding: 1 })).toThrow(
    'convTranspose2d: outputPadding 1 with padding "same", which makes a result stride times as long as x; leave one of them out',
  );
  expect(() => conv2d(x, zeros([3, 4, 2, 2]), { stride: 0 })).toThrow(
    "conv2d: stride 0; give an integer of at least 1, or one for each of the 2 spatial axes",
  );
  expect(() => conv2d(x, zeros([3, 4, 2, 2]), { dilation: [1] })).toThrow("conv2d: dilation [1]; give an integer");
  expect(() => conv2d(x, zeros([3, 4, 2, 2]), { padding: "full" as "same" })).toThrow(
    'conv2d: padding "full"; give "same", "valid", a non-negative integer, or for each of the 2 spatial axes one or a pair [before, after]',
  );
  expect(() => conv2d(x, zeros([3, 4, 2, 2]), { strides: 2 } as ConvolutionOptions)).toThrow(
    "conv2d: unknown option strides; did you mean stride? known are stride, padding, dilation, groups",
  );
});
