import { vmap } from "@dzdt/autograd";
import { concat, js, pow, tensor, type Tensor, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { constant, type ImplicitSolver, kencarp4, kvaerno3, odeint, radau5, rodas4, type Solver } from "../src/index";
import { estimatesErrors } from "../src/implicit/method";

import * as solvers from "../src/solvers";
import { linear, lotkaVolterra, nonautonomousStages, observedOrder, pendulum, type TestProblem } from "../src/testing";
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

const denseOrder = (solver: ImplicitSolver): number =>
  "denseOrder" in solver ? solver.denseOrder : (solver.dense?.order ?? Math.min(solver.order, 3));

function errorAt(solver: ImplicitSolver, { field, y0, t0, t1, solution }: TestProblem, steps: number): number {
  const { ys } = odeint(field, f64(y0), [t0, t1], { solver, controller: constant({ dt: (t1 - t0) / steps }) });
  return distance(numbers(last(ys)), solution);
}

describe.each(implicit)("$name", (solver) => {
  const fixed = (dt: number) => ({ solver, controller: constant({ dt }) });

  test.each([linear, nonautonomousStages, pendulum])("converges at the order it declares on $name", (problem) => {
    const { order, limit, errors } = observedOrder((steps) => errorAt(solver, problem, steps), {
      upTo: 32768,
      ratio: solver.order > 3 ? Math.SQRT2 : 2,
      window: [solver.order > 3 ? 1e-12 : 1e-9, 1e-2],
    });
    const slopes = `order ${order}, ${limit} in the limit, errors ${errors.join(", ")}`;
    expect(Math.max(order, limit), slopes).toBeGreaterThan(solver.order - 0.15);
    if (solver.order < 5) expect(Math.min(order, limit), slopes).toBeLessThan(solver.order + 0.15);
  });

  test("integrates t^k without error for k below its order, dense output included", () => {
    for (let k = 0; k < solver.order; k++) {
      const solved = odeint(
        (t: Tensor, y: Tensor) => y.mul(0).add(k === 0 ? 1 : pow(t, k)),
        f64([0]),
        [0, 2],
        fixed(1 / 2),
      );
      expect(Math.abs(numbers(solved.ys)[1]! - 2 ** (k + 1) / (k + 1))).toBeLessThan(1e-12 * 2 ** k);
      if (k < denseOrder(solver))
        expect(Math.abs(solved.at(1.3125).itemSync() - 1.3125 ** (k + 1) / (k + 1))).toBeLessThan(1e-12 * 2 ** k);
    }
  });

  test("solves [0, 1] and then [1, 2] as it solves [0, 2]", () => {
    const { field } = nonautonomousStages;
    const halfway = odeint(field, f64([1, 0.5]), [0, 1], fixed(1 / 8)).ys;
    const twice = odeint(field, last(halfway), [1, 2], fixed(1 / 8)).ys;
    const whole = last(odeint(field, f64([1, 0.5]), [0, 2], fixed(1 / 8)).ys);
    expect(distance(numbers(last(twice)), numbers(whole))).toBeLessThan(1e-13);
  });

  test("takes time as a state as it takes time as time", () => {
    const { field, y0 } = nonautonomousStages;
    const extended = (_t: Tensor, z: Tensor): Tensor => {
      const t = z.slice([2], [3]).reshape([]);
      return concat([field(t, z.slice([0], [2])), f64([1])]);
    };
    const end = numbers(last(odeint(extended, f64([...y0, 0]), [0, 2], fixed(1 / 16)).ys));
    const expected = numbers(last(odeint(field, f64(y0), [0, 2], fixed(1 / 16)).ys));
    expect(distance(end.slice(0, 2), expected)).toBeLessThan(1e-12);
  });

  test("runs backwards in time", () => {
    const back = (t: Tensor, y: Tensor): Tensor => nonautonomousStages.field(t.neg(), y).neg();
    const ahead = odeint(back, f64([1, 0.5]), [-1, 0.5], fixed(1 / 16)).ys;
    const reversed = odeint(nonautonomousStages.field, f64([1, 0.5]), [1, -0.5], fixed(1 / 16)).ys;
    expect(distance(numbers(last(reversed)), numbers(last(ahead)))).toBeLessThan(1e-12);
  });

  test("has dense output that meets its steps, and converges at its order between them", () => {
    const { field, y0 } = lotkaVolterra;
    const solved = odeint(field, f64(y0), [0, 0.5, 1], fixed(1 / 2));
    expect(distance(numbers(solved.at([0, 0.5, 1])), numbers(solved.ys))).toBeLessThan(1e-14);
    const exact = odeint(field, f64(y0), [0, 0.7], { solver: solvers.dop853, rtol: 1e-13, atol: 1e-13 }).ys;
    const error = (steps: number): number => {
      const solution = odeint(field, f64(y0), [0, 1.4], fixed(1.4 / steps));
      return distance(numbers(solution.at(0.7)), numbers(last(exact)));
    };
    const { order } = observedOrder((steps) => error(2 * Math.floor(steps / 2) + 1), {
      from: 5,
      upTo: 1000,
      ratio: 1.5,
    });
    expect(order).toBeGreaterThan(Math.min(solver.order, denseOrder(solver) + 1) - 0.4);
  });

  test("damps what is stiff, or at least does not let it grow", () => {
    const { ys } = odeint((t: Tensor, y: Tensor) => y.sub(t.cos()).mul(-1e8), f64([1]), [0, 10], fixed(1));
    expect(Math.abs(numbers(last(ys))[0]! - Math.cos(10))).toBeLessThan(solver.name === "trapezoid" ? 2 : 0.5);
  });

  test("keeps states of several leaves and dtypes", () => {
    const field = (_t: Tensor, { q, p }: { q: Tensor; p: Tensor }) => ({
      q: p.mul(1),
      p: q.neg().mul(50).sub(p.mul(20)),
    });
    const y0 = { q: tensor([[1, 0.5]], { dtype: "float64" }), p: tensor([[0, 1]], { dtype: "float64" }) };
    const { q, p } = odeint(field, y0, [0, 1], fixed(1 / 8)).ys;
    expect(q.shape).toEqual([2, 1, 2]);
    const flat = (_t: Tensor, y: Tensor): Tensor => {
      const [a, b] = [y.slice([0], [2]), y.slice([2], [4])];
      return concat([b, a.neg().mul(50).sub(b.mul(20))]);
    };
    const { ys } = odeint(flat, f64([1, 0.5, 0, 1]), [0, 1], fixed(1 / 8));
    expect(distance([...numbers(last(q)), ...numbers(last(p))], numbers(last(ys)))).toBeLessThan(1e-13);
    const single = odeint((_t, y: Tensor) => y.mul(-30), tensor([1, 2]), [0, 1], fixed(1 / 8)).ys;
    expect(single.dtype).toBe("float32");
    const double = odeint((_t, y: Tensor) => y.mul(-30), f64([1, 2]), [0, 1], fixed(1 / 8)).ys;
    expect(distance(numbers(single), numbers(double))).toBeLessThan(1e-5);
  });
});

describe.each(adaptive)("$name, adaptive", (solver) => {
  test("does not change its steps for save times", () => {
    const { field, y0 } = lotkaVolterra;
    const options = { solver, rtol: 1e-5, atol: 1e-7 };
    const few = odeint(field, f64(y0), [0, 5], options);
    const many = odeint(field, f64(y0), [0, 0.1, 0.7, 1.9, 2, 4.4, 5], options);
    expect(many.stats.steps.itemSync()).toBe(few.stats.steps.itemSync());
    expect(numbers(last(many.ys))).toEqual(numbers(last(few.ys)));
  });

  test("errs less with smaller tolerances", () => {
    const { field, y0, t0, t1, solution } = lotkaVolterra;
    const error = (tol: number): number =>
      distance(numbers(last(odeint(field, f64(y0), [t0, t1], { solver, rtol: tol, atol: tol }).ys)), solution);
    // Errors of a step shrink as h^k, and those of a solve as h^order.
    const power = "embeddedOrder" in solver ? solver.order / (Math.min(solver.order, solver.embeddedOrder) + 1) : 1;
    const slope = Math.log10(error(1e-4) / error(1e-8)) / 4 / power;
    expect(slope).toBeGreaterThan(0.7);
    expect(slope).toBeLessThan(1.3);
  });

  test("solves trajectories of a batch as it solves each alone", () => {
    const { field, y0 } = lotkaVolterra;
    const rows = [y0, [2, 1], [0.5, 3]];
    const options = { solver, rtol: 1e-5, atol: 1e-7 };
    const many = odeint(field, tensor(rows as number[][], { dtype: "float64" }), [0, 2], {
      ...options,
      batch: "independent",
    });
    const wide = vmap((y: Tensor) => odeint(field, y, [0, 2], options).ys)(tensor(rows, { dtype: "float64" }));
    rows.forEach((y, k) => {
      const alone = odeint(field, f64(y), [0, 2], options);
      const own = numbers(many.ys.slice([1, k], [2, k + 1]));
      expect(distance(own, numbers(last(alone.ys)))).toBeLessThan(1e-13);
      expect(
        many.stats.steps
          .slice([k], [k + 1])
          .reshape([])
          .itemSync(),
      ).toBe(alone.stats.steps.itemSync());
      expect(distance(numbers(wide.slice([k, 1], [k + 1, 2])), own)).toBeLessThan(1e-12);
    });
  });
});

test.each(adaptive)("$name keeps to the tolerances of float32", (solver) => {
  const relaxing = (t: Tensor, y: Tensor): Tensor => y.sub(t.cos()).mul(-1000);
  const { ys } = odeint(relaxing, tensor([2]), [0, 3], { solver });
  expect(ys.dtype).toBe("float32");
  expect(Math.abs(last(ys).reshape([]).itemSync() - (Math.cos(3) + 1e-3 * Math.sin(3)))).toBeLessThan(2e-3);
});

test("all targets give the same", () => {
  const { field, y0 } = lotkaVolterra;
  for (const solver of [rodas4, kvaerno3, kencarp4, radau5, solvers.bdf, solvers.auto]) {
    const run = (): number[] => numbers(last(odeint(field, f64(y0), [0, 0.5], { solver, rtol: 1e-4 }).ys));
    expect(distance(withTarget(js(), run), run())).toBeLessThan(1e-13);
  }
});

describe("systems of more unknowns than are written out", () => {
  test.each(implicit)("are solved by $name", (solver) => {
    const options = { solver, controller: constant({ dt: 1 / 4 }) };
    const rates = Array.from({ length: 9 }, (_, i) => -(4 ** i));
    const start = rates.map((_, i) => Math.sin(i + 1));
    const { ys } = odeint((_t, y: Tensor) => y.mul(f64(rates)), f64(start), [0, 1], options);
    const alone = rates.map((rate, i) =>
      numbers(last(odeint((_t, y: Tensor) => y.mul(rate), f64([start[i]!]), [0, 1], options).ys)),
    );
    expect(distance(numbers(last(ys)), alone.flat())).toBeLessThan(1e-12);
  });
});
