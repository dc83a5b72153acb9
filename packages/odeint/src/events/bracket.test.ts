import { tensor, type Tensor, where } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crossing } from "./bracket";

const f64 = (x: number): Tensor => tensor(x, { dtype: "float64" });

/** The root of `f` in [a, b] as found. */
function solve(f: (x: Tensor) => Tensor, a: number, b: number, side: number): number {
  const [fa, fb] = [f(f64(a)).itemSync(), f(f64(b)).itemSync()];
  const bracket = { a: f64(a), b: f64(b), side: f64(side), fa: f64(fa), fb: f64(fb), found: f64(1).greater(0) };
  return crossing(f, bracket, f64(2 ** -53)).itemSync();
}

describe("the first point of the far side", () => {
  test("is found to rounding, where a function is smooth", () => {
    fc.assert(
      fc.property(fc.double({ min: -0.99, max: -0.01, noNaN: true }), fc.integer({ min: 1, max: 5 }), (root, power) => {
        const f = (x: Tensor): Tensor => x.sub(root).mul(x.add(2).pow(power));
        expect(Math.abs(solve(f, -1, 0, -1) - root)).toBeLessThan(4e-16);
      }),
      { numRuns: 40 },
    );
  });

  test("is found where there are only signs", () => {
    fc.assert(
      fc.property(fc.double({ min: -0.99, max: -0.01, noNaN: true }), (root) => {
        const sign = (x: Tensor): Tensor => where(x.less(root), 1, -1).cast("float64");
        const found = solve(sign, -1, 0, 1);
        expect(found).toBeGreaterThanOrEqual(root);
        expect(found - root).toBeLessThan(4e-16);
      }),
      { numRuns: 40 },
    );
  });

  test("is not the zero that the interval begins with", () => {
    const parabola = (x: Tensor): Tensor => x.mul(f64(0.125).sub(x));
    expect(solve(parabola, 0, 1, 1)).toBeCloseTo(0.125, 15);
    // Nor one of the wrong sign by rounding.
    expect(solve((x) => parabola(x).sub(1e-17), 0, 1, 1)).toBeCloseTo(0.125, 15);
  });

  test("comes back as the end where there is none", () => {
    const bracket = { a: f64(0), b: f64(1), side: f64(1), fa: f64(1), fb: f64(1), found: f64(1).less(0) };
    expect(crossing((x) => x.mul(NaN), bracket, f64(1e-16)).itemSync()).toBe(1);
  });
});
