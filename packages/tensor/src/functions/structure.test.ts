import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sizeOf } from "../shape";
import { js } from "../targets/js";
import { wasm } from "../targets/wasm";
import { withTarget } from "../targets/default";
import { trace } from "../trace";
import { arange, tensor, zeros } from "./create";
import {
  broadcastTo,
  concat,
  expandDims,
  flip,
  pad,
  permute,
  reshape,
  slice,
  split,
  squeeze,
  stack,
  tile,
  transpose,
} from "./structure";

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
const counted = (shape: readonly number[]): ReturnType<typeof reshape> => reshape(arange(sizeOf(shape)), shape);

describe.each([js(), wasm()])("structure on $name", (target) => {
  const on = (name: string, body: () => void): void => test(name, () => withTarget(target, body));
  const grid = (): ReturnType<typeof reshape> => counted([2, 3]);

  on("reshape infers one length and keeps the order", () => {
    expect(reshape(arange(6), [2, -1]).arraySync()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(reshape(arange(1), []).arraySync()).toBe(0);
    expect(reshape(zeros([0, 3]), [3, 0]).shape).toEqual([3, 0]);
  });
  on("transpose, permute, squeeze and expandDims rename axes", () => {
    expect(transpose(grid()).arraySync()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(permute(counted([2, 1, 2]), [2, 0, 1]).arraySync()).toEqual([
      [[0], [2]],
      [[1], [3]],
    ]);
    expect(squeeze(zeros([1, 2, 1])).shape).toEqual([2]);
    expect(squeeze(zeros([1, 2, 1]), -1).shape).toEqual([1, 2]);
    expect(expandDims(zeros([2]), [0, -1]).shape).toEqual([1, 2, 1]);
  });
  on("slice counts from the end and steps as NumPy's", () => {
    expect(slice(arange(10), [1], [-1], [3]).arraySync()).toEqual([1, 4, 7]);
    expect(slice(grid(), [0, -2], [5, 3]).arraySync()).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(slice(arange(3), [2], [1]).arraySync()).toEqual([]);
    expect(slice(grid(), [1], [2]).arraySync()).toEqual([[3, 4, 5]]);
  });
  on("pad, flip and tile", () => {
    expect(
      pad(
        grid(),
        [
          [1, 0],
          [0, 2],
        ],
        9,
      ).arraySync(),
    ).toEqual([
      [9, 9, 9, 9, 9],
      [0, 1, 2, 9, 9],
      [3, 4, 5, 9, 9],
    ]);
    expect(pad(tensor([true]), 1, true).arraySync()).toEqual([true, true, true]);
    expect(flip(grid()).arraySync()).toEqual([
      [5, 4, 3],
      [2, 1, 0],
    ]);
    expect(flip(grid(), 1).arraySync()).toEqual([
      [2, 1, 0],
      [5, 4, 3],
    ]);
    expect(tile(tensor([1, 2]), [2, 2]).arraySync()).toEqual([
      [1, 2, 1, 2],
      [1, 2, 1, 2],
    ]);
    expect(tile(tensor([[1], [2]]), 2).arraySync()).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });
  on("concat and stack promote", () => {
    expect(concat([arange(2), tensor([0.5])]).arraySync()).toEqual([0, 1, 0.5]);
    expect(concat([zeros([2, 0]), grid(), zeros([2, 1])], -1).arraySync()).toEqual([
      [0, 1, 2, 0],
      [3, 4, 5, 0],
    ]);
    expect(stack([tensor(1), tensor(2)]).arraySync()).toEqual([1, 2]);
    expect(stack([arange(2), arange(2)], 1).arraySync()).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(broadcastTo(arange(2), [2, 2]).arraySync()).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });
  on("reshape and transpose go there and back", () =>
    fc.assert(
      fc.property(shapes, fc.infiniteStream(fc.nat()), (shape, keys) => {
        const x = counted(shape);
        const order = shape
          .map((_, a) => a)
          .map((a) => ({ a, key: Number(keys.next().value) }))
          .sort((p, q) => p.key - q.key)
          .map(({ a }) => a);
        const inverse = order.map((_, a) => order.indexOf(a));
        expect(permute(permute(x, order), inverse).arraySync()).toEqual(x.arraySync());
        expect(reshape(reshape(x, [x.size]), shape).arraySync()).toEqual(x.arraySync());
        expect(flip(flip(x)).arraySync()).toEqual(x.arraySync());
      }),
      { numRuns: 40 },
    ),
  );
  on("concat undoes split", () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        (sizes, last) => {
          const n = sizes.reduce((a, b) => a + b, 0);
          const x = counted(last ? [2, n] : [n, 2]);
          const axis = last ? 1 : 0;
          const parts = split(x, sizes, axis);
          expect(parts.map((part) => part.shape[axis])).toEqual(sizes);
          expect(concat(parts, axis).arraySync()).toEqual(x.arraySync());
        },
      ),
      { numRuns: 40 },
    ),
  );
});

const message = (fn: () => unknown): string => {
  try {
    fn();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was thrown";
};

test("errors name the shapes and the remedy", () => {
  const errors: string[] = [];
  trace(
    "test",
    (x) => {
      const attempts = [
        () => reshape(x, [4, -1]),
        () => squeeze(x, 0),
        () => transpose(x, [0, 0]),
        () => concat([x, slice(x, [0], [1])], 1),
        () => stack([x, reshape(x, [6])]),
        () => split(x, 2, 1),
        () => slice(x, [0], [2], [-1]),
        () => pad(x, -1),
        () => broadcastTo(x, [3, 3]),
        () => expandDims(x, 5),
      ];
      errors.push(...attempts.map(message));
      return [x];
    },
    [{ dtype: "float32", shape: [2, 3] }],
  );
  expect(errors).toEqual([
    "reshape: a tensor of shape [2, 3] has 6 elements and does not fit [4, -1]; give a shape with as many elements, with at most one length -1",
    "squeeze: axis 0 of shape [2, 3] has length 2; only axes of length 1 can be dropped",
    "transpose: axes [0, 0] for a tensor of shape [2, 3]; name each of its 2 axes once",
    "concat: shapes [2, 3] and [1, 3] differ off axis 1; make all other lengths equal",
    "stack: shapes [2, 3] and [6] differ; give tensors of one shape",
    "split: axis 1 of length 3 into 2 parts; give a number of equal parts, or lengths that add up to 3",
    "slice: strides [-1] must be positive integers; use flip to reverse an axis",
    "pad: widths -1 for shape [2, 3]; give a non-negative integer, or a pair [before, after] of them for each of the 2 axes",
    "broadcastTo: shape [2, 3] does not broadcast to [3, 3]; lengths must be equal or 1, counted from the last axis",
    "expandDims: axis 5 of a tensor with 3 axes; give an integer from -3 to 2",
  ]);
});
