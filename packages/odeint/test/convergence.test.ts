import { tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { constant, odeint } from "../src/index";
import * as solvers from "../src/solvers";
import type { ExplicitSolver } from "../src/tableau";
import { linear, nonautonomousStages, observedOrder, pendulum, problems, type TestProblem } from "../src/testing";

const all = Object.values(solvers) as readonly { readonly kind: string; readonly name: string }[];
const explicit = all.filter((solver): solver is ExplicitSolver => solver.kind === "explicit");

function errorAt(solver: ExplicitSolver, { field, y0, t0, t1, solution }: TestProblem, steps: number): number {
  const { ys } = odeint(field, tensor([...y0], { dtype: "float64" }), [t0, t1], {
    solver,
    controller: constant({ dt: (t1 - t0) / steps }),
    throw: false,
  });
  const end = Array.from(ys.dataSync() as Float64Array).slice(-y0.length);
  return Math.max(...end.map((x, i) => Math.abs(x - solution[i]!)));
}

describe.each(explicit)("$name converges at the order it declares", (solver) => {
  // Methods of high order are down to rounding after a few halvings.
  const options = { upTo: 32768, ratio: solver.order > 5 ? Math.SQRT2 : 2 };

  test.each([linear, nonautonomousStages, pendulum])("or faster, on $name", (problem) => {
    const { order, errors } = observedOrder((steps) => errorAt(solver, problem, steps), options);
    expect(order, `errors ${errors.join(", ")}`).toBeGreaterThan(solver.order - 0.15);
    if (solver.order < 5) expect(order, `errors ${errors.join(", ")}`).toBeLessThan(solver.order + 0.15);
  });

  test.each([linear, pendulum])("and not faster where h → 0, on $name", (problem) => {
    const { order, limit, errors } = observedOrder((steps) => errorAt(solver, problem, steps), options);
    const distance = Math.min(Math.abs(order - solver.order), Math.abs(limit - solver.order));
    expect(distance, `order ${order}, ${limit} in the limit, errors ${errors.join(", ")}`).toBeLessThan(0.15);
  });
});

describe.each(problems)("$name is solved", ({ field, y0, t0, t1, solution }) => {
  test.each([solvers.tsit5, solvers.dopri5, solvers.dop853])("by $name to its tolerance", (solver) => {
    const { ys } = odeint(field, tensor([...y0], { dtype: "float64" }), [t0, t1], { solver, rtol: 1e-10, atol: 1e-10 });
    const end = Array.from(ys.dataSync() as Float64Array).slice(-y0.length);
    // Arenstorf's orbit multiplies an error by some 1e5.
    end.forEach((x, i) => expect(Math.abs(x - solution[i]!)).toBeLessThan(t1 > 10 ? 1e-4 : 1e-7));
  });
});
