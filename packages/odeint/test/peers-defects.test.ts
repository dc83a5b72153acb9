import { add, cos, matmul, mul, sin, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  constant,
  dop853,
  dopri5,
  euler,
  event,
  gauss4,
  kencarp5,
  kvaerno3,
  kvaerno4,
  kvaerno5,
  mclachlanAtela4Rkn,
  midpoint,
  odeint,
  rk4,
  separable,
  type Solver,
  SolveError,
  Status,
  stepDoubling,
  symplecticEuler,
  tsit5,
  vern7,
  vern9,
  yoshida6,
} from "../src/index";
import {
  denseOrder,
  denseWeights,
  embeddedWeights,
  observedOrder,
  orderResidual,
  splittingResidual,
} from "../src/testing";
import data from "./data/stiff.json";
import { tensorField, type WrittenField } from "./support/expression";
import { at, close, f64, last, numbers } from "./support/numbers";

// Places at which published codes or papers were found to err; each of these tests shows what goes right here.

const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const square = (_t: Tensor, y: Tensor): Tensor => y.square();
const stiff = (id: string) => [...data.problems, ...data.more].find((problem) => problem.id === id)!;

describe("coefficients", () => {
  test("tsit5 goes on from its fifth-order weights, of which its last stage is the slope", () => {
    expect(tsit5.b.slice(0, 6)).toEqual(tsit5.a.at(-1));
    expect(tsit5.b.slice(6)).toEqual([0]);
    expect(orderResidual(tsit5, 5)).toBeLessThan(1e-14);
    const fourth = { a: tsit5.a, b: embeddedWeights(tsit5, tsit5.bError) };
    expect(orderResidual(fourth, 4)).toBeLessThan(1e-14);
    expect(orderResidual(fourth, 5)).toBeGreaterThan(1e-4);
  });

  test("gauss4 has its order where the field depends on time: both nodes are where they belong", () => {
    const field = (t: Tensor, y: Tensor): Tensor => add(mul(y, cos(mul(t, 3))), sin(mul(t, t)));
    const end = (solver: Solver, steps: number): number =>
      last(odeint(field, f64([1]), [0, 2], { solver, controller: constant({ dt: 2 / steps }) }).ys).itemSync();
    const exact = end(vern9, 200);
    const { order } = observedOrder((steps) => Math.abs(end(gauss4, steps) - exact), { from: 8, upTo: 256 });
    expect(order).toBeGreaterThan(3.9);
    expect(Math.abs(end(gauss4, 16) - exact)).toBeLessThan(2e-5);
  });

  test("the rows of kencarp5 add up to its nodes, and its order conditions hold to rounding", () => {
    const { explicit, implicit, b, c } = kencarp5;
    for (const a of [explicit, implicit]) {
      a.forEach((row, i) => expect(Math.abs(row.reduce((sum, x) => sum + x, 0) - c[i]!)).toBeLessThan(5e-14));
      expect(orderResidual({ a, b }, 5)).toBeLessThan(1e-14);
    }
  });

  test("the diagonals of kvaerno3 and kvaerno4 are roots of their polynomials to the last digit", () => {
    const g3 = kvaerno3.a[1]![1]!;
    expect(Math.abs(6 * g3 ** 3 - 18 * g3 ** 2 + 9 * g3 - 1)).toBeLessThan(4e-16);
    const g4 = kvaerno4.a[1]![1]!;
    expect(Math.abs(24 * g4 ** 4 - 96 * g4 ** 3 + 72 * g4 ** 2 - 16 * g4 + 1)).toBeLessThan(4e-15);
  });

  test.each([kvaerno3, kvaerno4, kvaerno5])("$name forgets what is infinitely fast within a step", (solver) => {
    const fast = (_t: Tensor, y: Tensor): Tensor => y.mul(-1e12);
    const { ys } = odeint(fast, f64([1]), [0, 1], { solver, controller: constant({ dt: 1 }) });
    expect(Math.abs(last(ys).itemSync())).toBeLessThan(1e-9);
  });

  test("long splittings satisfy their conditions to all digits, and the simplest is no plain Euler step", () => {
    expect(splittingResidual(yoshida6, 6)).toBeLessThan(1e-14);
    expect(splittingResidual(mclachlanAtela4Rkn, 4)).toBeLessThan(1e-14);
    const spring = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => q.neg() });
    const [start, dt] = [{ q: f64([1]), p: f64([0]) }, 0.1];
    const energy = (solver: Solver): number => {
      const { q, p } = odeint(spring, start, [0, 100], { solver, controller: constant({ dt }) }).ys;
      return (last(q).itemSync() ** 2 + last(p).itemSync() ** 2) / 2;
    };
    expect(Math.abs(energy(symplecticEuler) - 0.5)).toBeLessThan(0.03);
    expect(energy(euler)).toBeGreaterThan(1000);
  });

  test("dense output has the order that is declared of it, and no more is declared", () => {
    expect([dopri5, tsit5, dop853, vern7, vern9].map(denseOrder)).toEqual([4, 4, 7, 7, 9]);
    for (const solver of [dopri5, tsit5, dop853, vern7]) {
      const weights = denseWeights(solver, 0.375);
      expect(orderResidual(weights, denseOrder(solver), 0.375)).toBeLessThan(1e-14);
      expect(orderResidual(weights, denseOrder(solver) + 1, 0.375)).toBeGreaterThan(1e-7);
    }
  });
});

describe("steps", () => {
  test("a stiff solver rejects few of its steps when nothing is said of the controller", () => {
    const problem = stiff("orego");
    const ts = [problem.t0, problem.outputs.at(-1)!.t];
    const { stats } = odeint(tensorField(problem as unknown as WrittenField), f64(problem.y0), ts, {
      solver: kvaerno5,
      rtol: 1e-4,
      atol: problem.atol["0.0001"],
    });
    expect(stats.rejected.itemSync()).toBeLessThan(0.25 * stats.steps.itemSync());
  });

  test.each(["vdpol-1e-6", "flame"])("kvaerno5 finds a first step from which it solves %s", (id) => {
    const problem = stiff(id);
    const { t, y } = problem.outputs.at(-1)!;
    const { ys, stats } = odeint(tensorField(problem as unknown as WrittenField), f64(problem.y0), [problem.t0, t], {
      solver: kvaerno5,
      rtol: 1e-4,
      atol: problem.atol["0.0001"],
    });
    numbers(last(ys)).forEach((x, i) => expect(Math.abs(x - y[i]!)).toBeLessThan(1e-2 * (Math.abs(y[i]!) + 1e-3)));
    expect(stats.steps.itemSync()).toBeLessThan(3000);
  });

  test("the first step is found for the problem: longer where the field is slower, and shorter for smaller tolerances", () => {
    const first = (rate: number, rtol: number): number => {
      try {
        odeint((_t, y: Tensor) => y.mul(-rate), f64([1]), [0, 1e6], { rtol, atol: rtol, maxSteps: 1 });
      } catch (error) {
        return (error as SolveError).t!;
      }
      return NaN;
    };
    expect(first(1e-4, 1e-6)).toBeGreaterThan(5 * first(1, 1e-6));
    expect(first(1, 1e-10)).toBeLessThan(first(1, 1e-6) / 5);
    expect(first(1, 1e-10)).toBeGreaterThan(0);
  });

  test("a solution that ends is told by its time, with steps of any kind, and is never a success", () => {
    const adaptive = odeint(square, f64([1]), [0, 0.5, 2], { throw: false });
    expect(adaptive.status.itemSync()).toBe(Status.stepUnderflow);
    close(adaptive.ys.slice([0], [2]), [1, 2], 1e-4);
    expect(numbers(adaptive.ys)[2]).toBeNaN();
    expect(() => odeint(square, f64([1]), [0, 2])).toThrow(/^odeint: stepUnderflow at t = 1\.000/);
    const fixed = odeint(square, f64([1]), [0, 2], { solver: rk4, dt0: 0.01, throw: false });
    expect(fixed.status.itemSync()).toBe(Status.nonFinite);
    expect(() => odeint(square, f64([1]), [0, 2], { solver: rk4, dt0: 0.01 })).toThrow(
      /^odeint: nonFinite at t = 1\.0/,
    );
  });

  test("the halves of a doubled step have a dense output that is continuous between them, and at steps' ends", () => {
    const solved = odeint(decay, f64([1]), [0, 2], { solver: stepDoubling(midpoint), controller: constant({ dt: 1 }) });
    for (const node of [0.5, 1, 1.5]) {
      const [before, after] = numbers(solved.at([node - 1e-9, node + 1e-9])) as [number, number];
      expect(Math.abs(before - after)).toBeLessThan(1e-8);
    }
  });
});

describe("events", () => {
  const rising = (): Tensor => f64([1]);
  const stop = { solver: rk4, dt0: 10 };
  const when = (condition: (t: Tensor, y: Tensor) => Tensor): number[] => {
    const { events, status } = odeint(rising, f64([0]), [0, 10], { events: [event(condition)] });
    expect(status.itemSync()).toBe(Status.eventTerminated);
    return numbers(events[0]!.t.slice([0], [1]));
  };

  test("the first event in time wins, not the first in the list", () => {
    const levels = [7, 3, 5];
    const list = levels.map((x) => event((_t, y: Tensor) => at(y, 0).sub(x)));
    const { events, status } = odeint(rising, f64([0]), [0, 10], { ...stop, events: list });
    expect(status.itemSync()).toBe(Status.eventTerminated);
    expect(events.map(({ count }) => count.itemSync())).toEqual([0, 1, 0]);
    close(events[1]!.t.slice([0], [1]), [3], 1e-12);
  });

  test("both crossings within one step are found", () => {
    const arc = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(t.mul(-2).add(10));
    const { events } = odeint(arc, f64([0]), [0, 10], {
      ...stop,
      events: [event((_t, y: Tensor) => at(y, 0).sub(16), { terminal: false })],
    });
    close(events[0]!.t.slice([0], [2]), [2, 8], 1e-12);
  });

  test("a condition that is zero at the start does not fire there", () => {
    close(
      when((_t, y) => at(y, 0).mul(at(y, 0).sub(4))),
      [4],
      1e-12,
    );
  });

  test("a bool is located to rounding, as a root is", () => {
    close(
      when((_t, y) => at(y, 0).greater(Math.PI)),
      [Math.PI],
      1e-12,
    );
  });

  test("a reset away from zero is no crossing", () => {
    const fire = event((_t, y: Tensor) => at(y, 0).sub(1), { reset: (_t, y: Tensor) => y.mul(0) });
    const { events, ys } = odeint(rising, f64([0]), [0, 3.5], { events: [fire] });
    expect(events[0]!.count.itemSync()).toBe(3);
    close(events[0]!.t.slice([0], [3]), [1, 2, 3], 1e-13);
    close(last(ys), [0.5], 1e-12);
  });
});

describe("problems", () => {
  test("DETEST C4 has a full diagonal: the heat equation on 51 points", () => {
    const n = 51;
    const matrix = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => (i === j ? -2 : Math.abs(i - j) === 1 ? 1 : 0)),
    );
    const [a, start] = [f64(matrix), f64(Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0)))];
    const { ys } = odeint((_t, y: Tensor) => matmul(a, y), start, [0, 20], {
      solver: dop853,
      rtol: 1e-12,
      atol: 1e-14,
    });
    const angles = Array.from({ length: n }, (_, k) => ((k + 1) * Math.PI) / (n + 1));
    const exact = Array.from({ length: n }, (_, j) =>
      angles.reduce(
        (sum, w) => sum + (2 / (n + 1)) * Math.sin(w) * Math.sin((j + 1) * w) * Math.exp((2 * Math.cos(w) - 2) * 20),
        0,
      ),
    );
    close(last(ys), exact, 1e-11);
  });

  test("reference solutions of E5 and Robertson's problem keep their invariants", () => {
    for (const { y } of stiff("e5").outputs) expect(Math.abs(y[2]! - (y[1]! - y[3]!)) / y[2]!).toBeLessThan(1e-7);
    for (const { y } of stiff("rober").outputs) expect(Math.abs(y[0]! + y[1]! + y[2]! - 1)).toBeLessThan(2e-15);
  });

  test("invariants are kept over eleven decades of time", () => {
    const { y0, outputs, rhs } = stiff("rober");
    const { ys } = odeint(tensorField({ rhs }), f64(y0), [0, outputs.at(-1)!.t], {
      solver: kvaerno5,
      rtol: 1e-7,
      atol: 1e-13,
    });
    const [a, b, c] = numbers(last(ys)) as [number, number, number];
    expect(Math.abs(a + b + c - 1)).toBeLessThan(1e-13);
    close([a], [outputs.at(-1)!.y[0]!], 1e-12);
  });
});
