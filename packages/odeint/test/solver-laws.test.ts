import { add, concat, mul, pow, type Tensor } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constant, odeint } from "../src/index";
import * as solvers from "../src/solvers";
import type { ExplicitSolver } from "../src/tableau";
import { denseOrder, linear, lotkaVolterra, nonautonomousStages, observedOrder, pendulum } from "../src/testing";
import { distance, f64, last, numbers } from "./support/numbers";

const all = Object.values(solvers) as readonly { readonly kind: string; readonly name: string }[];
const explicit = all.filter((solver): solver is ExplicitSolver => solver.kind === "explicit");
const adaptive = explicit.filter(({ bError }) => bError);

const dyadic = fc.integer({ min: -64, max: 64 }).map((n) => n / 32);
const stepLength = fc.constantFrom(1 / 4, 1 / 8, 1 / 16);

describe.each(explicit)("$name", (solver) => {
  const fixed = (dt: number) => ({ solver, controller: constant({ dt }) });

  test("integrates t^k without error for k below its order, dense output included", () => {
    for (let k = 0; k < solver.order; k++) {
      const solved = odeint(
        (t: Tensor, y: Tensor) => add(mul(y, 0), k === 0 ? 1 : pow(t, k)),
        f64([0]),
        [0, 2],
        fixed(1 / 2),
      );
      expect(Math.abs(numbers(solved.ys)[1]! - 2 ** (k + 1) / (k + 1))).toBeLessThan(1e-13 * 2 ** k);
      if (k < denseOrder(solver))
        expect(Math.abs(solved.at(1.3125).itemSync() - 1.3125 ** (k + 1) / (k + 1))).toBeLessThan(1e-13 * 2 ** k);
    }
  });

  test("solves [0, 1] and then [1, 2] as it solves [0, 2], bit for bit", () => {
    fc.assert(
      fc.property(dyadic, dyadic, stepLength, (a, b, dt) => {
        const { field } = nonautonomousStages;
        const halfway = odeint(field, f64([a, b]), [0, 1], fixed(dt)).ys;
        const twice = odeint(field, last(halfway), [1, 2], fixed(dt)).ys;
        expect(numbers(last(twice))).toEqual(numbers(last(odeint(field, f64([a, b]), [0, 2], fixed(dt)).ys)));
      }),
      { numRuns: 5 },
    );
  });

  test("is linear in y0 when the field is linear", () => {
    fc.assert(
      fc.property(fc.array(dyadic, { minLength: 10, maxLength: 10 }), dyadic, (y0, factor) => {
        const end = (y: readonly number[]): number[] =>
          numbers(last(odeint(linear.field, f64(y), [0, 1], fixed(1 / 8)).ys));
        const scaled = end(y0.map((y) => factor * y));
        expect(
          distance(
            scaled,
            end(y0).map((y) => factor * y),
          ),
        ).toBeLessThan(1e-13);
      }),
      { numRuns: 5 },
    );
  });

  test("shifts with a field that does not depend on time, bit for bit", () => {
    const end = (t0: number): number[] =>
      numbers(last(odeint(pendulum.field, f64([1, 0]), [t0, t0 + 2], fixed(1 / 8)).ys));
    expect(end(16)).toEqual(end(0));
  });

  test("takes time as a state as it takes time as time", () => {
    const { field, y0 } = nonautonomousStages;
    const extended = (_t: Tensor, z: Tensor): Tensor => {
      const t = z.slice([2], [3]).reshape([]);
      return concat([field(t, z.slice([0], [2])), f64([1])]);
    };
    const end = numbers(last(odeint(extended, f64([...y0, 0]), [0, 2], fixed(1 / 16)).ys));
    expect(distance(end.slice(0, 2), numbers(last(odeint(field, f64(y0), [0, 2], fixed(1 / 16)).ys)))).toBeLessThan(
      1e-13,
    );
  });

  test("runs backwards in time", () => {
    const back = (t: Tensor, y: Tensor): Tensor => nonautonomousStages.field(t.neg(), y).neg();
    const ahead = odeint(back, f64([1, 0.5]), [-1, 0.5], fixed(1 / 16)).ys;
    const reversed = odeint(nonautonomousStages.field, f64([1, 0.5]), [1, -0.5], fixed(1 / 16)).ys;
    expect(distance(numbers(last(reversed)), numbers(last(ahead)))).toBeLessThan(1e-13);
  });

  test("evaluates the field once per stage and step, and once to begin", () => {
    const { stats } = odeint(pendulum.field, f64([1, 0]), [0, 2], fixed(1 / 8));
    const perStep = solver.fsal ? solver.stages - 1 : solver.stages;
    expect(stats.evaluations.itemSync()).toBe(16 * perStep + 1);
  });

  test("has dense output that meets its steps bit for bit, and converges at its order between them", () => {
    const { field, y0 } = lotkaVolterra;
    const solved = odeint(field, f64(y0), [0, 0.5, 1], fixed(1 / 2));
    expect(numbers(solved.at([0, 0.5, 1]))).toEqual(numbers(solved.ys));
    // Long enough that those of smallest errors do not err by rounding only.
    const middle = solver.name.startsWith("vern") ? 2 : 0.7;
    const exact = odeint(field, f64(y0), [0, middle], { solver: solvers.dop853, rtol: 1e-14, atol: 1e-14 }).ys;
    const error = (steps: number): number => {
      const solution = odeint(field, f64(y0), [0, 2 * middle], fixed((2 * middle) / steps));
      return distance(numbers(solution.at(middle)), numbers(last(exact)));
    };
    // An odd number of steps puts it in the middle of one.
    const { order } = observedOrder((steps) => error(2 * Math.floor(steps / 2) + 1), {
      from: 5,
      upTo: 1000,
      ratio: 1.5,
    });
    expect(order).toBeGreaterThan(Math.min(solver.order, denseOrder(solver) + 1) - 0.4);
  });
});

describe.each(adaptive)("$name, adaptive", (solver) => {
  test("does not change its steps for save times", () => {
    const { field, y0 } = lotkaVolterra;
    const options = { solver, rtol: 1e-5, atol: 1e-7 };
    const few = odeint(field, f64(y0), [0, 5], options);
    const many = odeint(field, f64(y0), [0, 0.1, 0.7, 1.9, 2, 4.4, 5], options);
    expect(many.stats.steps.itemSync()).toBe(few.stats.steps.itemSync());
    expect(numbers(last(many.ys))).toEqual(numbers(last(few.ys)));
    expect(numbers(few.at([0, 0.1, 0.7, 1.9, 2, 4.4, 5]))).toEqual(numbers(many.ys));
  });

  test("takes the same steps in other units", () => {
    const scaled = (t: Tensor, y: Tensor): Tensor => lotkaVolterra.field(t, y.mul(1024)).div(1024);
    const count = (field: typeof scaled, unit: number): unknown =>
      odeint(field, f64(lotkaVolterra.y0.map((y) => y / unit)), [0, 5], {
        solver,
        rtol: 1e-5,
        atol: 1e-7 / unit,
      }).stats.steps.itemSync();
    expect(count(scaled, 1024)).toBe(count(lotkaVolterra.field, 1));
  });

  test("errs less with smaller tolerances, about in proportion", () => {
    const { field, y0, t0, t1, solution } = lotkaVolterra;
    const error = (tol: number): number =>
      distance(numbers(last(odeint(field, f64(y0), [t0, t1], { solver, rtol: tol, atol: tol }).ys)), solution);
    const slope = Math.log10(error(1e-4) / error(1e-8)) / 4;
    expect(slope).toBeGreaterThan(0.7);
    expect(slope).toBeLessThan(1.3);
  });

  test("comes back from where it went, to its tolerance", () => {
    const { field, y0 } = pendulum;
    const options = { solver, rtol: 1e-7, atol: 1e-7 };
    const there = last(odeint(field, f64(y0), [0, 3], options).ys);
    expect(distance(numbers(last(odeint(field, there, [3, 0], options).ys)), y0)).toBeLessThan(1e-5);
  });
});
