import { grad, jvp, vmap } from "@dzdt/autograd";
import { compile, js, stack, type Tensor, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bosh3,
  constant,
  ddeint,
  type DdeintOptions,
  dopri5,
  pid,
  radau5,
  rk4,
  rodas5p,
  Status,
  tsit5,
} from "../src/index";
import { f64, numbers } from "./support/numbers";

const apart = (x: readonly number[], y: readonly number[]): number => Math.max(...x.map((a, i) => Math.abs(a - y[i]!)));

/** y′ = y(t) y(ln y(t)) / t, y = 1 up to t = 1: the solution is t up to e, then exp(t/e) up to e². Neves 1975, doi:10.1145/355656.355661. */
const neves = (ts: readonly number[], options: Omit<DdeintOptions<undefined, Tensor>, "delays">): Tensor =>
  ddeint((t, y: Tensor, [past]) => y.mul(past!).div(t), f64(1), f64(1), [...ts], {
    delays: (t, y: Tensor) => t.sub(y.log()),
    ...options,
  }).ys;
const ts = [1, 1.5, 2.5, Math.E, 3, 5, 7];
const exact = ts.map((t) => (t <= Math.E ? t : Math.exp(t / Math.E)));

describe("delays that depend on the state", () => {
  test.each([
    ["tsit5", tsit5],
    ["dopri5", dopri5],
    ["bosh3", bosh3],
    ["rodas5p", rodas5p],
  ] as const)("follow the exact solution over a breaking point that is not known, by %s", (_name, solver) => {
    for (const rtol of [1e-4, 1e-7])
      numbers(neves(ts, { solver, rtol, atol: rtol })).forEach((y, i) =>
        expect(Math.abs(y / exact[i]! - 1)).toBeLessThan(100 * rtol),
      );
  });

  test("end steps at the breaking points that they make: with them known nothing is won", () => {
    const end = (solver: typeof dopri5, more: object): number => {
      const y = numbers(neves([1, 7], { solver, rtol: 1e-7, atol: 1e-7, ...more })).at(-1)!;
      return Math.abs(y / Math.exp(7 / Math.E) - 1);
    };
    for (const solver of [tsit5, dopri5]) {
      // Where α = ln y is 1.
      const known = end(solver, { controller: pid({ stepTs: [Math.E] }) });
      expect(end(solver, {})).toBeLessThan(2 * known + 1e-7);
    }
  });

  test.each([
    ["tsit5", tsit5],
    ["rodas5p", rodas5p],
    ["radau5", radau5],
  ] as const)("meet the jump of a history that does not meet y0, by %s", (_name, solver) => {
    const value = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(value, value, (past, now) => {
        // y′ = −y(t/2 − 1): of the history up to 2, then of the solution.
        const solved = (t: number): number =>
          t <= 2 ? now - past * t : 3 * now - past - (now + past) * t + (past * t * t) / 4;
        const times = [0, 1, 2, 3, 6];
        for (const rtol of [1e-4, 1e-7]) {
          const delays = [(t: Tensor) => t.mul(0.5).add(1), (t: Tensor) => t.mul(0.5).add(1)];
          const field = (_t: Tensor, _y: Tensor, [one, two]: readonly Tensor[]): Tensor => one!.add(two!).div(-2);
          const { ys } = ddeint(field, f64(past), f64(now), times, { delays, solver, rtol, atol: rtol });
          expect(apart(numbers(ys), times.map(solved))).toBeLessThan(2 * rtol);
        }
      }),
      { numRuns: 10 },
    );
  });

  test("reach back over a jump and over it again", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 0.1, noNaN: true }),
        fc.double({ min: 0.3, max: 1, noNaN: true }),
        fc.constantFrom(tsit5, rodas5p, radau5),
        (most, bend, solver) => {
          // The field receives y(most − bend (t − 1)²): the history, then for a while the solution, and the history again.
          const delays = (t: Tensor): Tensor => t.sub(most).add(t.sub(1).square().mul(bend));
          const field = (_t: Tensor, _y: Tensor, [past]: readonly Tensor[]): Tensor => past!.neg();
          const options = { delays, solver, rtol: 1e-6, atol: 1e-6 };
          const { ys } = ddeint(field, f64(1), f64(0.5), [0, 0.2, 2], options);
          const half = Math.sqrt(most / bend);
          const later = 2 * half * (0.5 - most + (bend * half ** 2) / 3);
          expect(Math.abs(numbers(ys)[2]! - (0.5 - (2 - 2 * half) - later))).toBeLessThan(1e-5);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("with steps of one length, to the order that the breaking point leaves", () => {
    const run = (dt: number): number => {
      const ys = neves(ts.slice(0, 3), { solver: rk4, controller: constant({ dt }) });
      return apart(numbers(ys), exact);
    };
    expect(run(1 / 64)).toBeLessThan(1e-6);
  });

  test("that do not, are as constant ones", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 2, noNaN: true }),
        fc.double({ min: 0.2, max: 2, noNaN: true }),
        (a, b) => {
          const field = (_t: Tensor, y: Tensor, [one, two]: readonly Tensor[]): Tensor => one!.cos().sub(two!.mul(y));
          const solve = (delays: DdeintOptions<undefined, Tensor>["delays"]): number[] =>
            numbers(ddeint(field, (t) => t.cos(), f64(1), [0, 1, 4], { delays, rtol: 1e-8, atol: 1e-10 }).ys);
          const known = solve([a, b]);
          expect(apart(solve([() => a, (t) => t.mul(0).add(b)]), known)).toBeLessThan(1e-6);
          expect(apart(solve([a, () => b]), known)).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 8 },
    );
  });

  test("have gradients by what they depend on, in both modes, compiled, batched and on js", () => {
    const loss =
      (more: object = {}) =>
      (p: Tensor): Tensor =>
        ddeint(
          (_t, y: Tensor, [past]: readonly Tensor[], k: Tensor) => past!.mul(k).neg().add(y.mul(0.1)),
          (t) => t.sin().add(1),
          f64(1),
          [0, 1, 3],
          {
            delays: (_t: Tensor, y: Tensor, k: Tensor) => y.square().mul(0.3).add(k),
            args: p,
            rtol: 1e-10,
            atol: 1e-12,
            ...more,
          },
        )
          .ys.square()
          .sum();
    const p = f64(0.7);
    const slope = grad(loss())(p).itemSync();
    const near = (more: object, eps: number): number =>
      (loss(more)(f64(0.7 + eps)).itemSync() - loss(more)(f64(0.7 - eps)).itemSync()) / (2 * eps);
    expect(Math.abs(slope / near({}, 1e-3) - 1)).toBeLessThan(1e-4);
    const equal = { solver: rk4, controller: constant({ dt: 1 / 16 }) };
    expect(grad(loss(equal))(p).itemSync()).toBeCloseTo(near(equal, 1e-6), 7);
    expect(jvp(loss(), [p], [f64(1)])[1].itemSync()).toBeCloseTo(slope, 9);
    expect(compile(grad(loss()))(p).itemSync()).toBeCloseTo(slope, 10);
    expect(numbers(vmap(grad(loss()))(stack([p, f64(0.9)])))[0]).toBeCloseTo(slope, 10);
    expect(withTarget(js(), () => grad(loss(equal))(f64(0.7)).itemSync())).toBeCloseTo(
      grad(loss(equal))(p).itemSync(),
      10,
    );
  });

  test("of trees with trajectories of their own, each are those of one alone", () => {
    const field = (_t: Tensor, _y: { y: Tensor }, [past]: readonly { y: Tensor }[]) => ({ y: past!.y.neg() });
    const options = { delays: (_t: Tensor, { y }: { y: Tensor }) => y.square().sum().mul(0.2).add(0.5) };
    const rows = [f64([1]), f64([0.4])];
    const together = ddeint(field, { y: stack(rows) }, { y: stack(rows) }, [0, 2], {
      ...options,
      batch: "independent",
    });
    rows.forEach((row, i) => {
      const alone = ddeint(field, { y: row }, { y: row }, [0, 2], options).ys.y;
      expect(together.ys.y.slice([1, i, 0], [2, i + 1, 1]).itemSync()).toBeCloseTo(numbers(alone)[1]!, 12);
    });
  });

  test("that come down to 0, or reach back too far, end the solve by name", () => {
    const field = (_t: Tensor, _y: Tensor, [past]: readonly Tensor[]): Tensor => past!.mul(0.1);
    const solve = (delays: DdeintOptions<undefined, Tensor>["delays"], historySteps = 128) =>
      ddeint(field, f64(1), f64(1), [0, 3], {
        delays,
        historySteps,
        throw: false,
        rtol: 1e-9,
        atol: 1e-9,
        maxSteps: 2000,
      }).status.itemSync();
    expect(solve((t) => t.neg().add(1))).toBe(Status.stepUnderflow);
    expect(solve(() => 0)).toBe(Status.stepUnderflow);
    expect(solve(() => -1)).toBe(Status.stepUnderflow);
    expect(solve(() => NaN)).not.toBe(Status.success);
    expect(solve((t) => t.mul(0.9).add(0.1), 2)).toBe(Status.historyTooShort);
  });
});
