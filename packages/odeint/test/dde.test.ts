import { grad, jvp, vmap } from "@dzdt/autograd";
import { checkGrads } from "@dzdt/autograd/testing";
import { compile, js, stack, type Tensor, wasm, where, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bosh3, constant, ddeint, discretize, dopri5, kvaerno3, odeint, pid, rk4, rodas5p, tsit5 } from "../src/index";
import { delaySums } from "../src/dde/delays";
import reference from "./data/dde.json";
import { f64, numbers } from "./support/numbers";

const apart = (x: readonly number[], y: readonly number[]): number => Math.max(...x.map((a, i) => Math.abs(a - y[i]!)));
const [linear, glass] = reference.cases as unknown as readonly {
  at: readonly { t: number; y: string }[];
  a: number;
  b: number;
  n: number;
  tau: number;
  history: number;
}[];
const minusPast = (_t: Tensor, _y: Tensor, [past]: readonly Tensor[]): Tensor => past!.neg();
const mackeyGlass = (_t: Tensor, y: Tensor, [past]: readonly Tensor[]): Tensor =>
  past!.mul(glass!.a).div(past!.pow(glass!.n).add(1)).sub(y.mul(glass!.b));
const byTime = (rows: readonly { t: number; y: string }[]): { t: number; y: number }[] =>
  rows.map(({ t, y }) => ({ t, y: Number(y) })).sort((a, b) => a.t - b.t);

describe("reference", () => {
  test.each([1e-4, 1e-7, 1e-10])("linear-delay, to rtol %f", (rtol) => {
    const rows = byTime(linear!.at);
    const { ys } = ddeint(minusPast, f64(1), f64(1), [0, ...rows.map(({ t }) => t)], {
      delays: 1,
      rtol,
      atol: rtol / 10,
    });
    expect(
      apart(
        numbers(ys).slice(1),
        rows.map(({ y }) => y),
      ),
    ).toBeLessThan(100 * rtol);
  });

  test.each([
    ["tsit5", tsit5],
    ["dopri5", dopri5],
    ["bosh3", bosh3],
    ["kvaerno3", kvaerno3],
    ["rodas5p", rodas5p],
  ] as const)("mackey-glass, by %s", (_name, solver) => {
    const rows = byTime(glass!.at);
    const times = [0, ...rows.map(({ t }) => t)];
    for (const rtol of [1e-4, 1e-7]) {
      const start = f64(glass!.history);
      const { ys } = ddeint(mackeyGlass, start, start, times, {
        delays: glass!.tau,
        rtol,
        atol: rtol / 10,
        solver,
        historySteps: 400,
      });
      expect(
        apart(
          numbers(ys).slice(1),
          rows.map(({ y }) => y),
        ),
      ).toBeLessThan(100 * rtol);
    }
  });
});

describe("breaking points", () => {
  test("are the sums of delays, each once", () => {
    const points = numbers(delaySums(f64([0.5, 2]), 2).add(1)).sort((a, b) => a - b);
    expect(points).toEqual([1.5, 2, 3, 3.5, 5]);
    expect(delaySums(f64([1, 2, 3]), 3).size).toBe(3 + 6 + 10);
  });

  test("end steps: a polynomial between them is exact in one step of its order", () => {
    // y is of degree k on [k − 1, k], and tsit5 is exact up to degree 5.
    const at = [0.5, 1, 1.5, 2, 2.5, 3, 3.75];
    const { ys, stats } = ddeint(minusPast, f64(1), f64(1), [0, ...at], { delays: 1, rtol: 1, atol: 1, dt0: 10 });
    expect(stats.steps.itemSync()).toBe(4);
    const piece = (t: number): number => {
      let sum = 0;
      let factorial = 1;
      for (let k = 0; k <= Math.floor(t) + 1; k++) {
        if (k > 0) factorial *= k;
        sum += ((-1) ** k * Math.max(0, t - k + 1) ** k) / factorial;
      }
      return sum;
    };
    expect(apart(numbers(ys).slice(1), at.map(piece))).toBeLessThan(1e-12);
  });

  test("are met beside the jumps of a field", () => {
    // y' = −y(t − 1) + 1 from 0.6 on: up to 1 its past is 1, later it is 1 − s up to s = 0.6 and then 0.4.
    const { ys } = ddeint(
      (t, _y, [past]) => past!.neg().add(where(t.greater(0.6), 1, 0)),
      f64(1),
      f64(1),
      [0, 0.6, 1, 1.6, 2],
      { delays: 1, controller: pid({ jumpTs: [0.6] }), rtol: 1e-9, atol: 1e-11 },
    );
    expect(apart(numbers(ys), [1, 0.4, 0.4, 0.58, 0.82])).toBeLessThan(1e-7);
  });

  test("keep the order of steps of one length", () => {
    const exact = Number(linear!.at.find(({ t }) => t === 10)!.y);
    const error = (dt: number): number =>
      Math.abs(
        numbers(
          ddeint(minusPast, f64(1), f64(1), [0, 10], { delays: 1, solver: dopri5, controller: constant({ dt }) }).ys,
        )[1]! - exact,
      );
    expect(error(1 / 4)).toBeLessThan(1e-6);
    expect(Math.log2(error(1 / 2) / error(1 / 4))).toBeGreaterThan(4.5);
  });

  test("are met where the state jumps at the start", () => {
    // The history is 0 and y0 is 2: so y' is 0 up to 1, then −2.
    const { ys } = ddeint(minusPast, f64(0), f64(2), [0, 0.5, 1, 1.5, 2, 3], { delays: 1, rtol: 1e-9, atol: 1e-11 });
    expect(apart(numbers(ys), [2, 2, 2, 1, 0, -1])).toBeLessThan(1e-12);
  });
});

describe("delays and histories", () => {
  test("several delays, a history of time, a tree", () => {
    const w = Math.PI;
    const { ys, at } = ddeint(
      // cos' = −w sin and sin' = w cos, and half a unit of time is a quarter turn.
      (_t, _y, [, past]) => ({ x: past!.x.mul(-w), z: past!.z.mul(-w) }),
      (t: Tensor) => ({ x: t.mul(w).cos().reshape([1]), z: t.mul(w).sin().reshape([1]) }),
      { x: f64([1]), z: f64([0]) },
      [0, 0.7, 3],
      { delays: [1.5, 0.5], rtol: 1e-9, atol: 1e-11 },
    );
    expect(
      apart(
        numbers(ys.x),
        [0, 0.7, 3].map((t) => Math.cos(w * t)),
      ),
    ).toBeLessThan(1e-7);
    expect(
      apart(
        numbers(ys.z),
        [0, 0.7, 3].map((t) => Math.sin(w * t)),
      ),
    ).toBeLessThan(1e-7);
    expect(
      apart(
        numbers(at([2.2, 1.1]).x),
        [2.2, 1.1].map((t) => Math.cos(w * t)),
      ),
    ).toBeLessThan(1e-7);
  });

  test("delays may be tensors, args reach the field", () => {
    const run = compile(
      (delay: Tensor, a: Tensor) =>
        ddeint((_t, _y, [past], k: Tensor) => past!.mul(k), f64(1), f64(1), [0, 1, 2], {
          delays: [delay],
          args: a,
          rtol: 1e-9,
          atol: 1e-11,
        }).ys,
    );
    expect(apart(numbers(run(f64(1), f64(-1))), [1, 0, -0.5])).toBeLessThan(1e-12);
    expect(apart(numbers(run(f64(2), f64(-1))), [1, 0, -1])).toBeLessThan(1e-12);
  });

  test("32: with a delay that is not used it is the ordinary equation", () => {
    const field = (t: Tensor, y: Tensor): Tensor => y.sin().add(t.cos());
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: -8, max: 8 }), (tau, a) => {
        const start = f64([a / 4, 1]);
        const ode = odeint(field, start, [0, 0.9, 2], { rtol: 1e-9, atol: 1e-11 });
        const dde = ddeint(field, f64([0, 0]), start, [0, 0.9, 2], { delays: tau / 8, rtol: 1e-9, atol: 1e-11 });
        expect(apart(numbers(dde.ys), numbers(ode.ys))).toBeLessThan(1e-7);
      }),
      { numRuns: 5 },
    );
    const still = (_t: Tensor, y: Tensor): Tensor => y.sin();
    const fixed = { solver: rk4, controller: constant({ dt: 1 / 8 }) };
    expect(numbers(ddeint(still, f64(0), f64(1), [0, 2], { ...fixed, delays: 0.5 }).ys)).toEqual(
      numbers(odeint(still, f64(1), [0, 2], fixed).ys),
    );
  });
});

describe("gradients", () => {
  const solveOf = (tau: Tensor, y0: Tensor, a: Tensor, ts: Tensor | number[], checkpoints?: "sqrt"): Tensor =>
    ddeint(
      (_t, y, [past, older], k: Tensor) => past!.mul(k).sub(y.mul(0.2)).add(older!.square().mul(0.1)),
      (t: Tensor) => t.cos(),
      y0,
      ts,
      {
        delays: [tau, 1.3],
        args: a,
        rtol: 1e-9,
        atol: 1e-11,
        historySteps: 64,
        ...(checkpoints && { adjoint: discretize({ checkpoints }) }),
      },
    ).ys;
  const times = [0, 0.5, 1.1, 1.75, 2.5];

  test.each([
    ["meets", 1],
    ["does not meet", 1.3],
  ])("with respect to delays, y0, args and times, where the history %s y0", (_name, start) => {
    const loss = (tau: Tensor, y0: Tensor, a: Tensor, ts: Tensor): Tensor => solveOf(tau, y0, a, ts).square().sum();
    checkGrads(loss, [f64(0.7), f64(start), f64(-1.1), f64(times)], { order: 1 });
  });

  test("of the closed form: y(2) = 1 − 2 + (2 − τ)²/2 for a delay τ of 1 to 2, history 1", () => {
    const end = (tau: Tensor): Tensor =>
      ddeint(minusPast, f64(1), f64(1), [0, 2], { delays: tau, rtol: 1e-9, atol: 1e-11 }).ys.slice([1], [2]).sum();
    for (const tau of [1.25, 1.5]) {
      expect(end(f64(tau)).itemSync()).toBeCloseTo(-1 + (2 - tau) ** 2 / 2, 12);
      expect(grad(end)(f64(tau)).itemSync()).toBeCloseTo(tau - 2, 10);
      expect(jvp(end, [f64(tau)], [f64(1)])[1].itemSync()).toBeCloseTo(tau - 2, 10);
    }
  });

  test("do not depend on which states are kept", () => {
    const loss = (checkpoints?: "sqrt") => (tau: Tensor) =>
      solveOf(tau, f64(1), f64(-1.1), times, checkpoints).square().sum();
    expect(grad(loss("sqrt"))(f64(0.7)).itemSync()).toBe(grad(loss())(f64(0.7)).itemSync());
  });

  test("of what the history closes over", () => {
    const loss = (a: Tensor): Tensor =>
      ddeint(minusPast, (t: Tensor) => t.mul(a).exp(), f64(1), [0, 1], { delays: 1, rtol: 1e-10, atol: 1e-12 })
        .ys.slice([1], [2])
        .sum();
    // y(1) = 1 − ∫₋₁⁰ exp(a s) ds = 1 − (1 − exp(−a)) / a.
    const a = 0.6;
    expect(loss(f64(a)).itemSync()).toBeCloseTo(1 - (1 - Math.exp(-a)) / a, 10);
    expect(grad(loss)(f64(a)).itemSync()).toBeCloseTo(-(a * Math.exp(-a) - (1 - Math.exp(-a))) / a ** 2, 8);
  });
});

describe("many trajectories", () => {
  const alone = (start: number): number[] =>
    numbers(ddeint(mackeyGlass, f64(start), f64(start), [0, 20, 30], { delays: 17 }).ys);

  test("with steps of their own are each alone", () => {
    const starts = f64([1.2, 0.8]);
    const { ys, stats } = ddeint(mackeyGlass, starts, starts, [0, 20, 30], { delays: 17, batch: "independent" });
    expect(ys.shape).toEqual([3, 2]);
    expect(stats.steps.shape).toEqual([2]);
    const both = stack([f64(alone(1.2)), f64(alone(0.8))], 1);
    expect(apart(numbers(ys), numbers(both))).toBeLessThan(1e-12);
    const common = ddeint(mackeyGlass, () => 1, starts, [0, 20], { delays: 17, batch: "independent" });
    expect(common.ys.shape).toEqual([2, 2]);
  });

  test("by vmap over delays", () => {
    const end = (tau: Tensor): Tensor => ddeint(minusPast, f64(1), f64(1), [0, 2], { delays: tau }).ys;
    expect(apart(numbers(vmap(end)(f64([1, 1.5]))), [1, -0.5, 1, -0.875])).toBeLessThan(1e-6);
  });

  test("js and wasm agree", () => {
    const on = (target: ReturnType<typeof js>): number[] =>
      withTarget(target, () => numbers(ddeint(mackeyGlass, f64(1.2), f64(1.2), [0, 20, 60], { delays: 17 }).ys));
    expect(apart(on(js()), on(wasm()))).toBeLessThan(1e-12);
  });
});
