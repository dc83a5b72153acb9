import { concat, pow, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  constant,
  gauss4,
  gauss6,
  gauss8,
  hamiltonian,
  implicitMidpoint,
  odeint,
  type Solver,
  tao,
} from "../src/index";
import { linear, nonautonomousStages, observedOrder, pendulum } from "../src/testing";
import { distance, f64, numbers } from "./support/numbers";

const gauss = [implicitMidpoint, gauss4, gauss6, gauss8];
const end = (x: Tensor): Tensor => x.slice([x.shape[0]! - 1], [x.shape[0]!]).reshape(x.shape.slice(1));
const half = (x: Tensor): Tensor => x.square().sum().mul(0.5);
const fixed = (solver: Solver, dt: number) => ({ solver, controller: constant({ dt }) });

describe.each(gauss)("$name", (solver) => {
  // Order 8 is down to rounding after a few steps more.
  const fine = { ratio: 1.2, refinements: 6, window: [1e-12, 1e-4] } as const;
  const coarse = { upTo: 4096, ratio: Math.SQRT2, window: [solver.order > 3 ? 1e-12 : 1e-9, 1e-2] } as const;
  const options = solver.order > 6 ? fine : coarse;

  test.each([linear, nonautonomousStages, pendulum])("converges at its order on $name", ({ field: f, ...problem }) => {
    const { y0, t0, t1, solution } = problem;
    const error = (steps: number): number =>
      distance(numbers(end(odeint(f, f64(y0), [t0, t1], fixed(solver, (t1 - t0) / steps)).ys)), solution);
    const { order, limit, errors } = observedOrder(error, options);
    const slopes = `order ${order}, ${limit} in the limit, errors ${errors.join(", ")}`;
    // The third problem is not near its limit where float64 ends.
    expect(Math.max(order, limit), slopes).toBeGreaterThan(solver.order - 0.15);
    if (solver.order < 8 || problem.name !== nonautonomousStages.name)
      expect(Math.min(order, limit), slopes).toBeLessThan(solver.order + 0.15);
  });

  test("integrates t^k without error for k below its order, and between its ends below its stages", () => {
    for (let k = 0; k < solver.order; k++) {
      const power = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(k === 0 ? 1 : pow(t, k));
      const solved = odeint(power, f64([0]), [0, 2], fixed(solver, 1 / 2));
      expect(Math.abs(end(solved.ys).itemSync() - 2 ** (k + 1) / (k + 1))).toBeLessThan(1e-13 * 2 ** k);
      if (k < solver.denseOrder)
        expect(Math.abs(solved.at(f64([1.3125])).itemSync() - 1.3125 ** (k + 1) / (k + 1))).toBeLessThan(
          1e-13 * 2 ** k,
        );
    }
  });

  test("keeps quadratic invariants of a field that is not Hamiltonian: energy and momentum of a rigid body", () => {
    const inertia = [2, 1, 2 / 3];
    const body = (_t: Tensor, y: Tensor): Tensor => {
      const [a, b, c] = [0, 1, 2].map((i) => y.slice([i], [i + 1])) as [Tensor, Tensor, Tensor];
      const [u, v, w] = inertia.map((x) => 1 / x) as [number, number, number];
      return concat([b.mul(c).mul(w - v), c.mul(a).mul(u - w), a.mul(b).mul(v - u)]);
    };
    const y = numbers(odeint(body, f64([Math.cos(1.1), 0, Math.sin(1.1)]), [0, 250, 500], fixed(solver, 1 / 2)).ys);
    const invariants = [0, 3, 6].map((i) => [
      y[i]! ** 2 + y[i + 1]! ** 2 + y[i + 2]! ** 2,
      y[i]! ** 2 / inertia[0]! + y[i + 1]! ** 2 / inertia[1]! + y[i + 2]! ** 2 / inertia[2]!,
    ]);
    expect(Math.abs(y[6]! - y[0]!)).toBeGreaterThan(0.01);
    expect(distance(invariants[1]!, invariants[0]!)).toBeLessThan(1e-13);
    expect(distance(invariants[2]!, invariants[0]!)).toBeLessThan(1e-13);
  });

  test("goes back along decreasing times, and where stiff by Newton's method", () => {
    const stiff = (t: Tensor, y: Tensor): Tensor =>
      concat([y.slice([1], [2]), y.slice([0], [1]).neg()])
        .mul(200)
        .add(t.cos());
    const there = odeint(stiff, f64([1.5, 0.5]), [0, 1], fixed(solver, 1 / 16)).ys;
    const back = odeint(stiff, end(there), [1, 0], fixed(solver, 1 / 16)).ys;
    expect(distance(numbers(end(back)), [1.5, 0.5])).toBeLessThan(1e-12);
  });
});

describe("tao", () => {
  /** No sum of kinetic and potential energy. */
  const field = hamiltonian((q: Tensor, p: Tensor) =>
    half(p).mul(half(q).mul(0.25).add(1)).sub(q.cos().sum()).add(q.mul(p).sum().mul(0.5)),
  );
  const point = { q: f64([0.7, -0.4]), p: f64([0.3, 0.5]) };

  test.each([2, 4, 6] as const)("of order %d converges at it", (declared) => {
    const solver = tao.with({ omega: 8, order: declared });
    const solved = (dt: number, by: Solver): number[] => {
      const { q, p } = odeint(field, point, [0, 2], fixed(by, dt)).ys;
      return [...numbers(end(q)), ...numbers(end(p))];
    };
    const exact = solved(1 / 256, gauss8);
    const { order, limit, errors } = observedOrder((steps) => distance(solved(2 / steps, solver), exact), {
      from: 16,
      upTo: 4096,
      ratio: Math.SQRT2,
      window: [solver.order > 2 ? 1e-12 : 1e-6, 1e-3],
    });
    const off = Math.min(Math.abs(order - solver.order), Math.abs(limit - solver.order));
    expect(off, `order ${order}, ${limit} in the limit, errors ${errors.join(", ")}`).toBeLessThan(0.15);
  });
});
