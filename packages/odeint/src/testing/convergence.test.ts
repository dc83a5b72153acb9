import { expect, test } from "vitest";
import { explicitRungeKutta, kvaerno4, radau5, rk4, sdirk2, tsit5 } from "../index";
import * as testing from "./index";

const { convergence, denseError, lotkaVolterra, oscillatingGrowth, solutionError, stiffProblems } = testing;

test("a solver's order shows on a problem", () => {
  expect(convergence(rk4, oscillatingGrowth).order).toBeCloseTo(4, 0);
  expect(Math.abs(convergence(sdirk2, lotkaVolterra).order - 2)).toBeLessThan(0.15);
});

test("a wrong coefficient shows, too", () => {
  const wrong = explicitRungeKutta({ ...rk4, b: [1 / 6, 1 / 6, 1 / 2, 1 / 6] });
  expect(convergence(wrong, oscillatingGrowth, { upTo: 512 }).order).toBeLessThan(2.5);
});

test("dense output has an error of its own order", () => {
  const { order } = testing.observedOrder((steps) => denseError(tsit5, oscillatingGrowth, steps), { from: 8 });
  expect(Math.abs(order - 5)).toBeLessThan(0.6);
  expect(() => denseError(tsit5, lotkaVolterra, 4)).toThrow(/^denseError: lotkaVolterra has no formula; take/);
});

test.each(stiffProblems)("$name is too stiff for explicit steps, and not for implicit ones", (problem) => {
  expect(() => solutionError(rk4, problem, 100)).toThrow("nonFinite");
  for (const solver of [kvaerno4, radau5]) expect(solutionError(solver, problem, 100)).toBeLessThan(1e-6);
});

test("where errors are only rounding there is no order to be seen", () => {
  expect(() => convergence(tsit5, oscillatingGrowth, { from: 4096, upTo: 8192 })).toThrow(
    /^observedOrder: \d errors of/,
  );
});
