import { grad, vmap } from "@dzdt/autograd";
import { compile, js, random, tensor, type Tensor, whileLoop, withTarget } from "@dzdt/tensor";
import { expect, test } from "vitest";

const float64 = { dtype: "float64" } as const;

/** Multiplies by x until 100 is passed: how often depends on x. */
const growth = (x: Tensor): Tensor =>
  whileLoop(
    ({ a }) => a.less(100),
    ({ a }) => ({ a: a.mul(x) }),
    { a: x },
    { maxSteps: 1000 },
  ).a;

test("a page compiles, differentiates and batches loops as Node does", () => {
  const x = tensor([2, 3, 5, 11], float64);
  expect(vmap(grad(growth))(x).arraySync()).toEqual([448, 405, 75, 22]);
  expect(compile(grad(growth))(tensor(2, float64)).itemSync()).toBe(448);
});

test("a page draws the numbers that the oracle draws", () => {
  const draw = (): unknown => random.uniform(random.key(7), [5]).arraySync();
  expect(draw()).toEqual(withTarget(js(), draw));
});
