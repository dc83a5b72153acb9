import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { js } from "../targets/js";
import { wasm } from "../targets/wasm";
import { withTarget } from "../targets/default";
import { arange, tensor, zeros } from "./create";
import { argsort, cumprod, cumsum, dynamicSlice, dynamicUpdate, gather, scatterAdd, sort, take } from "./indexing";
import { reshape } from "./structure";

describe.each([js(), wasm()])("indexing on $name", (target) => {
  const on = (name: string, body: () => void): void => test(name, () => withTarget(target, body));
  const grid = (): ReturnType<typeof reshape> => reshape(arange(6), [2, 3]);

  on("take counts from the end and moves indices into range", () => {
    expect(take(tensor([10, 20, 30]), [2, 0, -1, 9, -9]).arraySync()).toEqual([30, 10, 30, 30, 10]);
    expect(take(grid(), 1, 1).arraySync()).toEqual([1, 4]);
    expect(take(grid(), [[0, 1]], 0).arraySync()).toEqual([
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ]);
    expect(take(grid(), 4).arraySync()).toBe(4);
    expect(gather(grid(), [[2], [0]], 1, { batch: 1 }).arraySync()).toEqual([[2], [3]]);
    expect(take(zeros([0]), zeros([0], { dtype: "int32" })).shape).toEqual([0]);
  });
  on("scatterAdd adds where gather reads", () => {
    expect(scatterAdd(zeros([3]), [0, 2, 0, -1], tensor([1, 2, 3, 4])).arraySync()).toEqual([4, 0, 6]);
    expect(scatterAdd(grid(), [1], 10, 1).arraySync()).toEqual([
      [0, 11, 2],
      [3, 14, 5],
    ]);
  });
  on("dynamicSlice and dynamicUpdate move their start into range", () => {
    expect(dynamicSlice(arange(5), 1, 2).arraySync()).toEqual([1, 2]);
    expect(dynamicSlice(arange(5), 9, 2).arraySync()).toEqual([3, 4]);
    expect(dynamicUpdate(grid(), -1, tensor([[7], [8]], { dtype: "int32" }), 1).arraySync()).toEqual([
      [7, 1, 2],
      [8, 4, 5],
    ]);
  });
  on("running sums and products", () => {
    expect(cumsum(grid()).arraySync()).toEqual([0, 1, 3, 6, 10, 15]);
    expect(cumsum(grid(), 0).arraySync()).toEqual([
      [0, 1, 2],
      [3, 5, 7],
    ]);
    expect(cumprod(tensor([1, 2, 3])).arraySync()).toEqual([1, 2, 6]);
    expect(cumsum(tensor([true, true])).arraySync()).toEqual([1, 2]);
    expect(cumsum(zeros([2, 0]), 1).shape).toEqual([2, 0]);
  });
  on("sort puts NaN last and keeps the order of equals", () => {
    expect(sort(tensor([3, NaN, -Infinity, 1])).arraySync()).toEqual([-Infinity, 1, 3, NaN]);
    expect(argsort(tensor([1, 0, 1, 0])).arraySync()).toEqual([1, 3, 0, 2]);
    expect(
      sort(
        tensor([
          [3, 1],
          [2, 5],
          [1, 0],
        ]),
        0,
      ).arraySync(),
    ).toEqual([
      [1, 0],
      [2, 1],
      [3, 5],
    ]);
    expect(sort(tensor([true, false, true])).arraySync()).toEqual([false, true, true]);
    expect(sort(zeros([2, 0])).shape).toEqual([2, 0]);
  });
  on("sort sorts", () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 40 }), (values) => {
        expect(sort(tensor(values)).arraySync()).toEqual([...values].sort((a, b) => a - b));
      }),
      { numRuns: 30 },
    ),
  );
  on("errors name what was given and the remedy", () => {
    expect(() => take(grid(), tensor([0.5]), 0)).toThrow(
      `gather: indices are float32; give integers, as in cast(indices, "int32")`,
    );
    expect(() => take(zeros([0]), [0])).toThrow(
      "gather: axis 0 of the tensor has length 0, so there is nothing to take",
    );
    expect(() => scatterAdd(zeros([3]), [0, 1], tensor([1, 2, 3]))).toThrow(
      "scatterAdd: updates of shape [3] for [2] indices along axis 0 of [3]; give updates that broadcast to [2]",
    );
    expect(() => dynamicSlice(arange(3), 0, 4)).toThrow(
      "dynamicSlice: 4 elements of axis 0 of shape [3]; give an integer from 0 to 3",
    );
  });
});
