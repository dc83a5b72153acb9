import type { Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { checkpoint, customJvp, customVjp, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap } from "./index";
import { f64, numbersOf } from "./testing/numbers";

// The derivative is on purpose that of 3x³ where the function is x³: it shows whose rule was used.
const cube = (x: Tensor): Tensor => x.mul(x).mul(x);
const reverse = customVjp(cube, {
  forward: (x) => [cube(x), { x }] as const,
  backward: ({ x }, ct: Tensor) => [ct.mul(x).mul(x).mul(9)],
});
const forward = customJvp(cube, ([x], [dx]) => [cube(x), dx.mul(x).mul(x).mul(9)]);

describe.each([
  ["customVjp", reverse],
  ["customJvp", forward],
])("%s", (name, f) => {
  test("has the function's value", () => {
    expect(numbersOf(f(f64(2)))).toEqual([8]);
    expect(numbersOf(vmap(f)(f64([1, 2])))).toEqual([1, 8]);
  });

  test("has the rule's derivative in reverse mode, to second order", () => {
    expect(numbersOf(grad(f)(f64(2)))).toEqual([36]);
    expect(numbersOf(grad(grad(f))(f64(2)))).toEqual([36]);
    expect(numbersOf(vjp(f, f64(2))[1](f64(2)))).toEqual([72]);
    expect(numbersOf(jacrev(f)(f64([1, 2])))).toEqual([9, 0, 0, 36]);
    expect(numbersOf(hessian(f)(f64(2)))).toEqual([36]);
  });

  test("has the function's own forward mode unless the rule is one", () => {
    const slope = name === "customJvp" ? 9 : 3;
    expect(numbersOf(jvp(f, [f64(2)], [f64(1)]))).toEqual([8, 4 * slope]);
    expect(numbersOf(jacfwd(f)(f64(2)))).toEqual([4 * slope]);
  });

  test("keeps its rule under vmap", () => {
    expect(numbersOf(vmap(grad(f))(f64([1, 2])))).toEqual([9, 36]);
    expect(numbersOf(grad((x: Tensor) => vmap(f)(x).sum())(f64([1, 2])))).toEqual([9, 36]);
  });
});

describe("customVjp", () => {
  test("sums cotangents of what is the same for all examples", () => {
    const f = customVjp((x: Tensor, w: Tensor) => x.mul(w), {
      forward: (x, w) => [x.mul(w), [x, w]] as const,
      backward: ([x, w], ct: Tensor) => [ct.mul(w), ct.mul(x)],
    });
    const g = grad((w: Tensor) => vmap(f, [0, null])(f64([1, 2, 3]), w).sum())(f64(5));
    expect(numbersOf(g)).toEqual([6]);
  });

  test("may close over values, and names those that would lose a derivative", () => {
    const g = grad((s: Tensor) =>
      customVjp((x: Tensor) => x, { forward: (x) => [x, []] as const, backward: (_, ct: Tensor) => [ct.mul(s)] })(
        s.stopGradient(),
      ),
    );
    expect(numbersOf(g(f64(3)))).toEqual([0]);
    const bad = grad((s: Tensor) =>
      customVjp((x: Tensor) => x.mul(s), {
        forward: (x) => [x.mul(s), []] as const,
        backward: (_, ct: Tensor) => [ct],
      })(f64(1)),
    );
    expect(() => bad(f64(3))).toThrow(/pass it as an argument/);
  });

  test("takes undefined for a cotangent of zero", () => {
    const f = customVjp((x: Tensor, y: Tensor) => x.mul(y), {
      forward: (x, y) => [x.mul(y), y] as const,
      backward: (y, ct: Tensor) => [ct.mul(y), undefined],
    });
    expect(numbersOf(grad(f, [0, 1])(f64(2), f64(3)))).toEqual([3, 0]);
  });
});

describe("arguments that are no tensors", () => {
  const power = (x: Tensor, n: number, how: string): Tensor => (how === "twice" ? x.mul(n).mul(n) : x);
  test("keep their precision where they are numbers, and are passed as they are otherwise", () => {
    expect(numbersOf(checkpoint(power)(f64(1), 0.1, "twice"))[0]).toBe(0.1 * 0.1);
    const custom = customVjp(power, {
      forward: (x, n, how) => [power(x, n, how), []] as const,
      backward: (_, ct: Tensor) => [ct.mul(7)],
    });
    expect(numbersOf(custom(f64(1), 0.1, "twice"))[0]).toBe(0.1 * 0.1);
    expect(numbersOf(grad((x: Tensor) => custom(x, 0.1, "twice"))(f64(1)))).toEqual([7]);
  });
});

describe("checkpoint", () => {
  test("changes no derivative", () => {
    const f = (x: Tensor): Tensor => x.sin().mul(x.exp()).sum();
    const x = f64([0.3, -1]);
    const near = (a: unknown, b: unknown): void =>
      numbersOf(a).forEach((v, i) => expect(v).toBeCloseTo(numbersOf(b)[i]!, 13));
    near(checkpoint(f)(x), f(x));
    near(grad(checkpoint(f))(x), grad(f)(x));
    near(hessian(checkpoint(f))(x), hessian(f)(x));
    near(jvp(checkpoint(f), [x], [x]), jvp(f, [x], [x]));
    near(vmap(grad(checkpoint(f)))(f64([[1, 2]])), vmap(grad(f))(f64([[1, 2]])));
  });
});
