import { grad, jacfwd } from "@dzdt/autograd";
import { js, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  auto,
  constant,
  imex,
  kencarp3,
  kencarp4,
  kencarp5,
  kvaerno4,
  kvaerno5,
  odeint,
  radau5,
  rodas4,
  rodas5p,
  type Solver,
  type VectorField,
} from "../src/index";
import { lotkaVolterra, orderResidual } from "../src/testing";
import { distance, f64, numbers } from "./support/numbers";

/** Errors between the ends of steps, at several places in one, with some steps and twice as many. */
function slope(
  solver: Solver,
  field: VectorField<Tensor, undefined>,
  y0: readonly number[],
  solution: (t: number) => readonly number[],
  steps: number,
): { order: number; error: number } {
  const errorWith = (count: number): number => {
    const dt = 1 / count;
    const solved = odeint(field, f64(y0), [0, 1], { solver, controller: constant({ dt }) });
    // Within the step that holds 0.7.
    const first = Math.floor(0.7 * count);
    const times = [0.2, 0.45, 0.7, 0.9].map((theta) => (first + theta) * dt);
    const found = numbers(solved.at(times));
    return Math.max(...times.map((t, k) => distance(found.slice(k * y0.length, (k + 1) * y0.length), solution(t))));
  };
  const [coarse, fine] = [errorWith(steps), errorWith(2 * steps)];
  return { order: Math.log2(coarse / fine), error: fine };
}

describe.each([
  { name: "kvaerno5", solver: kvaerno5, a: kvaerno5.a },
  { name: "kencarp5", solver: kencarp5, a: kencarp5.implicit },
])("the dense output of $name", ({ solver, a }) => {
  const { coefficients, order } = solver.dense!;
  const at = (theta: number): number[] => coefficients.map((row) => row.reduceRight((sum, x) => (sum + x) * theta, 0));

  test.each([0.125, 0.5, 0.8125, 1])("satisfies every order condition through its order at θ = %f", (theta) => {
    // As a method of its own for a step of length θ.
    const scaled = { a: a.map((row) => row.map((x) => x / theta)), b: at(theta).map((x) => x / theta) };
    expect(orderResidual(scaled, order)).toBeLessThan(1e-12 / theta ** 4);
    if (theta < 1) expect(orderResidual(scaled, order + 1)).toBeGreaterThan(1e-5);
  });

  test("ends in the method's weights", () => {
    expect(distance(at(1), a.at(-1)!)).toBeLessThan(1e-12);
  });

  test("has this order", () => {
    const { field, y0 } = lotkaVolterra;
    const exact = (t: number): number[] =>
      numbers(odeint(field, f64(y0), [0, t], { solver: radau5, rtol: 1e-12, atol: 1e-13 }).ys).slice(-2);
    expect(slope(solver, field, y0, exact, 24).order).toBeGreaterThan(order + 0.6);
  });
});

describe.each([
  { name: "kvaerno4", solver: kvaerno4, order: 3.5 },
  { name: "kvaerno5", solver: kvaerno5, order: 5.5 },
  { name: "kencarp4", solver: kencarp4, order: 5.5 },
  { name: "kencarp5", solver: kencarp5, order: 5.5 },
])("between its steps $name", ({ solver, order }) => {
  test("has the order of its stages' states where the field is very stiff", () => {
    const stiff = (t: Tensor, y: Tensor): Tensor => y.sub(t.cos()).mul(-1e10).sub(t.sin());
    const own = slope(solver, stiff, [1], (t) => [Math.cos(t)], 2);
    expect(own.order).toBeGreaterThan(order);
    expect(own.error).toBeLessThan(1e-4);
  });

  /** y₁ relaxes, and the others with it: more unknowns than are written out. */
  const chain = (n: number) => {
    const rates = f64(Array.from({ length: n }, (_, i) => -(4 ** (i % 4))));
    return (t: Tensor, y: Tensor, p: Tensor): Tensor => {
      const around = y.sum().mul(0.1).sub(t.mul(p).sin());
      return rates.mul(y.sub(around)).add(y.mul(y).mul(0.2));
    };
  };

  test.each([2, 8])("has the gradient of the numbers that it computes, with %i unknowns", (n) => {
    const start = Array.from({ length: n }, (_, i) => Math.sin(i + 1));
    const loss = (p: Tensor): Tensor =>
      odeint(chain(n), f64(start), [0, 0.31, 0.77, 1], { solver, controller: constant({ dt: 1 / 4 }), args: p })
        .ys.slice([1], [3])
        .square()
        .sum();
    const at = (p: number): number => loss(f64([p])).itemSync();
    const h = 1e-3;
    const expected = (8 * (at(1.25 + h) - at(1.25 - h)) - (at(1.25 + 2 * h) - at(1.25 - 2 * h))) / (12 * h);
    expect(Math.abs(numbers(grad(loss)(f64([1.25])))[0]! / expected - 1)).toBeLessThan(1e-9);
    expect(Math.abs(numbers(jacfwd(loss)(f64([1.25])))[0]! / expected - 1)).toBeLessThan(1e-9);
  });

  test("has the same values on the plain target", () => {
    const run = (): number[] =>
      numbers(
        odeint(chain(2), f64([1, 0.5]), [0, 0.3, 1], { solver, controller: constant({ dt: 1 / 4 }), args: f64([1]) })
          .ys,
      );
    expect(distance(withTarget(js(), run), withTarget(wasm(), run))).toBeLessThan(1e-13);
  });
});

test.each([
  { name: "kvaerno5", solver: kvaerno5 },
  { name: "kencarp4", solver: kencarp4 },
  { name: "kencarp5", solver: kencarp5 },
])("$name keeps to its tolerance between long steps on Prothero's and Robinson's problem", ({ solver }) => {
  const stiff = (t: Tensor, y: Tensor): Tensor => y.sub(t.cos()).mul(-1e6).sub(t.sin());
  const times = Array.from({ length: 201 }, (_, i) => i / 20);
  const { ys, stats } = odeint(stiff, f64([1]), times, { solver, rtol: 1e-7, atol: 1e-9 });
  // The steps' ends know nothing of what is between them.
  expect(stats.steps.itemSync()).toBeLessThan(40);
  expect(distance(numbers(ys), times.map(Math.cos))).toBeLessThan(100 * 1e-7);
});

describe.each([
  {
    name: "Prothero's and Robinson's problem",
    field: (t: Tensor, y: Tensor) => y.sub(t.cos()).mul(-1e6).sub(t.sin()),
    exact: Math.cos,
  },
  {
    name: "a cube that follows a sine",
    field: (t: Tensor, y: Tensor) => {
      const way = t.mul(0.7);
      return y.pow(3).sub(way.sin().mul(0.5).add(1).pow(3)).mul(-1e5).add(way.cos().mul(0.35));
    },
    exact: (t: number) => 1 + 0.5 * Math.sin(0.7 * t),
  },
])("between steps that are asked for it, on $name,", ({ field, exact }) => {
  const times = Array.from({ length: 201 }, (_, i) => i / 20);
  const worst = (solver: Solver, rtol: number): number => {
    const { ys } = odeint(field, f64([exact(0)]), times, { solver, rtol, atol: rtol / 100 });
    return distance(numbers(ys), times.map(exact)) / rtol;
  };

  test.each([
    { name: "rodas4", solver: rodas4.with({ between: true }) },
    { name: "rodas5p", solver: rodas5p.with({ between: true }) },
    { name: "radau5", solver: radau5.with({ between: true }) },
    { name: "auto", solver: auto.with({ implicit: rodas5p.with({ between: true }) }) },
  ])("$name errs by no more than a hundred tolerances", ({ solver }) => {
    for (const rtol of [1e-3, 1e-5, 1e-7]) expect(worst(solver, rtol), `at ${rtol}`).toBeLessThan(100);
  });

  test("radau5 errs by much more where it is not asked", () => {
    expect(worst(radau5, 1e-8)).toBeGreaterThan(1000);
  });
});

test("what is asked of states between steps takes an evaluation a step, counts it, and leaves steps that are not stiff as they are", () => {
  const { field, y0 } = lotkaVolterra;
  for (const solver of [rodas5p, radau5]) {
    const run = (between: boolean) =>
      odeint(field, f64(y0), [0, 5], { solver: solver.with({ between }), rtol: 1e-6, atol: 1e-6 });
    const [plain, asked] = [run(false), run(true)];
    expect(numbers(asked.ys)).toEqual(numbers(plain.ys));
    expect(asked.stats.evaluations.itemSync()).toBe(plain.stats.evaluations.itemSync() + plain.stats.steps.itemSync());
  }
});

describe("fields in two parts", () => {
  const explicit = (t: Tensor, y: Tensor): Tensor => {
    const [a, b] = [y.slice([0], [1]), y.slice([1], [2])];
    return b
      .mul(t.cos())
      .mul(f64([1, 0]))
      .sub(a.mul(a).mul(f64([0, 1])));
  };
  const implicit = (_t: Tensor, y: Tensor): Tensor => y.mul(f64([-2, -1])).add(y.mul(y).mul(0.1));
  const field = imex({ explicit, implicit });
  const y0 = [1, 0.5];
  const exact = (t: number): number[] =>
    numbers(odeint(field, f64(y0), [0, t], { solver: radau5, rtol: 1e-12, atol: 1e-13 }).ys).slice(-2);

  test.each([
    [kencarp3, 3],
    [kencarp4, 3],
    [kencarp5, 4],
  ] as const)("have dense output of one order less than the method, or better: %#", (solver, order) => {
    expect(order).toBeGreaterThanOrEqual(solver.order - 1);
    expect(slope(solver, field, y0, exact, 20).order).toBeGreaterThan(Math.min(solver.order, order + 1) - 0.4);
  });

  test("have dense output that meets the steps, the first included, where no step is before", () => {
    const solved = odeint(field, f64(y0), [0, 0.25, 0.5, 1], { solver: kencarp5, controller: constant({ dt: 0.25 }) });
    const one = odeint(field, f64(y0), [0, 0.25], { solver: kencarp5, controller: constant({ dt: 0.25 }) });
    expect(distance(numbers(solved.ys.slice([1], [2])), numbers(one.ys.slice([1], [2])))).toBeLessThan(1e-14);
    expect(distance(numbers(solved.at([0, 0.5, 1])), [...y0, ...numbers(solved.ys.slice([2], [4]))])).toBeLessThan(
      1e-14,
    );
    const early = [0.05, 0.125, 0.2];
    early.forEach((t) => expect(distance(numbers(one.at(t)), exact(t))).toBeLessThan(1e-3));
  });

  test("have gradients of what lies between steps", () => {
    const of = (y: Tensor): Tensor =>
      odeint(field, y, [0, 0.3, 0.7, 1], { solver: kencarp5, controller: constant({ dt: 0.25 }) })
        .ys.slice([1], [3])
        .sum();
    const found = numbers(grad(of)(f64(y0)));
    y0.forEach((value, i) => {
      const h = 1e-5;
      const expected =
        (of(f64(y0.with(i, value + h))).itemSync() - of(f64(y0.with(i, value - h))).itemSync()) / (2 * h);
      expect(Math.abs(found[i]! - expected)).toBeLessThan(1e-8);
    });
  });
});

test("rodas5p and radau5 have dense output of their orders less one, less two", () => {
  const { field, y0 } = lotkaVolterra;
  const exact = (t: number): number[] =>
    numbers(odeint(field, f64(y0), [0, t], { solver: radau5, rtol: 1e-12, atol: 1e-13 }).ys).slice(-2);
  expect(slope(rodas5p, field, y0, exact, 20).order).toBeGreaterThan(4.6);
  expect(slope(radau5, field, y0, exact, 20).order).toBeGreaterThan(3.6);
});
