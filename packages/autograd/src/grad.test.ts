import { tensor, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { grad, valueAndGrad, vmap } from "./index";
import { checkGrads } from "./testing/index";
import { f64, numbersOf } from "./testing/numbers";

describe("grad", () => {
  test("gives known derivatives", () => {
    expect(numbersOf(grad((x: Tensor) => x.sin())(f64(0.5)))[0]).toBeCloseTo(Math.cos(0.5), 14);
    expect(numbersOf(grad((x: Tensor) => x.mul(x).sum())(f64([1, 2, 3])))).toEqual([2, 4, 6]);
    expect(numbersOf(grad((x) => x.tanh())(0.5))[0]).toBeCloseTo(1 - Math.tanh(0.5) ** 2, 6);
  });

  test("nests to third order", () => {
    const f = (x: Tensor): Tensor => x.mul(x).mul(x).mul(x);
    expect(numbersOf(grad(grad(grad(f)))(f64(2)))).toEqual([48]);
    expect(numbersOf(grad(grad(grad((x: Tensor) => x.sin())))(f64(0.3)))[0]).toBeCloseTo(-Math.cos(0.3), 12);
  });

  test("does not confuse the variables of nested derivatives", () => {
    const f = (x: Tensor): Tensor => x.mul(grad((y: Tensor) => x.mul(y))(f64(1)));
    expect(numbersOf(grad(f)(f64(3)))).toEqual([6]);
  });

  test("differentiates trees, named arguments and closures", () => {
    const loss = (p: { w: Tensor; b: Tensor[] }, x: Tensor): Tensor => p.w.mul(x).add(p.b[0]!).sum();
    const p = { w: f64([1, 2]), b: [f64([0, 0])] };
    const g = grad(loss)(p, f64([3, 4]));
    expect(numbersOf(g.w)).toEqual([3, 4]);
    expect(numbersOf(g.b[0])).toEqual([1, 1]);
    const both = grad(loss, [0, 1])(p, f64([3, 4]));
    expect(numbersOf(both[1])).toEqual([1, 2]);
    const outer = (a: Tensor): Tensor => grad((x: Tensor) => x.mul(x).mul(a))(f64(3));
    expect(numbersOf(grad(outer)(f64(2)))).toEqual([6]);
  });

  test("takes the branch of the host language that the numbers take", () => {
    const f = (x: Tensor): Tensor => (x.mul(2).itemSync() > 0 ? x.mul(x) : x.neg());
    expect(numbersOf(grad(f)(f64(3)))).toEqual([6]);
    expect(numbersOf(grad(f)(f64(-3)))).toEqual([-1]);
    expect(numbersOf(grad(grad(f))(f64(3)))).toEqual([2]);
  });

  test("gives zero for constants", () => {
    expect(numbersOf(grad(() => f64(1))(f64([1, 2])))).toEqual([0, 0]);
    expect(numbersOf(grad((x: Tensor) => x.stopGradient().sum())(f64([1, 2])))).toEqual([0, 0]);
  });

  test("returns value and aux", () => {
    const [[y, aux], g] = valueAndGrad((x: Tensor): [Tensor, { n: Tensor }] => [x.mul(x), { n: x.add(1) }], {
      hasAux: true,
    })(f64(3));
    expect([y, aux, g].flatMap(numbersOf)).toEqual([9, 4, 6]);
    expect(valueAndGrad((x: Tensor) => x.mul(x))(f64(3)).flatMap(numbersOf)).toEqual([9, 6]);
  });

  test("says what it cannot differentiate", () => {
    expect(() => grad((x: Tensor) => x.mul(x))(f64([1, 2]))).toThrow(/shape \[2\].*vjp or jacobian/);
    expect(() => grad((p: { n: Tensor[] }) => p.n[0]!)({ n: [tensor(1, { dtype: "int32" })] })).toThrow(
      /argument 0\.n\[0\] is int32/,
    );
    expect(() => grad((x: Tensor) => x, [1])(f64(1))).toThrow(/argument 1/);
    expect(() => grad((x: Tensor) => [x, x] as never)(f64(1))).toThrow(/tree of 2/);
  });

  test("agrees with central differences to second order", () => {
    checkGrads(
      (x: Tensor, y: Tensor) => x.sin().mul(y.exp()).div(x.mul(x).add(1)),
      [f64([0.3, 1.2]), f64([0.5, -0.2])],
      { order: 2 },
    );
  });

  test("goes with vmap in either order", () => {
    const f = (x: Tensor): Tensor => x.mul(x).mul(x).sum();
    const xs = f64([
      [1, 2],
      [3, 4],
    ]);
    expect(numbersOf(vmap(grad(f))(xs))).toEqual([3, 12, 27, 48]);
    expect(numbersOf(grad((x: Tensor) => vmap(f)(x).sum())(xs))).toEqual([3, 12, 27, 48]);
  });
});
