import { describe, expect, test } from "vitest";
import { constant, imex, odeint } from "../src/index";
import type { Solver } from "../src/solver";
import * as solvers from "../src/solvers";
import data from "./data/stiff.json";
import { tensorField } from "./support/expression";
import { f64, numbers } from "./support/numbers";

const named = solvers as unknown as Record<string, Solver>;

function near(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((x, i) => {
    const y = expected[i]!;
    expect(Math.abs(x - y), `component ${i}: ${x} and ${y}`).toBeLessThanOrEqual(1e-13 * (1 + Math.abs(y)));
  });
}

describe("odeint takes the reference steps", () => {
  const { t0, h, y0 } = data.problem;
  const field = tensorField(data.problem);
  const known = data.steps.filter(({ solver }) => solver in named);
  test.each(known)("$solver", ({ solver, y1, y8, dense = [] }) => {
    const options = { solver: named[solver]!, controller: constant({ dt: h }) };
    const eight = odeint(field, f64(y0), [t0, t0 + h, t0 + 8 * h], options);
    near(numbers(eight.ys.slice([1], [2])), y1);
    near(numbers(eight.ys.slice([2], [3])), y8);
    const times = dense.map(({ theta }) => t0 + theta * h);
    if (times.length === 0) return;
    const one = odeint(field, f64(y0), [t0, t0 + h], options);
    dense.forEach(({ y }, i) => near(numbers(one.at(times[i]!)), y));
  });
});

describe("odeint takes the reference steps of a field in two parts", () => {
  const { t0, h, y0 } = data.problem;
  test.each(data.imex)("$solver", ({ solver, y1, y8, split }) => {
    const field = imex({
      explicit: tensorField({ rhs: split.explicit }),
      implicit: tensorField({ rhs: split.implicit }),
    });
    const options = { solver: named[solver]!, controller: constant({ dt: h }) };
    const { ys } = odeint(field, f64(y0), [t0, t0 + h, t0 + 8 * h], options);
    near(numbers(ys.slice([1], [2])), y1);
    near(numbers(ys.slice([2], [3])), y8);
  });
});
