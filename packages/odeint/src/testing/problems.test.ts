import { tensor } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { plainStep } from "../../test/support/reference-stepper";
import { dop853 } from "../solvers";
import { problems, type TestProblem } from "./problems";

const plain =
  ({ field }: TestProblem) =>
  (t: number, y: readonly number[]): number[] => {
    const dy = field(tensor(t, { dtype: "float64" }), tensor([...y], { dtype: "float64" }));
    return Array.from(dy.dataSync() as Float64Array);
  };

test.each(problems)("$name has as many derivatives as components", (problem) => {
  expect(plain(problem)(problem.t0, problem.y0)).toHaveLength(problem.y0.length);
  expect(problem.solution).toHaveLength(problem.y0.length);
});

test.each(problems.filter(({ exact }) => exact))(
  "the formula of $name starts at y0 and satisfies the equation",
  (problem) => {
    const exact = problem.exact!;
    exact(problem.t0).forEach((x, i) => expect(x).toBeCloseTo(problem.y0[i]!, 14));
    const [t, h] = [(problem.t0 + problem.t1) / 2, 1e-3];
    const slopes = exact(t + h).map((x, i) => (x - exact(t - h)[i]!) / (2 * h));
    plain(problem)(t, exact(t)).forEach((x, i) => expect(Math.abs(x - slopes[i]!)).toBeLessThan(1e-5));
  },
);

// The others take more steps than an interpreter on plain numbers should: `convergence.test.ts` solves them all.
test.each(problems.filter(({ exact, t1 }) => !exact && t1 <= 5))(
  "the tableau of dop853 reaches the reference solution of $name",
  (problem) => {
    const { t0, t1, solution } = problem;
    let y: readonly number[] = problem.y0;
    for (let n = 0; n < 100; n++)
      y = plainStep(dop853, plain(problem), t0 + (n * (t1 - t0)) / 100, (t1 - t0) / 100, y).y;
    y.forEach((x, i) => expect(Math.abs(x - solution[i]!)).toBeLessThan(1e-7));
  },
);
