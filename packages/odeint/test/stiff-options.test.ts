import { full, stack, tensor, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  constant,
  type ImplicitSolver,
  implicitEuler,
  kencarp4,
  kvaerno3,
  kvaerno5,
  odeint,
  pid,
  radau5,
  rodas4,
  rodas5p,
  sdirk2,
  SolveError,
  type Solver,
  Status,
  trbdf2,
  tsit5,
} from "../src/index";
import { estimatesErrors } from "../src/implicit/method";

import * as solvers from "../src/solvers";

import data from "./data/stiff.json";
import { tensorField } from "./support/expression";
import { distance, f64, last, numbers } from "./support/numbers";

const all = Object.values(solvers) as readonly Solver[];
const implicit = all.filter(
  (solver): solver is ImplicitSolver => !["explicit", "symplectic", "stepper"].includes(solver.kind),
);
const adaptive: readonly Solver[] = [
  ...implicit.filter((solver) => estimatesErrors(solver)),
  solvers.bdf,
  solvers.auto,
];

const { rhs, outputs } = data.problems.find(({ id }) => id === "rober")!;
const rober = { rhs, outputs };

describe("the Jacobian may be given", () => {
  const robertson = tensorField(rober);
  const jacobian = (_t: Tensor, y: Tensor): Tensor => {
    const [, b, c] = [0, 1, 2].map((i) => y.slice([i], [i + 1]).reshape([])) as [Tensor, Tensor, Tensor];
    const number = (x: number): Tensor => full([], x, { dtype: "float64" });
    return stack([
      stack([number(-0.04), c.mul(1e4), b.mul(1e4)]),
      stack([number(0.04), c.mul(-1e4).sub(b.mul(6e7)), b.mul(-1e4)]),
      stack([number(0), b.mul(6e7), number(0)]),
    ]);
  };
  test.each([rodas5p, kvaerno5, radau5, solvers.bdf, solvers.auto])("to $name", (solver) => {
    const options = { solver, rtol: 1e-6, atol: 1e-10 };
    const own = odeint(robertson, f64([1, 0, 0]), [0, 40], options);
    const given = odeint(robertson, f64([1, 0, 0]), [0, 40], { ...options, jacobian });
    expect(distance(numbers(last(given.ys)), numbers(last(own.ys)))).toBeLessThan(1e-9);
    expect(Math.abs(given.stats.steps.itemSync() - own.stats.steps.itemSync())).toBeLessThan(3);
  });

  test("for a tree, as a tree of trees", () => {
    const field = (_t: Tensor, { x, v }: { x: Tensor; v: Tensor }) => ({ x: v, v: x.mul(-1000).sub(v.mul(1001)) });
    const number = (value: number): Tensor => full([], value, { dtype: "float64" });
    const y0 = { x: number(1), v: number(0) };
    const options = { solver: rodas5p, rtol: 1e-8, atol: 1e-10 };
    const given = { x: { x: number(0), v: number(1) }, v: { x: number(-1000), v: number(-1001) } };
    const { ys } = odeint(field, y0, [0, 2], { ...options, jacobian: () => given });
    const exact = (1000 * Math.exp(-2) - Math.exp(-2000)) / 999;
    expect(Math.abs(numbers(ys.x)[1]! - exact)).toBeLessThan(1e-8);
    expect(() => odeint(field, y0, [0, 2], { ...options, jacobian: () => number(1) })).toThrow(
      /jacobian has 1 leaves for a state of 2/,
    );
    expect(() =>
      odeint((_t, y: Tensor) => y, f64([1, 2]), [0, 1], { ...options, jacobian: () => f64([1, 2]) }),
    ).toThrow(/jacobian is of shape \[2\]; give \[2, 2\]/);
  });
});

describe("a mass matrix", () => {
  const mass = tensor(
    [
      [2, 1],
      [0, 3],
    ],
    { dtype: "float64" },
  );
  const right = (t: Tensor, y: Tensor): Tensor =>
    stack([y.slice([1], [2]).reshape([]).sub(t), y.slice([0], [1]).reshape([]).mul(-40)]);
  const inverse = tensor(
    [
      [1 / 2, -1 / 6],
      [0, 1 / 3],
    ],
    { dtype: "float64" },
  );
  test.each(implicit.filter(({ kind }) => kind !== "imex"))(
    "of full rank is that of the solved field to $name",
    (solver) => {
      const options = { solver, controller: constant({ dt: 1 / 32 }) };
      const own = odeint(right, f64([1, 0]), [0, 0.3, 1], { ...options, mass }).ys;
      const solved = odeint(
        (t: Tensor, y: Tensor) => inverse.matmul(right(t, y)),
        f64([1, 0]),
        [0, 0.3, 1],
        options,
      ).ys;
      expect(distance(numbers(own), numbers(solved))).toBeLessThan(1e-12);
    },
  );

  test.each([rodas4, rodas5p, radau5, solvers.bdf, solvers.auto])(
    "that is singular makes algebraic equations for $name",
    (solver) => {
      // Robertson's problem with its conservation law in place of the third equation.
      const field = tensorField({ rhs: [rober.rhs[0]!, rober.rhs[1]!, "y[0]+y[1]+y[2]-1"] });
      const singular = tensor(
        [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 0],
        ],
        { dtype: "float64" },
      );
      const { t, y } = rober.outputs[3]!;
      const { ys } = odeint(field, f64([1, 0, 0]), [0, t], { solver, mass: singular, rtol: 1e-7, atol: 1e-11 });
      numbers(last(ys)).forEach((x, i) => expect(Math.abs(x / y[i]! - 1)).toBeLessThan(1e-5));
    },
  );

  test("is refused where it has no place", () => {
    expect(() => odeint(right, f64([1, 0]), [0, 1], { mass, solver: tsit5 })).toThrow(/tsit5 takes no mass matrix/);
    expect(() => odeint(right, f64([1, 0]), [0, 1], { mass: f64([1, 2]), solver: rodas4 })).toThrow(
      /mass is of shape \[2\]/,
    );
  });
});

describe("failures are named", () => {
  const blowUp = (_t: Tensor, y: Tensor): Tensor => y.mul(y);

  test.each(adaptive)("$name ends where the solution does", (solver) => {
    const solved = odeint(blowUp, f64([1]), [0, 2], { solver, throw: false, rtol: 1e-3, atol: 1e-3 });
    expect([Status.stepUnderflow, Status.nonFinite]).toContain(solved.status.itemSync());
    expect(numbers(last(solved.ys))).toEqual([NaN]);
    expect(() => odeint(blowUp, f64([1]), [0, 2], { solver, rtol: 1e-3, atol: 1e-3 })).toThrow(SolveError);
  });

  test("Newton's iteration that finds no root ends a solve of given steps", () => {
    // y = 1 + y² has no real solution.
    for (const solver of [implicitEuler, sdirk2, radau5])
      expect(
        odeint(blowUp, f64([1]), [0, 1], { solver, controller: constant({ dt: 1 }), throw: false }).status.itemSync(),
      ).toBe(Status.nonFinite);
  });

  test("a system that is singular is met by a shorter step, or ends a solve of given steps", () => {
    // 1 − h λ = 0 with h = 1/4.
    const growth = (_t: Tensor, y: Tensor): Tensor => y.mul(4);
    const given = { solver: implicitEuler, controller: constant({ dt: 1 / 4 }), throw: false };
    expect(odeint(growth, f64([1]), [0, 1], given).status.itemSync()).toBe(Status.nonFinite);
    const free = odeint(growth, f64([1]), [0, 1], { solver: implicitEuler, dt0: 1 / 4, rtol: 1e-3 });
    expect(free.status.itemSync()).toBe(Status.success);
    expect(Math.abs(numbers(last(free.ys))[0]! / Math.exp(4) - 1)).toBeLessThan(0.3);
  });

  test.each(adaptive)("$name rejects steps to where the field is not a number", (solver) => {
    // Ends just before y = 1/2, after which there is no field.
    const edge = (_t: Tensor, y: Tensor): Tensor => y.sub(0.5).sqrt().neg().mul(10);
    const solved = odeint(edge, f64([1]), [0, 0.14], { solver, throw: false, dt0: 0.14 });
    expect(solved.status.itemSync()).toBe(Status.success);
    expect(solved.stats.rejected.itemSync()).toBeGreaterThan(0);
  });

  test("states and fields are of floats; arguments may be integers", () => {
    expect(() => odeint((_t, y: Tensor) => y, tensor([1, 2], { dtype: "int32" }), [0, 1], { solver: rodas5p })).toThrow(
      /y0 is int32/,
    );
    const integers = (_t: Tensor, y: Tensor): Tensor => y.round().cast("int32");
    expect(() => odeint(integers, f64([1, 2]), [0, 1], { solver: kvaerno3 })).toThrow(/vector field returned int32/);
    const scaled = (_t: Tensor, y: Tensor, k: Tensor): Tensor => y.mul(k.cast("float64"));
    const { ys } = odeint(scaled, f64([1]), [0, 1], { solver: rodas5p, args: tensor(-3, { dtype: "int32" }) });
    expect(Math.abs(numbers(last(ys))[0]! - Math.exp(-3))).toBeLessThan(1e-6);
  });

  test("a method without an error estimate needs its steps given", () => {
    expect(() => odeint(blowUp, f64([1]), [0, 0.5], { solver: sdirk2 })).toThrow(/sdirk2 has no error estimate/);
    expect(() => odeint(blowUp, f64([1]), [0, 0.5], { solver: sdirk2, controller: pid() })).toThrow(
      /no error estimate/,
    );
  });

  test("coefficients are checked", () => {
    expect(() => rodas4.with({ m: [1, 0, 0, 0, 0, 0] })).toThrow(/rodas4: m Γ sums to/);
    expect(() => trbdf2.with({ c: [0, 0.5, 1] })).toThrow(/trbdf2: row 1 of a sums to/);
    expect(() => kencarp4.with({ explicit: kencarp4.explicit.slice(1) })).toThrow(/kencarp4: explicit has 5 entries/);
  });
});
