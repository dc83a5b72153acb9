import { tensor, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  auto,
  bdf,
  gustafsson,
  kencarp3,
  kencarp4,
  kencarp5,
  kvaerno3,
  kvaerno4,
  kvaerno5,
  odeint,
  pid,
  radau5,
  rodas5p,
  SolveError,
  type Solver,
  Status,
  trbdf2,
} from "../src/index";
import { newton } from "../src/implicit/newton";
import { slopeGuesses } from "../src/implicit/predictor";
import data from "./data/stiff.json";
import { tensorField, type WrittenField } from "./support/expression";
import { f64, last, numbers } from "./support/numbers";

const scalar = (x: number): Tensor => tensor(x, { dtype: "float64" });

describe("Newton's iteration", () => {
  const root = (slope: number, options: { exact?: boolean; rate?: number; start?: number } = {}) => {
    const { exact = false, rate = 1, start = 0 } = options;
    // x² = 2 with a slope that is right at √2, or not.
    const found = newton({
      start: scalar(start),
      correction: (x) =>
        x
          .mul(x)
          .sub(2)
          .neg()
          .div(exact ? x.mul(2) : slope),
      size: (delta) => delta.abs(),
      tolerance: 1e-8,
      maxIterations: 40,
      rate: scalar(rate),
      exact,
    });
    return { x: found.x.itemSync(), rate: found.rate.itemSync(), count: found.count.itemSync() };
  };

  test("converges at the rate by which one Jacobian is off, and reports it", () => {
    const { x, rate, count } = root(3, { start: 1.2 });
    expect(Math.abs(x - Math.SQRT2)).toBeLessThan(1e-7);
    // Errors shrink by |1 − 2√2/3| = 0.057, η = θ/(1 − θ).
    const theta = Math.abs(1 - (2 * Math.SQRT2) / 3);
    expect(Math.abs(rate - theta / (1 - theta))).toBeLessThan(0.02);
    expect(count).toBeLessThanOrEqual(8);
  });

  test("gives up, with NaN, where corrections grow or hardly shrink", () => {
    for (const slope of [0.8, -3]) {
      const { x, count } = root(slope, { start: 1.2 });
      expect(x).toBeNaN();
      expect(count).toBeLessThan(12);
    }
  });

  test("gives up where the field is not a number, and where it may not go on", () => {
    expect(root(0).x).toBeNaN();
    expect(root(3, { start: NaN }).x).toBeNaN();
  });

  test("ends sooner where the same Jacobian is known to do well", () => {
    expect(root(2 * Math.SQRT2, { start: Math.SQRT2 + 1e-6, rate: 1e-3 }).count).toBe(1);
    expect(root(2 * Math.SQRT2, { start: Math.SQRT2 + 1e-6, rate: 1 }).count).toBe(2);
  });

  test("with a new Jacobian each time converges as squares do", () => {
    const { x, count } = root(0, { exact: true, start: 1.5 });
    expect(Math.abs(x - Math.SQRT2)).toBeLessThan(1e-14);
    expect(count).toBeLessThan(6);
  });
});

describe("guesses of a stage's slope", () => {
  const methods = [kvaerno3, kvaerno4, kvaerno5, kencarp3, kencarp4, kencarp5, trbdf2];

  test.each(methods.map((solver) => ({ name: solver.name, c: solver.c })))(
    "are exact for lines, and magnify little: $name",
    ({ c }) => {
      slopeGuesses(c).forEach((weights, i) => {
        expect(weights).toHaveLength(i);
        if (i === 0) return;
        const value = (f: (x: number) => number): number => weights.reduce((sum, w, j) => sum + w * f(c[j]!), 0);
        expect(value(() => 1)).toBeCloseTo(1, 12);
        if (i > 1) expect(value((x) => x)).toBeCloseTo(c[i]!, 12);
        expect(weights.reduce((sum, w) => sum + Math.abs(w), 0)).toBeLessThan(8);
      });
    },
  );

  test("are exact for all polynomials that the slopes before determine, where they need not be far", () => {
    const weights = slopeGuesses(kvaerno5.c)[4]!;
    for (let degree = 0; degree <= 3; degree++)
      expect(weights.reduce((sum, w, j) => sum + w * kvaerno5.c[j]! ** degree, 0)).toBeCloseTo(
        kvaerno5.c[4]! ** degree,
        12,
      );
    // The sixth and the seventh stage are at the step's end.
    slopeGuesses(kvaerno5.c)[6]!.forEach((w, j) => expect(w).toBeCloseTo(j === 5 ? 1 : 0, 12));
  });

  test("save evaluations: fewer than 1.7 for each stage of Kaps' problem", () => {
    const { y0, atol, rhs } = data.problems.find(({ id }) => id === "kaps")!;
    const { stats } = odeint(tensorField({ rhs }), f64(y0), [0, 5], {
      solver: kvaerno5,
      rtol: 1e-7,
      atol: atol["1e-07"],
    });
    expect(stats.evaluations.itemSync()).toBeLessThan(1.7 * 6 * stats.steps.itemSync());
  });
});

describe("the evaluations that are counted are those that are made", () => {
  /** y' = −y, whose every evaluation by Newton's iteration is counted by a linear field: two for each stage, the second to see that the first was right. */
  test.each([
    [kvaerno5, 6],
    [radau5, 3],
  ] as const)("%#", (solver, stages) => {
    const { stats } = odeint((_t, y: Tensor) => y.mul(-3), f64([1]), [0, 1], { solver, dt0: 1e-3, rtol: 1e-6 });
    const [steps, evaluations] = [stats.steps.itemSync(), stats.evaluations.itemSync()];
    expect(evaluations).toBeGreaterThanOrEqual(stages * steps);
    expect(evaluations).toBeLessThanOrEqual((2 * stages + 1) * steps + 2);
  });

  test("harder problems take more of them in each step", () => {
    const per = (field: (t: Tensor, y: Tensor) => Tensor): number => {
      const { stats } = odeint(field, f64([1]), [0, 1], { solver: kvaerno5, rtol: 1e-4, atol: 1e-4 });
      return stats.evaluations.itemSync() / stats.steps.itemSync();
    };
    expect(per((_t, y) => y.pow(3).mul(-300))).toBeGreaterThan(1.2 * per((_t, y) => y.mul(-300)));
  });

  test("rejected attempts count", () => {
    const field = (t: Tensor, y: Tensor): Tensor => y.sub(t.mul(40).sin()).mul(-50);
    const run = (dt0: number) => odeint(field, f64([1]), [0, 1], { solver: bdf, dt0, rtol: 1e-6, atol: 1e-6 }).stats;
    expect(run(1).rejected.itemSync()).toBeGreaterThan(0);
    expect(run(1).evaluations.itemSync()).toBeGreaterThanOrEqual(run(1).steps.itemSync());
  });
});

describe("gustafsson", () => {
  const adapt = (state: readonly number[], ratio: number, order = 4) => {
    const {
      accept,
      factor,
      state: next,
    } = gustafsson().adapt(
      state.map((x) => scalar(x)),
      scalar(ratio),
      order,
    );
    return { accept: accept.itemSync(), factor: factor.itemSync(), state: next.map((x) => x.itemSync()) };
  };
  const begin = [...gustafsson().init()];

  test("begins with the classical rule", () => {
    const { accept, factor } = adapt(begin, 0.5);
    expect(accept).toBeTruthy();
    expect(factor).toBeCloseTo(0.9 * 0.5 ** (-1 / 4), 12);
  });

  test("then expects the error coefficient to change as it did", () => {
    // Errors c h⁴ with a coefficient that grows by 1.4 in each step: the next has 1.4² of the first.
    const first = adapt(begin, 0.2);
    const ratio = 0.2 * first.factor ** 4 * 1.4;
    const second = adapt(first.state, ratio);
    const predicted = 0.9 * ratio ** (-1 / 4) * first.factor * (0.2 / ratio) ** (1 / 4);
    expect(second.factor).toBeCloseTo(Math.min(predicted, 0.9 * ratio ** (-1 / 4)), 10);
    expect(second.factor).toBeCloseTo(0.9 * (ratio * 1.4) ** (-1 / 4), 10);
  });

  test("plans shorter steps after one that was rejected, and counts its length", () => {
    const first = adapt(begin, 0.9);
    const rejected = adapt(first.state, 5);
    expect(rejected.accept).toBeFalsy();
    expect(rejected.factor).toBeLessThan(0.9);
    expect(rejected.state[1]).toBeCloseTo(Math.log(first.factor * rejected.factor), 12);
    const after = adapt(rejected.state, 1e-6);
    expect(after.factor).toBeLessThanOrEqual(1);
    expect(adapt(after.state, NaN).factor).toBe(0.2);
    expect(adapt(after.state, Infinity).accept).toBeFalsy();
  });

  test("checks its options", () => {
    expect(() => gustafsson({ safety: 2 })).toThrow(/gustafsson: safety is 2/);
    expect(() => gustafsson({ factorMax: 1 })).toThrow(/factorMax is 1; give a number above 1/);
    expect(() => gustafsson({ p: 1 } as never)).toThrow(/gustafsson: unknown option p/);
  });

  const named = (id: string) =>
    data.problems.find((each) => each.id === id)! as unknown as WrittenField & {
      y0: number[];
      outputs: { t: number; y: number[] }[];
    };
  test.each(["orego", "vdpol-mu100", "belousov-field-noyes-limit"])(
    "has far fewer steps rejected than the classical rule on %s",
    (id) => {
      const { y0, outputs, ...problem } = named(id);
      const run = (controller: ReturnType<typeof gustafsson>) =>
        odeint(tensorField(problem), f64(y0), [0, outputs.at(-1)!.t], {
          solver: radau5,
          controller,
          rtol: 1e-4,
          atol: 1e-6,
        });
      const [predictive, classical] = [run(gustafsson()), run(pid({ p: 0, i: 1 }))];
      expect(predictive.stats.rejected.itemSync()).toBeLessThan(0.55 * classical.stats.rejected.itemSync());
      expect(predictive.stats.steps.itemSync()).toBeLessThan(classical.stats.steps.itemSync());
      const end = outputs.at(-1)!.y;
      const floor = 1e-3 * Math.max(...end.map(Math.abs));
      numbers(last(predictive.ys)).forEach((x, i) =>
        expect(Math.abs(x - end[i]!) / (Math.abs(end[i]!) + floor)).toBeLessThan(1e-2),
      );
    },
  );

  test("takes fewer steps than the default at tight tolerances", () => {
    const { y0, outputs, ...problem } = named("orego");
    const steps = (controller: ReturnType<typeof gustafsson>): number =>
      odeint(tensorField(problem), f64(y0), [0, outputs.at(-1)!.t], {
        solver: radau5,
        controller,
        rtol: 1e-7,
        atol: 1e-9,
      }).stats.steps.itemSync();
    expect(steps(gustafsson())).toBeLessThan(0.85 * steps(pid({ safety: 0.85 })));
  });
});

describe("what cannot be solved fails by name", () => {
  const solvers: readonly Solver[] = [rodas5p, kvaerno5, radau5, bdf, auto];

  test.each(solvers)("$name: integers are no state, and no field", (solver) => {
    expect(() => odeint((_t, y: Tensor) => y, tensor([1, 2], { dtype: "int32" }), [0, 1], { solver })).toThrow(
      /y0 is int32; a state is of floats/,
    );
    const integers = (_t: Tensor, y: Tensor): Tensor => y.round().cast("int32");
    expect(() => odeint(integers, f64([1, 2]), [0, 1], { solver })).toThrow(/vector field returned int32/);
  });

  test.each(solvers)("$name: a mass matrix and a Jacobian that are singular together never succeed", (solver) => {
    // Nothing determines the second component.
    const mass = tensor(
      [
        [1, 0],
        [0, 0],
      ],
      { dtype: "float64" },
    );
    const field = (_t: Tensor, y: Tensor): Tensor => y.slice([0], [1]).mul(f64([-1, 1]));
    const options = { solver, mass, maxSteps: 500 };
    const { status, ys } = odeint(field, f64([1, 1]), [0, 1], { ...options, throw: false });
    expect([Status.nonFinite, Status.stepUnderflow, Status.maxStepsReached]).toContain(status.itemSync());
    expect(numbers(last(ys))).toEqual([NaN, NaN]);
    expect(() => odeint(field, f64([1, 1]), [0, 1], options)).toThrow(SolveError);
  });

  test.each([kvaerno5, bdf])("$name: a singular mass matrix where it solves with it alone", (solver) => {
    // Index 1: y₁ = sin t.
    const mass = tensor([[0]], { dtype: "float64" });
    const field = (t: Tensor, y: Tensor): Tensor => y.sub(t.sin());
    const { status, ys } = odeint(field, f64([0]), [0, 1], { solver, mass, throw: false, maxSteps: 2000 });
    if (status.itemSync() === Status.success) expect(Math.abs(numbers(last(ys))[0]! - Math.sin(1))).toBeLessThan(1e-5);
    else expect(numbers(last(ys))).toEqual([NaN]);
  });

  test.each(solvers)("$name: a field that ends in NaN is never a success", (solver) => {
    const field = (t: Tensor, y: Tensor): Tensor => t.sub(0.5).neg().sqrt().sub(y);
    const solved = odeint(field, f64([1]), [0, 1], { solver, throw: false, maxSteps: 5000 });
    expect(solved.status.itemSync()).not.toBe(Status.success);
    expect(numbers(last(solved.ys))).toEqual([NaN]);
    expect(solved.stats.rejected.itemSync()).toBeGreaterThan(0);
  });
});
