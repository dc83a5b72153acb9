import { grad, hessian, jacfwd, jacrev, vmap } from "@dzdt/autograd";
import { compile, js, tensor, type Tensor, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rodas5p, steadyState } from "../src/index";
import { f64, numbers } from "./support/numbers";

const near = (x: readonly number[], y: readonly number[], bound: number): void =>
  x.forEach((value, i) => expect(Math.abs(value - y[i]!)).toBeLessThan(bound));

/** y² = k. */
const root = (k: Tensor): Tensor => steadyState((_t, y: Tensor, p: Tensor) => p.sub(y.mul(y)), f64([1]), { args: k });

describe("a steady state", () => {
  test("is where the field is 0, with the derivatives of the implicit function, of any order and in both modes", () => {
    const programs = [root, jacfwd(root), jacrev(root), hessian((p: Tensor) => root(p).sum())].map((f) => compile(f));
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 4, noNaN: true }), (k) => {
        const found = programs.map((f) => numbers(f(f64([k])))[0]!);
        near(found, [Math.sqrt(k), 0.5 / Math.sqrt(k), 0.5 / Math.sqrt(k), -0.25 * k ** -1.5], 1e-10);
      }),
      { numRuns: 10 },
    );
  });

  test("of a tree, stiff, is that of the balance of its rates", () => {
    // a → b at p, b → a at 1, and a + b = 1; c follows a.
    const field = (_t: Tensor, { ab, c }: { ab: Tensor; c: Tensor }, p: Tensor) => {
      const [a, b] = [ab.slice([0], [1]), ab.slice([1], [2])];
      const flow = a.mul(p).sub(b);
      return {
        ab: flow.mul(f64([-1, 0])).add(
          ab
            .sum()
            .sub(1)
            .mul(f64([0, -1])),
        ),
        c: c.sub(a).mul(-1e4),
      };
    };
    const solve = (p: Tensor) => steadyState(field, { ab: f64([0.3, 0.3]), c: f64([2]) }, { args: p, solver: rodas5p });
    const { ab, c } = solve(f64([3]));
    near(numbers(ab), [0.25, 0.75], 1e-10);
    near(numbers(c), [0.25], 1e-10);
    // a = 1 / (1 + p)
    near(numbers(grad((p: Tensor) => solve(p).c.sum())(f64([3]))), [-1 / 16], 1e-10);
  });

  test("does not depend on where the way there began, and may be there from the start", () => {
    const from = (y: Tensor): Tensor => steadyState((_t, x: Tensor) => x.mul(x).neg().add(2), y, {}).sum();
    near(numbers(grad(from)(f64([1]))), [0], 1e-15);
    near([from(f64([Math.SQRT2])).itemSync()], [Math.SQRT2], 1e-12);
  });

  test("is the same compiled, batched and on the plain target", () => {
    const ks = f64([[1], [2], [3]]);
    const expected = [1, Math.SQRT2, Math.sqrt(3)];
    near(numbers(vmap(root)(ks)), expected, 1e-10);
    near(
      numbers(vmap(jacrev(root))(ks)),
      expected.map((x) => 0.5 / x),
      1e-7,
    );
    near(numbers(compile(root)(f64([2]))), [Math.SQRT2], 1e-10);
    near(
      withTarget(js(), () => numbers(root(f64([2])))),
      numbers(root(f64([2]))),
      1e-12,
    );
  });

  test("that is never reached has a name, and options that cannot be are refused", () => {
    const turning = (t: Tensor, y: Tensor): Tensor => t.mul(0).add(1).mul(y.mul(0).add(1));
    expect(() => steadyState(turning, f64([0]), { until: 10 })).toThrow(/no state up to t = 10 is at rest/);
    expect(numbers(compile((y: Tensor) => steadyState(turning, y, { until: 10 }))(f64([0])))).toEqual([NaN]);
    expect(() => steadyState(turning, tensor([0]), { until: -1 })).toThrow(/until is -1; give a positive number/);
    expect(() => steadyState(turning, tensor([0]), { t1: 1 } as never)).toThrow(/steadyState: unknown option t1/);
  });
});
