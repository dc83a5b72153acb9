import { type Tensor, tensor, whileLoop } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { customVjp } from "../index";
import { checkGrads } from "./index";
import { f64 } from "./numbers";

test("right derivatives pass, of trees, of loops, to second order, and in float32", () => {
  const layer = (p: { w: Tensor }, x: Tensor): { y: Tensor } => ({ y: p.w.matmul(x).tanh() });
  checkGrads(
    layer,
    [
      {
        w: f64([
          [1, 2],
          [0.3, -1],
        ]),
      },
      f64([[0.4], [0.2]]),
    ],
    { order: 2 },
  );
  const grow = (x: Tensor): Tensor =>
    whileLoop(
      (y: Tensor) => y.less(10),
      (y: Tensor) => y.mul(x),
      x,
      { maxSteps: 20 },
    );
  checkGrads(grow, [f64(2.1)], { order: 2 });
  checkGrads((x: Tensor) => x.exp(), [tensor([0.4, 1])]);
});

test("a wrong derivative is reported with its figures", () => {
  const half = customVjp((x: Tensor) => x.mul(x), {
    forward: (x) => [x.mul(x), x] as const,
    backward: (x, ct: Tensor) => [ct.mul(x)],
  });
  expect(() => checkGrads(half, [f64([1, 2])])).toThrow(/vjp.*differs from central differences by .*found .*expected/);
  expect(() => checkGrads(half, [f64([1, 2])], { modes: ["forward"] })).not.toThrow();
});
