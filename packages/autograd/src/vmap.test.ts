import { bind, check, registerFailure, type Tensor, tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { jvp, vmap } from "./index";
import { f64, numbersOf } from "./testing/numbers";

const failure = registerFailure((facts) => new RangeError(`failed at ${facts[0]}`));

describe("vmap", () => {
  const xs = f64([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  test("maps over the first axis, other axes and parts of trees", () => {
    expect(numbersOf(vmap((x: Tensor) => x.sum())(xs))).toEqual([6, 15]);
    expect(numbersOf(vmap((x: Tensor) => x.sum(), 1)(xs))).toEqual([5, 7, 9]);
    expect(numbersOf(vmap((x: Tensor) => x.mul(2), -1, -1)(xs))).toEqual([2, 4, 6, 8, 10, 12]);
    const f = (p: { a: Tensor; b: Tensor }, s: number): { y: Tensor; z: Tensor } => ({
      y: p.a.mul(p.b).mul(s),
      z: p.b,
    });
    const out = vmap(f, [{ a: 0, b: null }, null], { y: 1, z: null })({ a: xs, b: f64([1, 10, 100]) }, 2);
    expect(out.y.arraySync()).toEqual([
      [2, 8],
      [40, 100],
      [600, 1200],
    ]);
    expect(out.z.shape).toEqual([3]);
  });

  test("nests and closes over values", () => {
    const table = vmap((x: Tensor) => vmap((y: Tensor) => x.mul(y))(f64([1, 10])))(f64([1, 2, 3]));
    expect(table.arraySync()).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
  });

  test("repeats results that are the same for all examples", () => {
    expect(vmap((_x: Tensor) => f64(7))(xs).arraySync()).toEqual([7, 7]);
  });

  test("fails where a check of any example does, with what is told of that one", () => {
    const codes = (...list: number[]): Tensor => tensor(list, { dtype: "int32" });
    const checked = (x: Tensor, code: Tensor, facts: Tensor): Tensor => bind(check, [x, code, facts])[0]!;
    const [x, facts] = [f64([1, 2, 3]), f64([[0.5], [1.5], [2.5]])];
    const each = vmap(checked);
    expect(numbersOf(each(x, codes(0, 0, 0), facts))).toEqual([1, 2, 3]);
    expect(() => each(x, codes(0, failure, 0), facts)).toThrow("failed at 1.5");
    // The same for all, of which the first stands for the others.
    const [fine, failing] = [0, failure].map((code) => codes(code).reshape([]));
    const together = vmap(checked, [0, null, 0]);
    expect(numbersOf(together(x, fine!, facts))).toEqual([1, 2, 3]);
    expect(() => together(x, failing!, facts)).toThrow("failed at 0.5");
    expect(() => vmap(checked, [0, 0, null])(x, codes(0, 0, failure), f64([7]))).toThrow("failed at 7");
  });

  test("goes with jvp", () => {
    expect(numbersOf(vmap((x: Tensor) => jvp((z: Tensor) => z.mul(z), [x], [f64(1)])[1])(f64([1, 2])))).toEqual([2, 4]);
  });

  test("says which sizes differ and which axes are missing", () => {
    expect(() => vmap((x: Tensor, y: Tensor) => x.add(y))(xs, f64([1, 2, 3]))).toThrow(
      /2 in argument 0.*3 in argument 1/,
    );
    expect(() => vmap((x: Tensor) => x, 2)(xs)).toThrow(/no axis 2/);
    expect(() => vmap((x: Tensor) => x, 0, null)(xs)).toThrow(/differs between examples/);
    expect(() => vmap((x: Tensor) => x, null)(xs)).toThrow(/no argument has a batch axis/);
    expect(() => vmap((x: Tensor, s: number) => x.mul(s))(xs, 2)).toThrow(/argument 1 is a number/);
  });
});
