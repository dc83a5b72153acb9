import { grad, jvp } from "@dzdt/autograd";
import { compile, js, stack, type Tensor, type Tree, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  dop853,
  event,
  imex,
  kencarp4,
  leapfrog,
  odeint,
  peak,
  pid,
  quadrature,
  rodas5p,
  rk4,
  type SolveEvent,
  tsit5,
} from "../src/index";
import { f64 } from "./support/numbers";

const numbers = (x: unknown): number[] => Array.from((x as Tensor).dataSync());
const near = (x: unknown, expected: readonly number[], tolerance: number): void => {
  const values = numbers(x);
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => expect(Math.abs(value - expected[i]!), `${value}`).toBeLessThanOrEqual(tolerance));
};
const decay = (_t: Tensor, y: Tensor, k: Tensor): Tensor => y.mul(k).neg();
const tight = { rtol: 1e-10, atol: 1e-12, solver: dop853 };
const energy = quadrature((_t, y: Tensor) => y.square().sum());
/** ∫ (y₀ e^(−kt))² from 0 to T. */
const exact = (y0: number, k: number, T: number): number => ((y0 * y0) / (2 * k)) * (1 - Math.exp(-2 * k * T));

describe("the integral of a cost", () => {
  const ts = [0, 0.5, 2];

  test("is that of the exact solution, at all times", () => {
    const solution = energy(decay, f64([3]), ts, { ...tight, args: f64(0.7) });
    near(
      solution.integral,
      ts.map((T) => exact(3, 0.7, T)),
      1e-9,
    );
    near(
      solution.ys,
      ts.map((T) => 3 * Math.exp(-0.7 * T)),
      1e-9,
    );
    near(solution.at(1), [3 * Math.exp(-0.7)], 1e-9);
    near(
      solution.integralAt([0.3, 1]),
      [0.3, 1].map((T) => exact(3, 0.7, T)),
      1e-9,
    );
  });

  test("may be a tree, of the time too", () => {
    const solution = quadrature((t, y: Tensor) => ({ one: 1, ramp: t, both: stack([y.sum(), y.sum().mul(t)]) }))(
      (_t: Tensor, y: Tensor) => y.mul(0),
      f64([1, 2]),
      [0, 2],
      tight,
    );
    const { one, ramp, both } = solution.integral as unknown as Record<string, Tensor>;
    near(one, [0, 2], 1e-12);
    near(ramp, [0, 2], 1e-12);
    near(both, [0, 0, 6, 6], 1e-11);
    expect(both!.shape).toEqual([2, 2]);
  });

  test("is exact for polynomials below the solver's order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.double({ min: -2, max: 2, noNaN: true }), (power, c) => {
        const { integral } = quadrature((t, _y: Tensor) => t.pow(power).mul(c))(
          (_t, y: Tensor) => y.mul(0),
          f64(0),
          [0, 1.5],
          {
            solver: rk4,
            dt0: 0.5,
          },
        );
        expect(Math.abs(numbers(integral)[1]! - (c * 1.5 ** (power + 1)) / (power + 1))).toBeLessThan(1e-14 * 10);
      }),
      { numRuns: 8 },
    );
  });

  test("is differentiable, in both modes", () => {
    const [y0, k, T] = [3, 0.7, 2];
    const loss = (y: Tensor, rate: Tensor): Tensor =>
      energy(decay, y, [0, 1, T], { ...tight, args: rate })
        .integral.slice([2], [3])
        .sum();
    const [dy, dk] = grad(loss, [0, 1])(f64([y0]), f64(k)) as unknown as Tensor[];
    const e = Math.exp(-2 * k * T);
    const expected = [(2 / y0) * exact(y0, k, T), ((y0 * y0) / 2) * ((2 * T * e) / k - (1 - e) / (k * k))];
    near(dy, [expected[0]!], 1e-8);
    near(dk, [expected[1]!], 1e-8);
    const [, pushed] = jvp(loss, [f64([y0]), f64(k)], [f64([1]), f64(1)]);
    near(pushed, [expected[0]! + expected[1]!], 1e-8);
  });

  test("is exact across events, and known at them", () => {
    const doses = event({ at: [0, 1], reset: (_t, y: Tensor) => y.add(1) });
    const below = event((_t, y: Tensor) => y.sum().sub(0.5));
    const area = quadrature((_t, y: Tensor) => y.sum());
    const { integral, events, ts, ys } = area((_t: Tensor, y: Tensor) => y.neg(), f64([1]), [0, 0.5, 1, 5], {
      ...tight,
      events: [doses, below],
    });
    // From 2 to 2/e, then from 2/e + 1 to 1/2.
    near(ts, [0, 0.5, 1], 0);
    near(ys, [1, 2 * Math.exp(-0.5), 2 * Math.exp(-1)], 1e-9);
    near(integral, [0, 2 - 2 * Math.exp(-0.5), 2 - 2 * Math.exp(-1)], 1e-9);
    near((events[1]!.integral as Tensor).slice([0], [1]), [3 - 0.5], 1e-9);
    near(events[1]!.t.slice([0], [1]), [1 + Math.log((2 / Math.E + 1) / 0.5)], 1e-9);
    expect(events[0]!.y.shape).toEqual([16, 1]);
  });

  test.each([undefined, js()])("of independent trajectories is that of each", (target) => {
    const run = (): void => {
      const stop = event((_t, y: Tensor) => y.sum().sub(0.5)) as SolveEvent;
      const { integral, ys } = energy(decay, f64([[1], [2], [0.4]]), [0, 1], {
        ...tight,
        args: f64(0.5),
        batch: "independent",
        events: [stop],
      });
      const end = (y0: number, T: number): number => exact(y0, 0.5, T);
      near(integral, [0, 0, 0, end(1, 1), end(2, 1), end(0.4, 1)], 1e-9);
      expect(ys.shape).toEqual([2, 3, 1]);
    };
    if (target) withTarget(target, run);
    else run();
  });

  test("is under the solver's error control", () => {
    // The state is constant: all that changes is the integral.
    const bump = quadrature((t, _y: Tensor) => t.sub(0.7).square().mul(-400).exp());
    const { integral } = bump((_t: Tensor, y: Tensor) => y.mul(0), f64(1), [0, 2], {
      solver: tsit5,
      dt0: 0.05,
      rtol: 1e-9,
      atol: 1e-10,
    });
    near(integral, [0, Math.sqrt(Math.PI) / 20], 1e-8);
  });

  test("compiles, with a peak beside and implicit solvers", () => {
    const run = compile((y: Tensor) => {
      const { integral, events } = energy(decay, y, [0, 2], {
        solver: rodas5p,
        rtol: 1e-8,
        args: f64(0.7),
        events: [peak((t: Tensor) => t.mul(3).sin())],
      });
      return { integral, t: events[0]!.t };
    });
    const { integral, t } = run(f64([3]));
    near(integral, [0, exact(3, 0.7, 2)], 1e-6);
    near(t.slice([0], [1]), [Math.PI / 6], 1e-8);
    const parts = imex({ explicit: (_t, y: Tensor) => y.mul(-0.2), implicit: (_t, y: Tensor) => y.mul(-0.5) });
    near(energy(parts, f64([3]), [0, 2], { solver: kencarp4, rtol: 1e-8 }).integral, [0, exact(3, 0.7, 2)], 1e-6);
  });

  test("takes tolerances of the state's leaves", () => {
    const y0 = { a: f64(1), b: f64(2) };
    const still = (_t: Tensor, { a, b }: { a: Tensor; b: Tensor }) => ({ a: a.neg(), b: b.neg() });
    const sum = quadrature((_t, { a, b }: { a: Tensor; b: Tensor }) => a.add(b));
    const { integral } = sum(still, y0, [0, 1], { rtol: { a: 1e-9, b: 1e-8 }, atol: 1e-12 });
    near(integral, [0, 3 * (1 - Math.exp(-1))], 1e-5);
  });
});

test("what cannot be integrated is named", () => {
  const field = (_t: Tensor, y: Tensor): Tensor => y;
  expect(() => quadrature(3 as never)).toThrow(/cost is 3/);
  expect(() => quadrature((_t, y: Tensor) => y.less(0))(field, f64(1), [0, 1])).toThrow(/is bool/);
  expect(() => quadrature((_t, y: Tensor) => y)(field, f64(1), [0, 1], { mass: f64(1) })).toThrow(/mass matrix/);
  expect(() => quadrature((_t, y: Tensor) => y)(field, f64(1), [0, 1], { solver: leapfrog })).toThrow(/symplectic/);
  expect(odeint(field, f64(1), [0, 1])).not.toHaveProperty("integral");
});

describe("a norm of the user's", () => {
  const field = (_t: Tensor, { x }: { x: Tensor }): { x: Tensor } => ({ x: x.neg() });
  const cost = (_t: Tensor, { x }: { x: Tensor }): Tensor => x.mul(20).sin().sum();
  const solve = (norm: (scaled: Tree) => Tensor, more: object = {}) =>
    quadrature(cost)(field, { x: f64([1, 2]) }, [0, 1], { controller: pid({ norm, rtol: 1e-6, atol: 1e-8 }), ...more });
  const rms = (scaled: Tree): Tensor => (scaled as { x: Tensor }).x.square().mean().sqrt();

  test("sees the errors of the state alone, as in odeint, and those of the integral count too", () => {
    const seen: string[] = [];
    const { integral, stats } = solve((scaled) => {
      seen.push(Object.keys(scaled as object).join());
      return rms(scaled);
    });
    expect(new Set(seen)).toEqual(new Set(["x"]));
    const exact = quadrature(cost)(field, { x: f64([1, 2]) }, [0, 1], { rtol: 1e-12, atol: 1e-14 }).integral;
    near(integral, numbers(exact), 1e-5);
    const alone = odeint(field, { x: f64([1, 2]) }, [0, 1], { controller: pid({ norm: rms, rtol: 1e-6, atol: 1e-8 }) });
    expect(stats.steps.itemSync()).toBeGreaterThan(alone.stats.steps.itemSync());
    const still = quadrature(() => ({}))(field, { x: f64([1, 2]) }, [0, 1], {
      controller: pid({ norm: rms, rtol: 1e-6, atol: 1e-8 }),
    });
    expect(still.stats.steps.itemSync()).toBe(alone.stats.steps.itemSync());
  });

  test("that is negative, NaN or no number is refused as in odeint", () => {
    for (const wrong of [(x: Tensor) => x.neg().sub(1), (x: Tensor) => x.mul(NaN)])
      expect(() => solve((scaled) => wrong(rms(scaled)))).toThrow("stepUnderflow");
    expect(() => solve(() => 0.5 as never)).toThrow("pid: norm returned 0.5; return a tensor");
    expect(() => solve((scaled) => (scaled as { x: Tensor }).x)).toThrow("pid: norm returned shape [2]");
  });
});
