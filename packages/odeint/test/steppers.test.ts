import { js, mul, tensor, type Tensor, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  adamsBashforthMoulton,
  constant,
  dop853,
  euler,
  leapfrog,
  odeint,
  odex,
  rk4,
  separable,
  stepDoubling,
  trapezoid,
  vern9,
} from "../src/index";
import type { Solver } from "../src/solver";
import {
  lotkaVolterra,
  nonautonomousStages,
  observedOrder,
  pendulum,
  problems,
  type TestProblem,
} from "../src/testing";
import { distance, f64, last, numbers } from "./support/numbers";

const variable: readonly Solver[] = [adamsBashforthMoulton, odex];
const adaptive: readonly Solver[] = [
  ...variable,
  stepDoubling(rk4),
  stepDoubling(rk4, { extrapolate: true }),
  stepDoubling(trapezoid),
];

/** Solves with steps of one length, each of the order that it declares. */
const fixedOrder: readonly Solver[] = [
  ...[2, 3, 4, 5, 6, 8].map((order) => adamsBashforthMoulton.with({ order })),
  ...[6, 8].map((order) => odex.with({ order })),
  stepDoubling(rk4),
  stepDoubling(euler, { extrapolate: true }),
  stepDoubling(rk4, { extrapolate: true }),
];

/** Without extrapolation steps of order p whose errors are below the tolerance leave an error of its power p / (p + 1) in all; at order 4 little less. */
const powerOf = ({ order }: Solver): number => (order < 3 ? order / (order + 1) : 1);

const [hyperbola, relaxation] = ["hyperbola", "relaxation"].map((name) => problems.find((p) => p.name === name)!) as [
  TestProblem,
  TestProblem,
];

/** Problems on which the leading error is the largest from the longest steps on. */
function plainProblems({ name, order }: Solver): readonly TestProblem[] {
  if (name === "odex") return [hyperbola, relaxation];
  return [order > 6 ? hyperbola : pendulum, nonautonomousStages];
}

function endOf(solver: Solver, { field, y0, t0, t1 }: TestProblem, steps: number): number[] {
  const dt = (t1 - t0) / steps;
  return numbers(last(odeint(field, f64(y0), [t0, t1], { solver, controller: constant({ dt }) }).ys));
}

describe.each(fixedOrder)("$name of order $order, with steps of one length,", (solver) => {
  const options = { upTo: 32768, ratio: solver.order > 5 ? Math.SQRT2 : 2 };

  test.each(plainProblems(solver))("converges at it on $name", (problem) => {
    const { order, limit, errors } = observedOrder(
      (steps) => distance(endOf(solver, problem, steps), problem.solution),
      options,
    );
    const off = Math.min(Math.abs(order - solver.order), Math.abs(limit - solver.order));
    expect(off, `order ${order}, ${limit} in the limit, errors ${errors.join(", ")}`).toBeLessThan(0.15);
  });

  test("has dense output that is continuous and meets its steps bit for bit", () => {
    const { field, y0 } = lotkaVolterra;
    const solved = odeint(field, f64(y0), [0, 0.5, 1, 2], { solver, controller: constant({ dt: 1 / 8 }) });
    expect(numbers(solved.at([0, 0.5, 1, 2]))).toEqual(numbers(solved.ys));
    for (const node of [1 / 8, 1 / 4, 1, 15 / 8]) {
      const [before, after] = [solved.at(node), solved.at(node + 1e-13)].map(numbers) as [number[], number[]];
      expect(distance(before, after)).toBeLessThan(1e-11);
    }
  });

  test("shifts with a field that does not depend on time, bit for bit", () => {
    const end = (t0: number): number[] =>
      numbers(
        last(odeint(pendulum.field, f64([1, 0]), [t0, t0 + 2], { solver, controller: constant({ dt: 1 / 8 }) }).ys),
      );
    expect(end(16)).toEqual(end(0));
  });
});

test.each([
  { solver: adamsBashforthMoulton.with({ order: 4 }), dense: 4 },
  { solver: adamsBashforthMoulton.with({ order: 7 }), dense: 7 },
  { solver: odex.with({ order: 6 }), dense: 3 },
  { solver: odex.with({ order: 8 }), dense: 5 },
  { solver: odex.with({ order: 10 }), dense: 7 },
  { solver: stepDoubling(rk4), dense: 3 },
])("$solver.name of order $solver.order has dense output of order $dense", ({ solver, dense }) => {
  const { field, y0 } = lotkaVolterra;
  const middle = 2;
  const exact = numbers(last(odeint(field, f64(y0), [0, middle], { solver: dop853, rtol: 1e-13, atol: 1e-13 }).ys));
  // Off the middle of a step, where what is symmetric errs by less.
  const error = (steps: number): number => {
    const dt = middle / (steps + 0.3);
    const found = odeint(field, f64(y0), [0, middle + 2 * dt], { solver, controller: constant({ dt }) });
    return distance(numbers(found.at(middle)), exact);
  };
  const { order, errors } = observedOrder(error, { from: 6, upTo: 4000, ratio: 1.5, window: [1e-12, 1e-1] });
  const least = Math.min(solver.order, dense + 1);
  expect(order, errors.join(", ")).toBeGreaterThan(least - 0.4);
  expect(order, errors.join(", ")).toBeLessThan(least + 1.6);
});

test("evaluations are counted as they are made", () => {
  const count = (solver: Solver): number =>
    odeint(pendulum.field, f64([1, 0]), [0, 2], {
      solver,
      controller: constant({ dt: 1 / 8 }),
    }).stats.evaluations.itemSync();
  // 3 first steps of tsit5, 13 of two evaluations.
  expect(count(adamsBashforthMoulton.with({ order: 4 }))).toBe(1 + 2 * 6 + 14 * 2);
  expect(count(odex.with({ order: 8 }))).toBe(1 + 16 * (2 + 4 + 6 + 10 + 1));
  expect(count(stepDoubling(rk4))).toBe(1 + 16 * 3 * 4);
  expect(count(stepDoubling(rk4, { extrapolate: true }))).toBe(1 + 16 * (3 * 4 + 1));
});

describe.each(adaptive)("$name, adaptive,", (solver) => {
  test("does not change its steps for save times", () => {
    const { field, y0 } = lotkaVolterra;
    const options = { solver, rtol: 1e-5, atol: 1e-7 };
    const few = odeint(field, f64(y0), [0, 5], options);
    const many = odeint(field, f64(y0), [0, 0.1, 0.7, 1.9, 2, 4.4, 5], options);
    expect(many.stats.steps.itemSync()).toBe(few.stats.steps.itemSync());
    expect(many.stats.evaluations.itemSync()).toBe(few.stats.evaluations.itemSync());
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
    // Over several tolerances: one error alone has luck in it.
    const mean = (exponents: readonly number[]): number =>
      exponents.reduce((total, exponent) => total + Math.log10(error(10 ** -exponent)), 0) / exponents.length;
    const [coarse, fine] = solver.order < 3 ? [3, 5] : [4, 8];
    const slope =
      (mean([coarse, coarse + 0.25, coarse + 0.5]) - mean([fine, fine + 0.25, fine + 0.5])) / (fine - coarse);
    expect(slope / powerOf(solver)).toBeGreaterThan(0.7);
    expect(slope / powerOf(solver)).toBeLessThan(1.3);
  });

  test("runs backwards in time", () => {
    const back = (t: Tensor, y: Tensor): Tensor => nonautonomousStages.field(t.neg(), y).neg();
    const options = { solver, rtol: 1e-6, atol: 1e-6 };
    const ahead = odeint(back, f64([1, 0.5]), [-1, 0.5], options);
    const reversed = odeint(nonautonomousStages.field, f64([1, 0.5]), [1, -0.5], options);
    expect(reversed.stats.steps.itemSync()).toBe(ahead.stats.steps.itemSync());
    expect(distance(numbers(last(reversed.ys)), numbers(last(ahead.ys)))).toBeLessThan(1e-12);
  });

  test("keeps its dense output to the tolerance", () => {
    const { field, y0 } = lotkaVolterra;
    const times = Array.from({ length: 41 }, (_, i) => i / 8);
    const tol = 1e-6;
    const found = odeint(field, f64(y0), times, { solver, rtol: tol, atol: tol }).ys;
    const exact = odeint(field, f64(y0), times, { solver: vern9, rtol: 1e-12, atol: 1e-12 }).ys;
    expect(distance(numbers(found), numbers(exact))).toBeLessThan(
      solver.order < 3 ? 5 * tol ** powerOf(solver) : 100 * tol,
    );
  });

  test("gives the rows of a batch as it gives them alone", () => {
    const rows = [
      [1, 1],
      [2, 0.5],
      [0.3, 3],
    ];
    const options = { solver, rtol: 1e-6, atol: 1e-8 };
    const many = odeint(lotkaVolterra.field, tensor(rows, { dtype: "float64" }), [0, 1, 3], {
      ...options,
      batch: "independent",
    });
    rows.forEach((row, i) => {
      const alone = odeint(lotkaVolterra.field, f64(row), [0, 1, 3], options);
      expect(numbers(many.stats.steps.reshape([3]).slice([i], [i + 1]))[0]).toBe(alone.stats.steps.itemSync());
      expect(numbers(many.ys.slice([0, i], [3, i + 1]))).toEqual(numbers(alone.ys));
    });
  });

  test("does the same on the plain target", () => {
    const run = (): [number, number[]] => {
      const { ys, stats } = odeint(lotkaVolterra.field, f64(lotkaVolterra.y0), [0, 0.3, 1], {
        solver,
        rtol: 1e-5,
        atol: 1e-7,
      });
      return [stats.evaluations.itemSync(), numbers(ys)];
    };
    const [evaluations, ys] = run();
    const [plainEvaluations, plainYs] = withTarget(js(), run);
    expect(plainEvaluations).toBe(evaluations);
    expect(distance(ys, plainYs)).toBeLessThan(1e-12);
  });

  test("says so when a solution ends", () => {
    const { status } = odeint((_t: Tensor, y: Tensor) => mul(y, y), f64([1]), [0, 2], {
      solver,
      rtol: 1e-6,
      atol: 1e-6,
      throw: false,
      maxSteps: 3000,
    });
    expect(status.itemSync()).not.toBe(0);
  });
});

test("a symplectic solver becomes adaptive, and no longer symplectic", () => {
  const system = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => q.sin().neg() });
  const run = (tol: number): number[] => {
    const { q, p } = odeint(system, { q: f64([1]), p: f64([0]) }, [0, 5], {
      solver: stepDoubling(leapfrog),
      rtol: tol,
      atol: tol,
    }).ys;
    return [...numbers(last(q)), ...numbers(last(p))];
  };
  const exact = numbers(
    last(odeint(pendulum.field, f64([1, 0]), [0, 5], { solver: dop853, rtol: 1e-12, atol: 1e-12 }).ys),
  );
  expect(distance(run(1e-6), exact)).toBeLessThan(1e-3);
  expect(distance(run(1e-8), exact)).toBeLessThan(1e-5);
});

test("the halves of a doubled step meet at the same state, where the whole step's dense output would not", () => {
  // y′ = −y² by euler: 0.75 after half a step. The whole step's line ends at 0.5, the halves at 0.609375.
  const solved = odeint((_t: Tensor, y: Tensor) => mul(y, y).neg(), f64([1]), [0, 0.5], {
    solver: stepDoubling(euler),
    controller: constant({ dt: 0.5 }),
  });
  const half = 1 - 0.25;
  expect(solved.at(0.25).dataSync()[0]).toBeCloseTo(half, 15);
  expect(solved.at(0.5).dataSync()[0]).toBe(half - 0.25 * half * half);
});

test("what cannot be is refused, by name", () => {
  expect(() => adamsBashforthMoulton.with({ order: 1 })).toThrow(/adamsBashforthMoulton: order is 1; give an integer/);
  expect(() => odex.with({ order: 7 })).toThrow(/odex: order is 7; give an even integer from 6 to 20/);
  expect(() => odex.with({ columns: 4 } as never)).toThrow(/odex.with/);
  expect(() => stepDoubling(adamsBashforthMoulton)).toThrow(/adamsBashforthMoulton chooses its steps itself; give/);
  expect(() => stepDoubling("rk4" as never)).toThrow(/stepDoubling: rk4 is no solver/);
  expect(() =>
    odeint(pendulum.field, f64([1, 0]), [0, 1], {
      solver: adamsBashforthMoulton,
      controller: constant({ dt: 0.1 }),
    }),
  ).toThrow(/adamsBashforthMoulton chooses among orders up to 13 by errors; for steps of one length give/);
});

test("odex sees a bend near a step's beginning", () => {
  const field = (t: Tensor, y: Tensor): Tensor => y.mul(t.sub(0.37).abs()).mul(t.sub(0.37)).mul(0.5);
  const errors = [1e-8, 1e-9, 1e-10, 1e-11, 5e-12, 2e-12, 1e-12, 5e-13].map((tol) => {
    const { ys } = odeint(field, f64([1]), [0, 2], { solver: odex, rtol: tol, atol: tol });
    return Math.abs(numbers(last(ys))[0]! - Math.exp((1.63 ** 3 - 0.37 ** 3) / 6)) / tol;
  });
  expect(Math.max(...errors)).toBeLessThan(1000);
  // Where in a step the bend is, is luck.
  expect(errors.reduce((product, error) => product * error ** (1 / errors.length), 1)).toBeLessThan(10);
});

describe("what odex errs by between its steps", () => {
  const worst = (solver: Solver, { field, y0 }: TestProblem, tol: number): number => {
    const times = Array.from({ length: 201 }, (_, i) => i / 40);
    const found = odeint(field, f64(y0), times, { solver, rtol: tol, atol: tol }).ys;
    const exact = odeint(field, f64(y0), times, { solver: vern9, rtol: 1e-13, atol: 1e-13 }).ys;
    return distance(numbers(found), numbers(exact)) / tol;
  };

  test.each([1e-4, 1e-6, 1e-8, 1e-10])("is in proportion to the tolerance: at %f", (tol) => {
    for (const problem of [lotkaVolterra, pendulum]) expect(worst(odex, problem, tol)).toBeLessThan(100);
  });

  test("is as it comes where it is asked for no more than the ends", () => {
    const ends = odex.with({ between: false });
    expect(worst(ends, lotkaVolterra, 1e-8)).toBeGreaterThan(100);
    const evaluations = (solver: Solver): number =>
      odeint(lotkaVolterra.field, f64(lotkaVolterra.y0), [0, 5], {
        solver,
        rtol: 1e-8,
        atol: 1e-8,
      }).stats.evaluations.itemSync();
    expect(evaluations(ends)).toBeLessThan(evaluations(odex));
    expect(() => odex.with({ between: 1 as never })).toThrow(/odex: between is 1; give true or false/);
  });
});
