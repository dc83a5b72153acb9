import { concat, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  constant,
  type GaussSolver,
  gauss4,
  hamiltonian,
  implicitMidpoint,
  odeint,
  separable,
  tao,
} from "../src/index";
import * as solvers from "../src/solvers";
import data from "./data/structure.json";
import { tensorField } from "./support/expression";
import { distance, f64, message, numbers } from "./support/numbers";

const named = solvers as unknown as Record<string, GaussSolver>;
const stepsOf = (x: Tensor): number[][] => [1, 2].map((n) => numbers(x.slice([n], [n + 1])));

describe("Gauss's methods take the reference steps", () => {
  const { t0, h, y0 } = data.problem;
  const field = tensorField(data.problem);

  test.each(data.gauss)("$solver, with its dense output", ({ solver, y1, y8, dense }) => {
    const options = { solver: named[solver]!, controller: constant({ dt: h }) };
    const { ys, at } = odeint(field, f64(y0), [t0, t0 + h, t0 + 8 * h], options);
    const [one, eight] = stepsOf(ys);
    expect(distance(one!, y1)).toBeLessThan(1e-15);
    expect(distance(eight!, y8)).toBeLessThan(4e-15);
    for (const { theta, y } of dense) expect(distance(numbers(at(t0 + theta * h)), y)).toBeLessThan(1e-15);
  });

  test.each(data.gaussHamiltonian)("$solver on a separable Hamiltonian", ({ solver, y1, y8 }) => {
    const { dV, q0, p0, h: length } = data.hamiltonian;
    const gradient = tensorField({ rhs: dV });
    const gravity = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => gradient(q, q).neg() });
    const options = { solver: named[solver]!, controller: constant({ dt: length }) };
    const { q, p } = odeint(gravity, { q: f64(q0), p: f64(p0) }, [0, length, 8 * length], options).ys;
    const [[q1, q8], [p1, p8]] = [stepsOf(q), stepsOf(p)];
    expect(distance([...q1!, ...p1!], y1)).toBeLessThan(1e-15);
    expect(distance([...q8!, ...p8!], y8)).toBeLessThan(4e-15);
  });
});

describe("of H = (q² + 1)(p² + 1)/2 the reference steps are taken", () => {
  const { q0, p0, h, omega } = data.nonseparable;
  const field = hamiltonian((q: Tensor, p: Tensor) => q.square().add(1).mul(p.square().add(1)).mul(0.5).sum());
  const start = { q: f64([q0]), p: f64([p0]) };

  test.each(data.gaussNonseparable)("by $solver", ({ solver, y1, y8 }) => {
    const options = { solver: named[solver]!, controller: constant({ dt: h }) };
    const { q, p } = odeint(field, start, [0, h, 8 * h], options).ys;
    const [[q1, q8], [p1, p8]] = [stepsOf(q), stepsOf(p)];
    expect(distance([...q1!, ...p1!], y1)).toBeLessThan(1e-15);
    expect(distance([...q8!, ...p8!], y8)).toBeLessThan(4e-15);
  });

  test.each(data.tao)("by tao of order $order", ({ order, y1, y8 }) => {
    const options = { solver: tao.with({ omega, order: order as 2 | 4 }), controller: constant({ dt: h }) };
    const { q, p } = odeint(field, start, [0, h, 8 * h], options).ys;
    const [[q1, q8], [p1, p8]] = [stepsOf(q), stepsOf(p)];
    expect(distance([...q1!, ...p1!], y1.slice(0, 2))).toBeLessThan(1e-15);
    expect(distance([...q8!, ...p8!], y8.slice(0, 2))).toBeLessThan(4e-15);
  });
});

describe("what cannot be solved fails with a name", () => {
  const field = hamiltonian((q: Tensor, p: Tensor) => q.square().add(1).mul(p.square().add(1)).mul(0.5).sum());
  const start = { q: f64([0.5]), p: f64([-0.75]) };

  test("tao whose copies come apart", () => {
    const loose = tao.with({ omega: 0.1 });
    const found = message(() => odeint(field, start, [0, 50], { solver: loose, dt0: 0.1 }));
    expect(found).toMatch(
      /nonFinite at t = .* the two copies of the state that tao carries have come apart.*raise omega/,
    );
    const { status } = odeint(field, start, [0, 50], { solver: loose, dt0: 0.1, throw: false });
    expect(status.itemSync()).toBe(3);
    const bound = odeint(field, start, [0, 50], { solver: tao, dt0: 0.02 }).ys;
    const exact = odeint(field, start, [0, 50], { solver: solvers.gauss8, dt0: 0.02 }).ys;
    expect(distance(numbers(bound.q), numbers(exact.q))).toBeLessThan(0.05);
  });

  test("stages without a solution", () => {
    // y = 1 + 2 (1 + y²) has none.
    const blow = (_t: Tensor, y: Tensor): Tensor => y.square().add(1);
    const found = message(() => odeint(blow, f64([1]), [0, 4], { solver: implicitMidpoint, dt0: 4 }));
    expect(found).toMatch(/nonFinite at t = .* implicit equations have no solution that could be found/);
  });

  test("tao on a plain field, and on q and p of different shapes", () => {
    const plain = ((_t: Tensor, { q, p }: { q: Tensor; p: Tensor }) => ({ q: p, p: q.neg() })) as never;
    const on = (given: never, y0: object): string =>
      message(() => odeint(given, y0 as never, [0, 1], { solver: tao, dt0: 0.1 }));
    expect(on(plain, start)).toMatch(/tao needs a Hamiltonian.*hamiltonian\(H\).*implicitMidpoint or gauss4/);
    const uneven = separable({
      velocity: (p: Tensor) => p.mul(f64([1, 1])),
      force: (q: Tensor) => q.sum().reshape([1]),
    });
    expect(on(uneven as never, { q: f64([1, 2]), p: f64([1]) })).toMatch(/q and p are of different shapes/);
  });

  test("choices that are none", () => {
    expect(message(() => tao.with({ omgea: 1 } as never))).toMatch(
      /tao.with: unknown option omgea; did you mean omega/,
    );
    expect(message(() => tao.with({ omega: 0 }))).toBe("tao: omega is 0; give a positive angular frequency");
    expect(message(() => tao.with({ order: 3 as 2 }))).toBe("tao: order is 3; give 2, 4 or 6");
    expect(message(() => tao.with({ separation: -1 }))).toMatch(/separation is -1/);
    expect(message(() => gauss4.with({ b: [0.4, 0.6] }))).toMatch(/gauss4: bᵢaᵢⱼ \+ bⱼaⱼᵢ − bᵢbⱼ at 0, 0 sums to/);
    expect(message(() => odeint((_t: Tensor, y: Tensor) => y, f64([1]), [0, 1], { solver: gauss4 }))).toMatch(
      /gauss4 has no error estimate and there is no dt0/,
    );
  });
});

test("of M dy/dt = f, with algebraic equations too, Gauss's methods take the mass matrix", () => {
  // y₁' = −y₁ y₂, 0 = y₂ − y₁: y₁ = 1/(1 + t).
  const field = (_t: Tensor, y: Tensor): Tensor => {
    const [a, b] = [y.slice([0], [1]), y.slice([1], [2])];
    return concat([a.mul(b).neg(), b.sub(a)]);
  };
  const mass = f64([1, 0, 0, 0]).reshape([2, 2]);
  const { ys } = odeint(field, f64([1, 1]), [0, 1], { solver: gauss4, controller: constant({ dt: 1 / 32 }), mass });
  expect(distance(numbers(ys).slice(2), [0.5, 0.5])).toBeLessThan(1e-7);
});
