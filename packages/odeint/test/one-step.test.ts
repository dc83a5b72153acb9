import { describe, expect, test } from "vitest";
import { type Tensor } from "@dzdt/tensor";
import { constant, odeint, separable } from "../src/index";
import * as solvers from "../src/solvers";
import type { ExplicitSolver, SymplecticSolver } from "../src/tableau";
import data from "./data/one-step.json";
import { plainField, tensorField } from "./support/expression";
import { type Phase, plainSplittingStep, plainStep } from "./support/reference-stepper";
import { f64, numbers } from "./support/numbers";

const named = solvers as unknown as Record<string, ExplicitSolver & SymplecticSolver>;
const ulps = 4e-15;

function near(actual: readonly number[], expected: readonly number[], steps = 1): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((x, i) => {
    const y = expected[i]!;
    expect(Math.abs(x - y), `component ${i}: ${x} and ${y}`).toBeLessThanOrEqual(steps * ulps * (1 + Math.abs(y)));
  });
}

describe("one step of the tableau, on plain numbers, gives the reference value", () => {
  const { t0, h, y0 } = data.problem;
  const field = plainField(data.problem);
  test.each(data.explicit)("$solver", (expected) => {
    const solver = named[expected.solver]!;
    const step = plainStep(solver, field, t0, h, y0);
    near(step.y, expected.y1);
    let y: readonly number[] = y0;
    for (let n = 0; n < 8; n++) y = plainStep(solver, field, t0 + n * h, h, y).y;
    near(y, expected.y8, 8);
    const high = expected.err ?? expected.err5;
    if (high) near(step.error!.map(Math.abs), high.map(Math.abs));
    if (expected.err3) near(step.errorLow!.map(Math.abs), expected.err3.map(Math.abs));
    for (const { theta, y: inside } of expected.dense ?? []) near(step.at(theta), inside);
  });
});

describe("one step of the splitting, on plain numbers, gives the reference value", () => {
  const { q0, p0, h, dV } = data.hamiltonian;
  const gradient = plainField({ rhs: dV });
  const force = (q: readonly number[]): number[] => gradient(0, q).map((slope) => -slope);
  test.each(data.symplectic)("$solver", ({ solver, q1, p1, q8, p8 }) => {
    let phase: Phase = { q: q0, p: p0 };
    for (let n = 0; n < 8; n++) {
      phase = plainSplittingStep(named[solver]!, force, h, phase);
      if (n === 0) near([...phase.q, ...phase.p], [...q1, ...p1]);
    }
    near([...phase.q, ...phase.p], [...q8, ...p8], 8);
  });
});

describe("odeint takes the reference steps", () => {
  const { t0, h, y0 } = data.problem;
  const field = tensorField(data.problem);
  test.each(data.explicit)("$solver", ({ solver, y1, y8, dense = [] }) => {
    const options = { solver: named[solver]!, controller: constant({ dt: h }) };
    const eight = odeint(field, f64(y0), [t0, t0 + h, t0 + 8 * h], options);
    near(numbers(eight.ys.slice([2], [3])), y8, 8);
    expect(eight.stats.accepted.itemSync()).toBe(8);
    const one = odeint(field, f64(y0), [t0, t0 + h], options);
    near(numbers(one.ys.slice([1], [2])), y1);
    near(numbers(eight.ys.slice([1], [2])), y1);
    const times = dense.map(({ theta }) => t0 + theta * h);
    if (times.length === 0) return;
    const saved = odeint(field, f64(y0), [t0, ...times, t0 + h], options).ys;
    dense.forEach(({ y }, i) => {
      near(numbers(one.at(times[i]!)), y);
      near(numbers(saved.slice([i + 1], [i + 2])), y);
    });
  });
});

describe("odeint takes the reference steps of a Hamiltonian", () => {
  const { q0, p0, h, dV } = data.hamiltonian;
  const gradient = tensorField({ rhs: dV });
  const field = separable({
    velocity: (p: Tensor) => p,
    force: (q: Tensor) => gradient(q, q).neg(),
  });
  test.each(data.symplectic)("$solver", ({ solver, q1, p1, q8, p8 }) => {
    const { q, p } = odeint(field, { q: f64(q0), p: f64(p0) }, [0, h, 8 * h], {
      solver: named[solver]!,
      controller: constant({ dt: h }),
    }).ys;
    near([...numbers(q.slice([1], [2])), ...numbers(p.slice([1], [2]))], [...q1, ...p1]);
    near([...numbers(q.slice([2], [3])), ...numbers(p.slice([2], [3]))], [...q8, ...p8], 8);
  });
});
