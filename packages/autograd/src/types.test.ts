import type { Tensor } from "@dzdt/tensor";
import { expect, expectTypeOf, test } from "vitest";
import { grad, hessian, hvp, jacfwd, jacobian, jacrev, jvp, valueAndGrad, vjp, vmap } from "./index";
import { f64, numbersOf } from "./testing/numbers";

type Untyped = ReturnType<typeof JSON.parse>;
interface Params {
  readonly w: Tensor;
  readonly b: readonly Tensor[];
}

const loss = ({ w, b }: Params): Tensor => w.square().sum().add(b[0]!.sum());
const untyped = (p: Untyped): Tensor => loss(p as Params);
const params: Params = { w: f64([1, 2]), b: [f64([3])] };

test("derivatives by an argument of no type have none, so that trees go in and come out", () => {
  expectTypeOf(grad(untyped)).parameter(0).toBeAny();
  expectTypeOf(grad(untyped)(params)).toBeAny();
  expectTypeOf(valueAndGrad(untyped)(params)).toEqualTypeOf<[value: Tensor, gradient: Untyped]>();
  expectTypeOf(jacobian(untyped)(params)).toBeAny();
  expectTypeOf(jacfwd(untyped)(params)).toBeAny();
  expectTypeOf(jacrev(untyped)(params)).toBeAny();
  expectTypeOf(hessian(untyped)(params)).toBeAny();
  expectTypeOf(vmap(untyped)).parameter(0).toBeAny();
  const { w } = grad(untyped)(params) as Params;
  expect(numbersOf(w)).toEqual([2, 4]);
});

test("of a function that returns no type likewise", () => {
  expectTypeOf(jacobian((x: Tensor): Untyped => x)(f64([1]))).toBeAny();
});

test("derivatives by a tree are like it", () => {
  expectTypeOf(grad(loss)(params)).toEqualTypeOf<Params>();
  expectTypeOf(valueAndGrad(loss)(params)[1]).toEqualTypeOf<Params>();
  expectTypeOf(grad((p: Params, _x: Tensor) => loss(p), 1)(params, f64(1))).toEqualTypeOf<Tensor>();
  expectTypeOf(jacobian(loss)(params).b[0]!).toEqualTypeOf<Tensor>();
  expectTypeOf(hessian(loss)(params).w.w).toEqualTypeOf<Tensor>();
  expectTypeOf(hvp(loss, params, params)).toEqualTypeOf<Params>();
  expectTypeOf(vjp(loss, params)[1](f64(1))[0]).toEqualTypeOf<Params>();
  expectTypeOf(jvp(loss, [params], [params])[1]).toEqualTypeOf<Tensor>();
  expect(numbersOf(grad(loss)(params).w)).toEqual([2, 4]);
});

test("an argument whose type is not said is a tensor, or a number", () => {
  const slope = grad((x, y: Tensor) => {
    expectTypeOf(x).toEqualTypeOf<Tensor>();
    return x.mul(y);
  });
  expectTypeOf(slope).parameters.toEqualTypeOf<[x: Tensor | number, y: Tensor]>();
  expectTypeOf(slope(1, f64(2))).toEqualTypeOf<Tensor>();
  expectTypeOf(valueAndGrad((x) => x.sin())(1)).toEqualTypeOf<[value: Tensor, gradient: Tensor]>();
  expectTypeOf(jacobian((x) => x.sin())(f64([1]))).toEqualTypeOf<Tensor>();
  expectTypeOf(hessian((x) => x.sin().sum())(f64([1]))).toEqualTypeOf<Tensor>();
  // @ts-expect-error a text is neither
  expect(() => slope("1", f64(2))).toThrow("the value is string");
});
