import { tensor } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constant, odeint, pid, type Solver } from "../src/index";
import { argsOf, choosing, field, fields, type Numbers, steady, triple } from "./support/random-fields";
import { last, numbers } from "./support/numbers";

const eps = 2 ** -24;

function end(
  solver: Solver,
  n: Numbers,
  y0: readonly number[],
  dtype: "float32" | "float64",
  options: object,
): number[] {
  const start = tensor([...y0, 0], { dtype });
  return numbers(last(odeint(field, start, [0, 1], { solver, args: argsOf(n, dtype), ...options }).ys));
}

/** A bound of |∂y(1)/∂y(0)|: exp of the largest row sum of |A| + |B|. */
const condition = ({ a, b }: Numbers): number =>
  Math.exp(Math.max(...a.map((row, i) => row.reduce((sum, x, j) => sum + Math.abs(x) + Math.abs(b[i]![j]!), 0))));

describe.each(steady)("$name", (solver) => {
  test("in float32 is within 1000 roundings of float64, times the problem's condition", () => {
    fc.assert(
      fc.property(fields, triple, (n, y0) => {
        const options = { controller: constant({ dt: 1 / 16 }) };
        const [single, double] = (["float32", "float64"] as const).map((dtype) => end(solver, n, y0, dtype, options));
        const size = 1 + Math.max(...double!.map(Math.abs));
        single!.forEach((x, i) => expect(Math.abs(x - double![i]!)).toBeLessThan(1e3 * eps * condition(n) * size));
      }),
      { numRuns: 3 },
    );
  });
});

describe.each(choosing)("$name, choosing its steps,", (solver) => {
  test("in float32 is as near to float64 as its tolerance", () => {
    fc.assert(
      fc.property(fields, triple, (n, y0) => {
        const options = { controller: pid({ rtol: 1e-3, atol: 1e-3 }) };
        const [single, double] = (["float32", "float64"] as const).map((dtype) => end(solver, n, y0, dtype, options));
        const size = 1 + Math.max(...double!.map(Math.abs));
        single!.forEach((x, i) => expect(Math.abs(x - double![i]!)).toBeLessThan(0.05 * size));
      }),
      { numRuns: 2 },
    );
  });
});
