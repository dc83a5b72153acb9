import { describe, expect, test } from "vitest";
import { js } from "../targets/js";
import { withTarget } from "../targets/default";
import { arange, eye, full, linspace, ones, tensor, zeros } from "./create";

describe("tensors are made", () => {
  const on = (name: string, body: () => void): void => test(name, () => withTarget(js(), body));

  on("of nested arrays, numbers, booleans and typed arrays", () => {
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    ).toMatchObject({ dtype: "float32", shape: [2, 2] });
    expect(tensor(3).shape).toEqual([]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor([true, false]).dtype).toBe("bool");
    expect(tensor([1.9, -1.9, NaN, 1e10], { dtype: "int32" }).arraySync()).toEqual([1, -1, 0, 2 ** 31 - 1]);
    expect(tensor([2, 0], { dtype: "bool" }).arraySync()).toEqual([true, false]);
    const given = Float64Array.of(1, 2);
    const made = tensor(given);
    given[0] = 5;
    expect(made.dtype).toBe("float64");
    expect(made.arraySync()).toEqual([1, 2]);
    expect(tensor(Uint8Array.of(0, 7)).arraySync()).toEqual([false, true]);
    expect(tensor(Int32Array.of(-1), { dtype: "uint32" }).arraySync()).toEqual([2 ** 32 - 1]);
  });
  on("by rule", () => {
    expect(arange(3)).toMatchObject({ dtype: "int32", shape: [3] });
    expect(arange(1, 2, 0.25).arraySync()).toEqual([1, 1.25, 1.5, 1.75]);
    expect(arange(3, 0, -2).arraySync()).toEqual([3, 1]);
    expect(linspace(0, 0.3, 4, { dtype: "float64" }).arraySync()).toEqual([
      0, 0.09999999999999999, 0.19999999999999998, 0.3,
    ]);
    expect(linspace(2, 5, 1).arraySync()).toEqual([2]);
    expect(eye(2, 3).arraySync()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(eye(1, { dtype: "int32" }).dtype).toBe("int32");
    expect([zeros([2]), ones([2], { dtype: "int32" }), full([1], true)].map((x) => x.arraySync())).toEqual([
      [0, 0],
      [1, 1],
      [true],
    ]);
  });
  on("or refused with a remedy", () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(
      "tensor: ragged nested arrays: an array of 1 where [2, 2] needs an array of 2 at depth 1; give all arrays of one level the same length",
    );
    expect(() => tensor([[1], 2])).toThrow("the number 2 where [2, 1] needs an array of 1 at depth 1");
    expect(() => tensor([1, [2]])).toThrow("an array of 1 where others have a number, at depth 1");
    expect(() => tensor(["1"] as unknown as number[])).toThrow(
      "tensor: an element is a string; give numbers or booleans",
    );
    expect(() => tensor([tensor(1)] as unknown as number[])).toThrow("join tensors with stack or concat");
    expect(() => tensor(BigInt64Array.of(1n))).toThrow(
      "tensor: no dtype holds a BigInt64Array; copy it into a Float32Array",
    );
    expect(() => arange(0, 1, 0)).toThrow("arange: from 0 to 1 by 0; bounds must be finite and the step not 0");
    expect(() => zeros([-1])).toThrow("is not a shape");
  });
});
