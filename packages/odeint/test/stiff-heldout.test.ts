import { describe, expect, test } from "vitest";
import { auto, bdf, kencarp5, kvaerno5, radau5, rodas5p, type Solver } from "../src/index";
import data from "./data/stiff-heldout.json";
import { measure, type StiffProblem } from "./support/stiff-criteria";

/*
 * Problems beside those that the solvers' constants were chosen on. Reference values are those on which radau5 and rodas5p at a relative tolerance of
 * 1e-12 agree to 4e-12, and SciPy's Radau at 1e-11 to 1e-11.
 */
const solvers: readonly Solver[] = [rodas5p, kvaerno5, radau5, bdf, auto, kencarp5];

describe.each(data.problems as readonly StiffProblem[])("$id", (problem) => {
  test.each(solvers.map((solver) => ({ solver, name: solver.name })))("is solved by $name", ({ solver }) => {
    for (const rtol of ["0.0001", "1e-06", "1e-07"]) {
      const { errors, steps, rejected, work } = measure(problem, solver, rtol);
      expect(Math.max(...errors), `error at ${rtol}`).toBeLessThan(100);
      expect(rejected, `rejected at ${rtol}`).toBeLessThanOrEqual(0.25 * steps);
      expect(work, `work at ${rtol}`).toBeLessThan(3);
    }
  });
});
