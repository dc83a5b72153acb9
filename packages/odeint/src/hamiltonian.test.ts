import { grad } from "@dzdt/autograd";
import { tensor, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  constant,
  dop853,
  forestRuth,
  hamiltonian,
  lagrangian,
  leapfrog,
  odeint,
  pefrl,
  pid,
  ruth3,
  separable,
  symplecticEuler,
  tsit5,
  yoshida6,
} from "./index";
import { f64, message, numbers } from "../test/support/numbers";

const half = (x: Tensor): Tensor => x.mul(x).sum().mul(0.5);
const pendulum = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => q.sin().neg() });
const pendulumEnergy = hamiltonian((q: Tensor, p: Tensor) => half(p).sub(q.cos().sum()));
const start = (): { q: Tensor; p: Tensor } => ({ q: f64([1]), p: f64([0]) });
const solvers = [symplecticEuler, leapfrog, ruth3, forestRuth, pefrl, yoshida6];

describe("symplectic solvers", () => {
  const exact = numbers(odeint(pendulum, start(), [0, 3], { solver: dop853, rtol: 1e-13, atol: 1e-14 }).ys.q)[1]!;

  test.each(solvers)("$name has its order", (solver) => {
    const error = (dt: number): number =>
      Math.abs(numbers(odeint(pendulum, start(), [0, 3], { solver, controller: constant({ dt }) }).ys.q)[1]! - exact);
    const dt = solver.order > 4 ? 0.15 : 0.05;
    expect(Math.log2(error(dt) / error(dt / 2))).toBeGreaterThan(solver.order - 0.3);
  });

  test.each(solvers)("$name gives the same from an energy as from its two halves", (solver) => {
    const [parts, energy] = [pendulum, pendulumEnergy].map((field) =>
      odeint(field, start(), [0, 1.03], { solver, dt0: 0.1 }),
    );
    expect(numbers(energy!.ys.q)[1]).toBeCloseTo(numbers(parts!.ys.q)[1]!, 13);
    expect(energy!.stats.steps.itemSync()).toBe(11);
  });

  test("bring back where they came from: symmetric ones are reversible", () => {
    for (const solver of [leapfrog, pefrl, yoshida6]) {
      const there = odeint(pendulum, start(), [0, 10], { solver, dt0: 0.1 }).ys;
      const back = odeint(
        pendulum,
        { q: there.q.slice([1], [2]).reshape([1]), p: there.p.slice([1], [2]).reshape([1]) },
        [10, 0],
        { solver, dt0: 0.1 },
      ).ys;
      expect(Math.abs(numbers(back.q)[1]! - 1)).toBeLessThan(1e-12);
    }
  });

  test("keep the energy bounded, and evaluate one force per leapfrog step", () => {
    const { ys, stats } = odeint(pendulum, start(), [0, 1000], { solver: leapfrog, dt0: 0.1 });
    const [q, p] = [numbers(ys.q)[1]!, numbers(ys.p)[1]!];
    expect(Math.abs((p * p) / 2 - Math.cos(q) + Math.cos(1))).toBeLessThan(2e-3);
    expect(stats.evaluations.itemSync()).toBe(10_001);
  });

  test("have dense output between steps, which outputs do not change", () => {
    const options = { solver: forestRuth, controller: constant({ dt: 0.1 }) };
    const two = odeint(pendulum, start(), [0, 3], options);
    const many = odeint(pendulum, start(), [0, 0.37, 1.5, 3], options);
    expect(numbers(many.ys.q)[3]).toBe(numbers(two.ys.q)[1]);
    expect(numbers(two.at(0.37).q)[0]).toBe(numbers(many.ys.q)[1]);
    expect(numbers(many.ys.q)[1]).toBeCloseTo(numbers(odeint(pendulum, start(), [0, 0.37]).ys.q)[1]!, 5);
  });

  test("take states that are trees, and args, with gradients for both", () => {
    const springs = separable({
      velocity: (p: { a: Tensor; b: Tensor }, k: Tensor) => ({ a: p.a, b: p.b.div(k) }),
      force: (q: { a: Tensor; b: Tensor }, k: Tensor) => ({ a: q.a.neg(), b: q.b.mul(k).neg() }),
    });
    const loss = (k: Tensor): Tensor => {
      const q = { a: f64([1]), b: f64([1, 2]) };
      const p = { a: f64([0]), b: f64([0, 0]) };
      return odeint(springs, { q, p }, [0, 1], { solver: yoshida6, dt0: 0.01, args: k }).ys.p.b.sum();
    };
    // b: momentum −k sin(t) q₀
    expect(grad(loss)(tensor(2, { dtype: "float64" })).itemSync()).toBeCloseTo(-3 * Math.sin(1), 9);
  });
});

describe("Hamiltonian fields", () => {
  test("are taken by other solvers", () => {
    const one = odeint(pendulumEnergy, start(), [0, 3], { rtol: 1e-10, atol: 1e-12 });
    const other = odeint(pendulum, start(), [0, 3], { rtol: 1e-10, atol: 1e-12, solver: tsit5 });
    expect(numbers(one.ys.p)[1]).toBeCloseTo(numbers(other.ys.p)[1]!, 10);
  });

  test("of a Lagrangian move like those of its Hamiltonian, also where the mass depends on the position", () => {
    // A bead on the parabola z = q²/2: L = (1 + q²) v²/2 − q²/2, H = p²/(2 (1 + q²)) + q²/2.
    const bead = lagrangian((q: Tensor, v: Tensor) =>
      half(v)
        .add(half(q.mul(v)))
        .sub(half(q)),
    );
    const energy = hamiltonian((q: Tensor, p: Tensor) => half(p).div(q.mul(q).add(1).sum()).add(half(q)));
    const options = { rtol: 1e-10, atol: 1e-12 };
    const one = odeint(bead, { q: f64([1]), v: f64([0]) }, [0, 2], options);
    const other = odeint(energy, start(), [0, 2], options);
    expect(numbers(one.ys.q)[1]).toBeCloseTo(numbers(other.ys.q)[1]!, 9);
  });

  test.each<[RegExp, () => unknown]>([
    [
      /leapfrog needs a Hamiltonian T\(p\) \+ V\(q\), and here ∂H\/∂q depends on p/,
      () =>
        odeint(
          hamiltonian((q: Tensor, p: Tensor) => q.mul(p).sum()),
          start(),
          [0, 1],
          { solver: leapfrog, dt0: 0.1 },
        ),
    ],
    [
      /leapfrog is symplectic and cannot split a plain field; make it with separable/,
      () => odeint((_t: Tensor, y: { q: Tensor; p: Tensor }) => y, start(), [0, 1], { solver: leapfrog, dt0: 0.1 }),
    ],
    [
      /leapfrog is symplectic and steps states \{ q, p \}/,
      () => odeint((_t: Tensor, y: Tensor) => y, f64([1]), [0, 1], { solver: leapfrog, dt0: 0.1 }),
    ],
    [
      /leapfrog is symplectic with steps of one length only; give controller: constant/,
      () => odeint(pendulum, start(), [0, 1], { solver: leapfrog, controller: pid() }),
    ],
    [
      /leapfrog has no error estimate and there is no dt0/,
      () => odeint(pendulum, start(), [0, 1], { solver: leapfrog }),
    ],
  ])("are refused where they cannot be split: %s", (expected, fn) => expect(message(fn)).toMatch(expected));
});
