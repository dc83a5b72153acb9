import { jacrev } from "@dzdt/autograd";
import { concat, linalg, mul, neg, pow, square, tensor, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { constant, odeint, rk4, separable, type SymplecticSolver } from "../src/index";
import * as solvers from "../src/solvers";
import { kepler } from "../src/testing";
import data from "./data/symplectic-longtime.json";
import { f64 } from "./support/numbers";

const all = Object.values(solvers) as readonly { readonly kind: string; readonly name: string }[];
const symplectic = all.filter((solver): solver is SymplecticSolver => solver.kind === "symplectic");
const named = solvers as unknown as Record<string, SymplecticSolver>;

const numbers = (x: Tensor): Float64Array => x.dataSync() as Float64Array;

interface Orbit {
  readonly q: Float64Array;
  readonly p: Float64Array;
}

const eccentricity = 0.5;
const gravity = separable({
  velocity: (p: Tensor) => p,
  force: (q: Tensor) => mul(neg(pow(square(q).sum(), -1.5)), q),
});

/** Energy and angular momentum minus their values at the start, after every step. */
function drifts({ q, p }: Orbit): { energy: number[]; momentum: number[] } {
  const energy = (i: number): number => (p[i]! ** 2 + p[i + 1]! ** 2) / 2 - 1 / Math.hypot(q[i]!, q[i + 1]!);
  const momentum = (i: number): number => q[i]! * p[i + 1]! - q[i + 1]! * p[i]!;
  const steps = Array.from({ length: q.length / 2 }, (_, n) => 2 * n);
  return {
    energy: steps.map((i) => energy(i) - energy(0)),
    momentum: steps.map((i) => momentum(i) - momentum(0)),
  };
}

const largest = (list: readonly number[]): number => list.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

const grid = (steps: number, h: number): number[] => Array.from({ length: steps + 1 }, (_, n) => n * h);

function orbit(solver: SymplecticSolver, stepsPerPeriod: number, periods: number): Orbit {
  const start = { q: f64([1 - eccentricity, 0]), p: f64([0, Math.sqrt((1 + eccentricity) / (1 - eccentricity))]) };
  const ts = grid(stepsPerPeriod * periods, (2 * Math.PI) / stepsPerPeriod);
  const { ys } = odeint(gravity, start, ts, { solver, controller: constant() });
  return { q: numbers(ys.q), p: numbers(ys.p) };
}

describe.each(data.methods)("$solver on a Kepler orbit of eccentricity 1/2", ({ solver, rows }) => {
  test.each(rows)("$steps_per_period steps per period keep energy and angular momentum", (row) => {
    const { energy, momentum } = drifts(orbit(named[solver]!, row.steps_per_period, row.periods));
    expect(largest(momentum)).toBeLessThan(1e-11);
    if (row.max_abs_dH < 1e-11) {
      expect(largest(energy)).toBeLessThan(1e-11);
      return;
    }
    expect(Math.abs(largest(energy) / row.max_abs_dH - 1)).toBeLessThan(0.05);
    const half = energy.length / 2;
    expect(largest(energy.slice(half)) / largest(energy.slice(0, half))).toBeLessThan(1.05);
  });
});

test.each(data.rk4)("rk4 with $steps_per_period steps per period loses energy in proportion to time", (row) => {
  const ts = grid(row.steps_per_period * 50, (2 * Math.PI) / row.steps_per_period);
  const { ys } = odeint(kepler.field, f64(kepler.y0), ts, { solver: rk4, controller: constant() });
  const state = numbers(ys);
  const { energy } = drifts({
    q: state.filter((_, i) => i % 4 < 2),
    p: state.filter((_, i) => i % 4 >= 2),
  });
  for (const [periods, expected] of Object.entries(row.dH_after_periods)) {
    const drift = energy[Number(periods) * row.steps_per_period]!;
    expect(Math.abs(drift / expected - 1)).toBeLessThan(0.05);
  }
});

const oscillator = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => neg(q) });

describe("the modified energy of the harmonic oscillator is kept to rounding over 1e5 steps", () => {
  const h = 1 / 16;
  test.each([
    [solvers.symplecticEuler, (q: number, p: number) => p * p + q * q - h * p * q],
    [solvers.symplecticEulerDriftFirst, (q: number, p: number) => p * p + q * q + h * p * q],
    [solvers.leapfrog, (q: number, p: number) => p * p + (1 - (h * h) / 4) * q * q],
    [solvers.positionVerletDkd, (q: number, p: number) => (1 - (h * h) / 4) * p * p + q * q],
  ] as const)("by $name", (solver, modified) => {
    const { q, p } = odeint(oscillator, { q: f64([0.75]), p: f64([0.5]) }, [0, 1000 * h, 1e5 * h], {
      solver,
      controller: constant({ dt: h }),
    }).ys;
    const [qs, ps] = [numbers(q), numbers(p)];
    const start = modified(qs[0]!, ps[0]!);
    expect(Math.abs(modified(qs[1]!, ps[1]!) - start)).toBeLessThan(1e-13);
    expect(Math.abs(modified(qs[2]!, ps[2]!) - start)).toBeLessThan(1e-13);
  });
});

const central = separable({
  velocity: (p: Tensor) => p,
  force: (q: Tensor) => mul(neg(pow(square(q).sum().add(1), -1.5)), q),
});

/** The state [q₀, q₁, p₀, p₁] after `steps` steps of length |h|. */
function flow(solver: SymplecticSolver, z: Tensor, h: number, steps = 1): Tensor {
  const { q, p } = odeint(central, { q: z.slice([0], [2]), p: z.slice([2], [4]) }, [0, steps * h], {
    solver,
    controller: constant({ dt: Math.abs(h) }),
  }).ys;
  return concat([q.slice([1], [2]).reshape([2]), p.slice([1], [2]).reshape([2])]);
}

const point = f64([0.7, -0.4, 0.3, 0.9]);
const omega = tensor(
  [
    [0, 0, 1, 0],
    [0, 0, 0, 1],
    [-1, 0, 0, 0],
    [0, -1, 0, 0],
  ],
  { dtype: "float64" },
);

const asymmetry = (step: (z: Tensor) => Tensor): { omega: number; det: number } => {
  const m = jacrev(step)(point);
  return {
    omega: largest([...numbers(m.transpose().matmul(omega).matmul(m).sub(omega))]),
    det: Math.abs(linalg.det(m).itemSync() - 1),
  };
};

describe.each(symplectic)("one step of $name", (solver) => {
  test("is a symplectic map: MᵀΩM = Ω and det M = 1", () => {
    const { omega: error, det } = asymmetry((z) => flow(solver, z, 0.25));
    expect(error).toBeLessThan(1e-13);
    expect(det).toBeLessThan(1e-13);
  });
});

test("one step of rk4 is not", () => {
  const step = (z: Tensor): Tensor =>
    odeint(kepler.field, z, [0, 0.25], { solver: rk4, controller: constant() }).ys.slice([1], [2]).reshape([4]);
  expect(asymmetry(step).omega).toBeGreaterThan(1e-6);
});

describe.each(symplectic.filter(({ symmetric }) => symmetric))("$name", (solver) => {
  test("comes back after 1000 steps forwards and 1000 with the momenta turned round", () => {
    const turn = f64([1, 1, -1, -1]);
    const there = flow(solver, point, 1 / 16, 1000);
    const back = flow(solver, there.mul(turn), 1 / 16, 1000).mul(turn);
    expect(largest([...numbers(back.sub(point))])).toBeLessThan(1e-12);
  });

  test("comes back along decreasing times", () => {
    const back = flow(solver, flow(solver, point, 1 / 16, 100), -1 / 16, 100);
    expect(largest([...numbers(back.sub(point))])).toBeLessThan(1e-12);
  });
});

test("the two symplectic Euler methods are each other's adjoint", () => {
  const back = flow(solvers.symplecticEulerDriftFirst, flow(solvers.symplecticEuler, point, 1 / 8), -1 / 8);
  expect(largest([...numbers(back.sub(point))])).toBeLessThan(1e-15);
});
