import { concat, type Tensor } from "@dzdt/tensor";
import { grad, vmap } from "@dzdt/autograd";
import { describe, expect, test } from "vitest";
import {
  bosh3,
  constant,
  dop853,
  dopri5,
  euler,
  type ExplicitSolver,
  heun,
  midpoint,
  odeint,
  ralston,
  rk38,
  rk4,
  Status,
  tsit5,
} from "./index";
import { f64, message, numbers } from "../test/support/numbers";

const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const pendulum = (_t: Tensor, y: Tensor): Tensor => {
  const [angle, speed] = y.split(2) as [Tensor, Tensor];
  return concat([speed, angle.sin().neg()]);
};

const fixed = { euler, midpoint, heun, ralston, rk4, rk38, bosh3, dopri5, tsit5, dop853 };

describe("fixed steps", () => {
  const errorOf = (solver: ExplicitSolver, dt: number): number => {
    const { ys } = odeint((t: Tensor, y: Tensor) => y.mul(t.cos()), f64([1]), [0, 2], {
      solver,
      controller: constant({ dt }),
    });
    return Math.abs(numbers(ys)[1]! - Math.exp(Math.sin(2)));
  };
  test.each(Object.values(fixed))("$name has its order", (solver) => {
    const dt = solver.order > 6 ? 0.5 : solver.order > 4 ? 0.2 : 0.05;
    const slope = Math.log2(errorOf(solver, dt) / errorOf(solver, dt / 2));
    expect(slope).toBeGreaterThan(solver.order - 0.35);
  });

  test("there are (t1 − t0)/dt of them, with or without rounding, and the last one is cut", () => {
    const steps = (dt: number, t1: number): number =>
      odeint(decay, f64([1]), [0, t1], { solver: rk4, dt0: dt }).stats.steps.itemSync();
    expect(steps(0.1, 1)).toBe(10);
    expect(steps(1e-3, 1)).toBe(1000);
    expect(steps(0.3, 1)).toBe(4);
    expect(steps(5, 1)).toBe(1);
  });

  test("end where they end with outputs between them, bit for bit, however the last one is cut", () => {
    for (const [solver, dt] of [
      [rk4, 0.1],
      [dopri5, 0.3],
      [midpoint, 0.17],
    ] as const) {
      const options = { solver, controller: constant({ dt }) };
      const end = odeint(pendulum, f64([1, 0]), [0.2, 1.2], options);
      const with2 = odeint(pendulum, f64([1, 0]), [0.2, 0.5, 1.2], options);
      expect(numbers(with2.ys.slice([2], [3]))).toEqual(numbers(end.ys.slice([1], [2])));
      expect(numbers(end.at(1.2))).toEqual(numbers(end.ys.slice([1], [2])));
      expect(with2.stats.steps.itemSync()).toBe(end.stats.steps.itemSync());
    }
  });

  test("may have another length, and end elsewhere, for each element of a vmap", () => {
    const solve = (y0: Tensor, dt: Tensor, t1: Tensor): Tensor =>
      odeint((t: Tensor, y: Tensor) => y.mul(t.cos()), y0, t1.mul(f64([0, 1])), {
        solver: rk4,
        controller: constant({ dt }),
      }).ys;
    const slope = (y0: Tensor, dt: Tensor, t1: Tensor): Tensor[] =>
      grad((...ins: [Tensor, Tensor, Tensor]) => solve(...ins).sum(), [0, 1, 2])(y0, dt, t1);
    const [y0, dt, t1] = [f64([1, 2, 3]), f64([0.3, 0.05, 10]), f64([1, 2, 0.5])];
    const all = vmap((...ins: [Tensor, Tensor, Tensor]) => [solve(...ins), ...slope(...ins)])(y0, dt, t1);
    for (let n = 0; n < 3; n++) {
      const ins = [y0, dt, t1].map((x) => f64(numbers(x)[n]!)) as [Tensor, Tensor, Tensor];
      const alone = [solve(...ins), ...slope(...ins)];
      alone.forEach((x, j) => expect(numbers(all[j]!.slice([n], [n + 1]))).toEqual(numbers(x)));
      const [, byDt, byEnd] = slope(...ins).map((x) => x.itemSync());
      expect(byDt).toBe(0);
      const [last] = numbers(solve(...ins).slice([1], [2]));
      expect(byEnd! / (last! * Math.cos(ins[2].itemSync()))).toBeCloseTo(1, n === 2 ? 2 : 3);
    }
  });

  test("are not begun where there would be too many", () => {
    const options = { solver: rk4, dt0: 1e-3, maxSteps: 999 };
    expect(message(() => odeint(decay, f64([1]), [0, 1], options))).toMatch(
      /maxStepsReached at t = 0 with step 0.001 after 0 accepted.*; 1000 steps of this length are needed: raise maxSteps/,
    );
    for (const ts of [
      [0, 1],
      [0, 0.5, 1],
    ]) {
      const { status, stats, ys } = odeint(decay, f64([1]), ts, { ...options, throw: false });
      expect([status.itemSync(), stats.steps.itemSync()]).toEqual([Status.maxStepsReached, 0]);
      expect(numbers(ys).map(Number.isNaN)).toEqual(ts.map((t) => t > 0));
    }
    expect(odeint(decay, f64([1]), [0, 1], { ...options, maxSteps: 1000 }).stats.steps.itemSync()).toBe(1000);
  });

  test("that leave the finite say where, one trajectory or many", () => {
    const square = (_t: Tensor, y: Tensor): Tensor => y.mul(y);
    const options = { solver: rk4, dt0: 0.1 };
    expect(message(() => odeint(square, f64([1]), [0, 5], options))).toMatch(/nonFinite at t = 1\.[1-9].*y\[0\] = /);
    const many = { ...options, batch: "independent", throw: false } as const;
    const { status, ys } = odeint(square, f64([[0.1], [1]]), [0, 5], many);
    expect(numbers(status)).toEqual([Status.success, Status.nonFinite]);
    expect(numbers(ys).map(Number.isNaN)).toEqual([false, false, false, true]);
    expect(message(() => odeint(square, f64([[0.1], [1]]), [0, 5], { ...many, throw: true }))).toMatch(
      /trajectory 1: nonFinite at t = 1\./,
    );
  });

  test("constant() goes from time to time, and at() interpolates between them", () => {
    const solve = odeint(pendulum, f64([1, 0]), [0, 0.1, 0.25, 0.3], { solver: rk4, controller: constant() });
    expect(solve.stats.steps.itemSync()).toBe(3);
    const one = odeint(pendulum, f64([1, 0]), [0, 0.1], { solver: rk4, controller: constant() });
    expect(numbers(solve.ys.slice([1], [2]))).toEqual(numbers(one.ys.slice([1], [2])));
    expect(numbers(solve.at(0.25))).toEqual(numbers(solve.ys.slice([2], [3])));
    expect(numbers(solve.at(0.2))[0]).toBeCloseTo(numbers(odeint(pendulum, f64([1, 0]), [0, 0.2]).at(0.2))[0]!, 5);
  });

  test("the gradient through 10,000 steps is right", () => {
    const loss = (y0: Tensor): Tensor => odeint(decay, y0, [0, 1], { solver: rk4, dt0: 1e-4 }).ys.sum();
    numbers(grad(loss)(f64([1, 2]))).forEach((slope) => expect(slope).toBeCloseTo(1 + Math.exp(-1), 11));
  });
});
