import { describe, expect, test } from "vitest";
import { compile, cond, fori, js, scan, type Target, type Tensor, tensor, wasm, whileLoop, zeros } from "./index";
import { trace } from "./trace";

describe.each([js(), wasm()])("control flow on $name", (target: Target) => {
  const on = (values: number | number[]): Tensor => tensor(values, { target });

  test("numbers in its functions are where its tensors are, whatever the default target", () => {
    const [last, rows] = scan((c, x: Tensor) => [c.add(x).add(1), 3], 0, on([1, 2]));
    expect([last.itemSync(), rows.arraySync()]).toEqual([5, [3, 3]]);
    const while5 = whileLoop(
      (c) => c.less(5),
      (c) => c.add(2),
      on(0),
      { maxSteps: 10 },
    );
    expect(while5.itemSync()).toBe(6);
    expect(fori(3, (_i, c) => fori(2, (_j, inner) => inner.add(1), c).add(1), on(0)).itemSync()).toBe(9);
    const one = cond<[Tensor], Tensor | number>(
      true,
      (x) => x.add(2),
      () => 0,
      on(0),
    );
    expect([one.itemSync(), one.target]).toEqual([2, target]);
  });

  test("a number in place of a carry takes its dtype", () => {
    const counts = tensor(new Int32Array([4, 5]), { target });
    const next = fori(1, () => 7, counts);
    expect([next.dtype, next.arraySync()]).toEqual(["int32", [7, 7]]);
  });

  test("loops of no rows, no steps and no carries", () => {
    const [last, rows] = scan((c, x: Tensor) => [c.add(x), c.mul(2)], on(1), zeros([0], { target }));
    expect([last.itemSync(), rows.shape]).toEqual([1, [0]]);
    const none = whileLoop(
      () => true,
      (c) => c.add(1),
      on(1),
      { maxSteps: 0 },
    );
    expect(none.itemSync()).toBe(1);
    expect(fori(3, (_i, c) => c, [])).toEqual([]);
  });
});

test("a sealed tape keeps no captured tensor alive", () => {
  const weights = zeros([2]);
  const { tape, captured } = trace("f", (x) => [x.add(weights)], [{ dtype: "float32", shape: [2] }]);
  expect(captured).toEqual([weights]);
  expect(tape.captured).toEqual([]);
});

test("a number as the start of a loop is float32, compiled or not", () => {
  const last = (x: number): Tensor => fori(3, (_i, c: Tensor) => c.mul(2), x as unknown as Tensor);
  expect(last(0.1).dtype).toBe("float32");
  expect(compile(last)(0.1).dtype).toBe("float32");
  expect(compile(last)(0.1).itemSync()).toBe(last(0.1).itemSync());
});

test("a count that loops can not count to is refused", () => {
  const run = (n: number) => () => fori(n, (_i, c) => c, tensor(0));
  expect(run(2 ** 31)).toThrow(/^fori: n is 2147483648; give 2147483647 at most/);
  expect(run(-1)).toThrow(/^fori: n is -1; give a non-negative integer/);
  expect(run(0.5)).toThrow(/^fori: n is 0.5/);
});
