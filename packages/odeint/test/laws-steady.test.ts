import type { Tensor } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constant, gauss4, gauss6, gauss8, implicitMidpoint, odeint, type Solver, trapezoid } from "../src/index";
import { argsOf, field, fields, identity, maps, type Numbers, steady, triple } from "./support/random-fields";
import { close, f64, last, numbers } from "./support/numbers";

// One program for each solver serves all its laws: fields differ by their arguments.

const solve = (
  solver: Solver,
  n: Numbers,
  y0: readonly number[],
  ts: readonly [number, number],
  dt = 1 / 8,
): number[] =>
  numbers(
    last(
      odeint(field, f64([...y0, ts[0] * (n.speed ?? 1)]), [...ts], {
        solver,
        controller: constant({ dt }),
        args: argsOf(n),
      }).ys,
    ),
  ).slice(0, 3);

const times = (m: readonly (readonly number[])[], y: readonly number[]): number[] =>
  m.map((row) => row.reduce((sum, x, j) => sum + x * y[j]!, 0));
const plus = (x: readonly number[], y: readonly number[]): number[] => x.map((value, i) => value + y[i]!);
const runs = { numRuns: 3 };
/** With its columns' sums taken off the last row, so that they are 0. */
const balanced = (m: readonly (readonly number[])[]): number[][] => [
  [...m[0]!],
  [...m[1]!],
  m[0]!.map((x, j) => -x - m[1]![j]!),
];

describe.each(steady)("$name", (solver) => {
  test("gives the same numbers each time", () => {
    fc.assert(
      fc.property(fields, triple, (n, y0) => {
        expect(solve(solver, n, y0, [0, 1])).toEqual(solve(solver, n, y0, [0, 1]));
      }),
      runs,
    );
  });

  test("gives the same solution in other coordinates, permuted ones among them", () => {
    const turned = [
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ];
    const back = turned.map((_, i) => turned.map((row) => row[i]!));
    const other = fc.oneof(maps, fc.constant({ to: turned, from: back, shift: [0, 0, 0] }));
    fc.assert(
      fc.property(fields, triple, other, (n, y0, map) => {
        const plain = solve(solver, n, y0, [0, 1]);
        const there = solve(solver, { ...n, ...map }, plus(times(map.to, y0), map.shift), [0, 1]);
        close(there, plus(times(map.to, plain), map.shift), 2e-12);
      }),
      runs,
    );
  });

  test("gives the same numbers at twice the speed in half the time, bit for bit", () => {
    fc.assert(
      fc.property(fields, triple, fc.constantFrom(0.25, 2, 8), (n, y0, speed) => {
        const fast = solve(solver, { ...n, speed }, y0, [0.5 / speed, 1.5 / speed], 1 / 8 / speed);
        expect(fast).toEqual(solve(solver, n, y0, [0.5, 1.5]));
      }),
      runs,
    );
  });

  test("does not see when it begins, bit for bit, where the field does not", () => {
    fc.assert(
      fc.property(fields, triple, fc.constantFrom(-8, 0.5, 4, 64), (n, y0, start) => {
        const still = { ...n, c: [0, 0, 0] };
        expect(solve(solver, still, y0, [start, start + 1])).toEqual(solve(solver, still, y0, [0, 1]));
      }),
      runs,
    );
  });

  test("takes time as a state as it takes time as time", () => {
    fc.assert(
      fc.property(fields, triple, (n, y0) => {
        close(solve(solver, { ...n, own: 1 }, y0, [0.5, 1.5]), solve(solver, n, y0, [0.5, 1.5]), 1e-12);
      }),
      runs,
    );
  });

  test("is linear where the field is", () => {
    fc.assert(
      fc.property(fields, triple, triple, (n, u, v) => {
        const only = { ...n, b: identity.map((row) => row.map(() => 0)), c: [0, 0, 0] };
        const end = (y0: readonly number[]): number[] => solve(solver, only, y0, [0, 1]);
        const [x, y] = [end(u), end(v)];
        close(
          end(u.map((a, i) => 0.75 * a - 1.5 * v[i]!)),
          x.map((a, i) => 0.75 * a - 1.5 * y[i]!),
          2e-13 * (1 + Math.max(...x.map(Math.abs), ...y.map(Math.abs))),
        );
      }),
      runs,
    );
  });

  test("keeps a linear invariant to rounding", () => {
    fc.assert(
      fc.property(fields, triple, ({ a, b, c }, y0) => {
        const n = { a: balanced(a), b: balanced(b), c: [c[0]!, c[1]!, -c[0]! - c[1]!] };
        const total = (y: readonly number[]): number => y.reduce((sum, x) => sum + x, 0);
        const end = solve(solver, n, y0, [0, 2]);
        const size = 1 + Math.max(...end.map(Math.abs));
        expect(Math.abs(total(end) - total(y0))).toBeLessThan(1e-13 * size);
      }),
      runs,
    );
  });

  test("runs backwards as the field with its sign turned runs forwards", () => {
    fc.assert(
      fc.property(fields, triple, (n, y0) => {
        const forth = solve(solver, { ...n, speed: -1 }, y0, [-1, 0]);
        expect(solve(solver, n, y0, [1, 0])).toEqual(forth);
      }),
      runs,
    );
  });
});

/** Integrals of polynomials in time, of the highest powers first. */
const polynomial = (t: Tensor, y: Tensor, coefficients: Tensor): Tensor => {
  const parts = Array.from({ length: coefficients.size }, (_, k) => coefficients.slice([k], [k + 1]));
  return parts.reduce((sum, c) => sum.mul(t).add(c), y.mul(0));
};
const ordered = (solver: Solver): number => ("order" in solver ? solver.order : 1);

describe.each(steady)("$name", (solver) => {
  test("integrates polynomials in time of degrees below its order to rounding", () => {
    const order = ordered(solver);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -16, max: 16 }), { minLength: order, maxLength: order }), (c) => {
        const controller = constant({ dt: 1 / 4 });
        const { ys } = odeint(polynomial, f64([1]), [-0.5, 1.5], { solver, controller, args: f64(c) });
        const primitive = (t: number): number => c.reduce((sum, x, i) => sum + (x * t ** (order - i)) / (order - i), 0);
        close(last(ys), [1 + primitive(1.5) - primitive(-0.5)], 1e-11 * (1 + Math.max(...c.map(Math.abs))));
      }),
      runs,
    );
  });
});

describe.each([trapezoid, implicitMidpoint, gauss4, gauss6, gauss8] as readonly Solver[])(
  "$name, which is symmetric,",
  (solver) => {
    test("comes back along decreasing times to where it was", () => {
      fc.assert(
        fc.property(fields, triple, (n, y0) =>
          close(solve(solver, n, solve(solver, n, y0, [0, 1]), [1, 0]), y0, 1e-11),
        ),
        runs,
      );
    });
  },
);
