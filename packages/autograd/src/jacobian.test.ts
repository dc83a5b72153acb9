import type { Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { grad, hessian, hvp, jacfwd, jacobian, jacrev, jvp, vjp, vmap } from "./index";
import { f64, numbersOf } from "./testing/numbers";

const a = [
  [1, 2, 3],
  [4, 5, 6],
];

describe("jacobians", () => {
  const linear = (x: Tensor): Tensor => f64(a).mul(x).sum(1);

  test("are [out, in] in both modes", () => {
    for (const jac of [jacfwd, jacrev, jacobian]) {
      const j = jac(linear)(f64([1, 1, 1]));
      expect(j.shape).toEqual([2, 3]);
      expect(j.arraySync()).toEqual(a);
    }
  });

  test("nest the argument's tree in the result's", () => {
    const f = ({ x, y }: { x: Tensor; y: Tensor }): { p: Tensor; q: Tensor } => ({ p: x.mul(y), q: x.sum() });
    const at = { x: f64([1, 2]), y: f64([3, 4]) };
    for (const jac of [jacfwd, jacrev]) {
      const j = jac(f)(at);
      expect(j.p.x.arraySync()).toEqual([
        [3, 0],
        [0, 4],
      ]);
      expect(j.p.y.arraySync()).toEqual([
        [1, 0],
        [0, 2],
      ]);
      expect(j.q.x.arraySync()).toEqual([1, 1]);
      expect(j.q.y.arraySync()).toEqual([0, 0]);
    }
  });

  test("have all axes of result and argument", () => {
    const f = (x: Tensor): Tensor => x.mul(x).sum(0);
    const x = f64([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(jacfwd(f)(x).shape).toEqual([2, 3, 2]);
    expect(jacfwd(f)(x).arraySync()).toEqual(jacrev(f)(x).arraySync());
  });

  test("of a gradient are symmetric, and hvp is their product", () => {
    const f = (x: Tensor): Tensor => x.sin().mul(x.sum()).sum();
    const x = f64([0.1, 0.7, -0.4]);
    const h = hessian(f)(x).arraySync() as number[][];
    h.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(h[j]![i]!, 13)));
    const v = [1, -2, 0.5];
    numbersOf(hvp(f, x, f64(v))).forEach((value, i) =>
      expect(value).toBeCloseTo(
        h[i]!.reduce((s, c, j) => s + c * v[j]!, 0),
        12,
      ),
    );
  });
});

test("parameters that are not annotated are tensors", () => {
  expect(numbersOf(jacobian((x) => x.mul(x))(f64(3)))).toEqual([6]);
  expect(numbersOf(hessian((x, y) => x.mul(x).mul(y))(f64(3), f64(2)))).toEqual([4]);
  expect(numbersOf(vmap((x, y) => x.mul(y))(f64([3]), f64([2])))).toEqual([6]);
  expect(numbersOf(vjp((x) => x.mul(x), f64(3))[1](f64(1)))).toEqual([6]);
  expect(numbersOf(jvp((x) => x.mul(x), [f64(3)], [f64(1)]))).toEqual([9, 6]);
});

test("leaves of results that are not floats have no cotangent", () => {
  const [out, pullback] = vjp((x: Tensor) => ({ a: x.mul(2), n: x.greater(0) }), f64([1, -1]));
  expect(numbersOf(pullback({ a: f64([1, 1]), n: out.n })[0])).toEqual([2, 2]);
  expect(() => jacobian((x: Tensor) => x.greater(0))(f64(1))).toThrow(/bool\[\], which has no derivative/);
});

test("several arguments are named in a list", () => {
  const j = jacobian((x: Tensor, y: Tensor) => x.mul(y), [0, 1])(f64(3), f64(2));
  expect(numbersOf(j)).toEqual([2, 3]);
  const h = hessian((x: Tensor, y: Tensor) => x.mul(x).mul(y), [0, 1])(f64(3), f64(2));
  expect(numbersOf(h)).toEqual([4, 6, 6, 0]);
});

describe("vjp and jvp", () => {
  test("pull back any number of times, also inside a derivative", () => {
    const [y, pullback] = vjp((x: Tensor, w: Tensor) => x.mul(w), f64([1, 2]), f64([3, 4]));
    expect(numbersOf(y)).toEqual([3, 8]);
    expect(numbersOf(pullback(f64([1, 1])))).toEqual([3, 4, 1, 2]);
    expect(numbersOf(pullback(f64([0, 2])))).toEqual([0, 8, 0, 4]);
    const g = grad((s: Tensor) => pullback(f64([1, 1]).mul(s))[0].sum())(f64(1));
    expect(numbersOf(g)).toEqual([7]);
    const over = grad((x: Tensor) => vjp((z: Tensor) => z.mul(z), x)[1](f64(1))[0]);
    expect(numbersOf(over(f64(3)))).toEqual([2]);
  });

  test("push forward, with zeros for what stands still", () => {
    const [y, t] = jvp((x: Tensor, n: Tensor) => ({ a: x.mul(n), b: n }), [f64(2), f64(5)], [f64(1), undefined]);
    expect([y, t].flatMap(numbersOf)).toEqual([10, 5, 5, 0]);
    const third = (x: Tensor): Tensor =>
      jvp((z: Tensor) => jvp((u: Tensor) => u.mul(u).mul(u), [z], [f64(1)])[1], [x], [f64(1)])[1];
    expect(numbersOf(jvp(third, [f64(2)], [f64(1)]))).toEqual([12, 6]);
  });

  test("say what does not fit", () => {
    expect(() => jvp((x: Tensor) => x, [f64([1, 2])], [f64(1)])).toThrow(/shape/);
    expect(() => vjp((x: Tensor) => x, f64([1, 2]))[1](f64([1]))).toThrow(/shape \[1\]/);
  });
});
