import { jacrev } from "@dzdt/autograd";
import { compile, concat, js, mul, neg, pow, square, tensor, type Tensor, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  constant,
  dopri5,
  gauss4,
  gauss6,
  gauss8,
  hamiltonian,
  implicitMidpoint,
  leapfrog,
  odeint,
  radau5,
  reversibleHeun,
  rk4,
  separable,
  type Solver,
  tao,
} from "../src/index";
import { methodOf } from "../src/solver";
import { distance, f64, numbers } from "./support/numbers";
import { partsOf, stateOf } from "./support/round-trip";

const largest = (list: readonly number[]): number => list.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
const gravity = separable({
  velocity: (p: Tensor) => p,
  force: (q: Tensor) => mul(neg(pow(square(q).sum(), -1.5)), q),
});
const eccentricity = 0.5;

/** Energy and angular momentum less their values at the start, after each step of 50 periods. */
function drifts(solver: Solver, stepsPerPeriod: number): { energy: number[]; momentum: number[] } {
  const start = { q: f64([1 - eccentricity, 0]), p: f64([0, Math.sqrt((1 + eccentricity) / (1 - eccentricity))]) };
  const ts = Array.from({ length: stepsPerPeriod * 50 + 1 }, (_, n) => (n * 2 * Math.PI) / stepsPerPeriod);
  const { ys } = odeint(gravity, start, ts, { solver, controller: constant() });
  const [q, p] = [numbers(ys.q), numbers(ys.p)];
  const energy = (i: number): number => (p[i]! ** 2 + p[i + 1]! ** 2) / 2 - 1 / Math.hypot(q[i]!, q[i + 1]!);
  const momentum = (i: number): number => q[i]! * p[i + 1]! - q[i + 1]! * p[i]!;
  const steps = ts.map((_, n) => 2 * n);
  return { energy: steps.map((i) => energy(i) - energy(0)), momentum: steps.map((i) => momentum(i) - momentum(0)) };
}

describe("on 50 periods of a Kepler orbit of eccentricity 1/2", () => {
  test.each([implicitMidpoint, gauss4, gauss6, gauss8])("$name keeps energy and angular momentum", (solver) => {
    const steps = solver.order > 6 ? 60 : 100;
    const [coarse, fine] = [drifts(solver, steps), drifts(solver, steps * 1.5)];
    for (const { momentum } of [coarse, fine]) expect(largest(momentum)).toBeLessThan(1e-12);
    const half = coarse.energy.length / 2;
    const [early, late] = [largest(coarse.energy.slice(0, half)), largest(coarse.energy.slice(half))];
    expect(late / early).toBeLessThan(1.05);
    expect(early).toBeLessThan([1e-2, 1e-4, 1e-6, 1e-6][solver.order / 2 - 1]!);
    const rate = Math.log(largest(coarse.energy) / largest(fine.energy)) / Math.log(1.5);
    expect(rate).toBeGreaterThan(solver.order - 0.3);
  });

  test.each([2, 4] as const)("tao of order %d does, bound strongly enough", (order) => {
    const bound = tao.with({ omega: 10, order });
    const [coarse, fine] = [drifts(bound, 400), drifts(bound, 800)];
    const half = coarse.energy.length / 2;
    expect(largest(coarse.energy.slice(half)) / largest(coarse.energy.slice(0, half))).toBeLessThan(1.5);
    expect(largest(coarse.energy)).toBeLessThan(order === 2 ? 0.05 : 5e-3);
    expect(largest(fine.energy)).toBeLessThan(largest(coarse.energy) / 2 ** (order - 0.5));
  });
});

test("one step of tao is a symplectic map of both copies, and symmetric", () => {
  const energy = hamiltonian((q: Tensor, p: Tensor) => q.square().add(1).mul(p.square().add(1)).mul(0.5).sum());
  const { state } = stateOf({ q: f64([0.5]), p: f64([-0.75]) });
  const form = tensor(
    [
      [0, 1, 0, 0],
      [-1, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 0, -1, 0],
    ],
    { dtype: "float64" },
  );
  // [q, p, x, y]: leaves of the state are p, then q; memory is the second copy less the first.
  const step = (solver: Solver): ((z: Tensor) => Tensor) =>
    compile((z: Tensor) => {
      const [q, p, x, y] = [0, 1, 2, 3].map((i) => z.slice([i], [i + 1])) as [Tensor, Tensor, Tensor, Tensor];
      const t = z.sum().mul(0);
      const h = t.add(1 / 16);
      const method = methodOf(solver, partsOf(energy, state));
      const next = method.attempt(t, t.add(h), h, [p, q], [y.sub(p), x.sub(q)]);
      const [own, gap] = [next.y, next.memory];
      return concat([own[1]!, own[0]!, own[1]!.add(gap[1]!), own[0]!.add(gap[0]!)]);
    });
  for (const order of [2, 4, 6] as const) {
    const m = jacrev(step(tao.with({ omega: 16, order })))(f64([0.5, -0.75, 0.51, -0.74]));
    expect(distance(numbers(m.transpose().matmul(form).matmul(m)), numbers(form))).toBeLessThan(1e-13);
  }
});

const oscillator = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => neg(q) });
const h = 1 / 16;
/** Quadratic forms that steps of length h keep. */
const kept: readonly (readonly [Solver, (q: number, p: number) => number])[] = [
  [implicitMidpoint, (q, p) => p * p + q * q],
  [gauss4, (q, p) => p * p + q * q],
  [leapfrog, (q, p) => p * p + (1 - (h * h) / 4) * q * q],
];

/** How much the kept form has changed, in parts of it, after numbers of steps. */
function changes(solver: Solver, form: (q: number, p: number) => number, steps: number, compensated: boolean) {
  const { q, p } = odeint(oscillator, { q: f64([0.75]), p: f64([0.5]) }, [0, steps * h], {
    solver,
    controller: constant({ dt: h, compensated }),
  }).ys;
  const [qs, ps] = [numbers(q), numbers(p)];
  return Math.abs(form(qs[1]!, ps[1]!) / form(qs[0]!, ps[0]!) - 1);
}

describe("compensated sums", () => {
  test.each(kept.map(([solver, form]) => ({ name: solver.name, solver, form })))(
    "keep rounding from adding up in 10⁶ steps of $name",
    ({ solver, form }) => {
      const plain = changes(solver, form, 1e6, false);
      const compensated = changes(solver, form, 1e6, true);
      if (process.env["FIGURES"]) console.log(solver.name, plain, compensated);
      expect(plain).toBeGreaterThan(2e-14);
      expect(compensated).toBeLessThan(1e-14);
      expect(compensated).toBeLessThan(plain / 4);
      expect(changes(solver, form, 1e5, true)).toBeLessThan(3e-15);
    },
  );

  test("bring float32 near float64", () => {
    const run = (dtype: "float32" | "float64", compensated: boolean): number[] => {
      const start = { q: tensor([0.75], { dtype }), p: tensor([0.5], { dtype }) };
      const { q, p } = odeint(oscillator, start, [0, 1e5 * h], {
        solver: leapfrog,
        controller: constant({ dt: h, compensated }),
      }).ys;
      return [numbers(q)[1]!, numbers(p)[1]!];
    };
    const exact = run("float64", false);
    expect(distance(run("float32", false), exact)).toBeGreaterThan(1e-5);
    expect(distance(run("float32", true), exact)).toBeLessThan(1e-6);
  });

  test.each([rk4, dopri5, leapfrog, gauss6, tao.with({ omega: 4 })])(
    "change no more than rounding of $name, between steps and in gradients too",
    (solver) => {
      const at = (start: Tensor, compensated: boolean): Tensor => {
        const y0 = { q: start.slice([0], [1]), p: start.slice([1], [2]) };
        const options = { solver, controller: constant({ dt: h, compensated }) };
        const { q, p } = odeint(oscillator, y0, [0, 0.31, 1, 1.7], options).ys;
        return concat([q.reshape([4]), p.reshape([4])]);
      };
      const start = f64([0.75, 0.5]);
      expect(distance(numbers(at(start, true)), numbers(at(start, false)))).toBeLessThan(1e-14);
      const slopes = (compensated: boolean): number[] => numbers(jacrev((y: Tensor) => at(y, compensated))(start));
      expect(distance(slopes(true), slopes(false))).toBeLessThan(1e-14);
    },
  );

  test("are the same on js and wasm", () => {
    const run = (): number[] =>
      numbers(
        odeint(oscillator, { q: f64([0.75]), p: f64([0.5]) }, [0, 2000 * h], {
          solver: leapfrog,
          controller: constant({ dt: h, compensated: true }),
        }).ys.q,
      );
    expect(withTarget(js(), run)).toEqual(run());
  });

  test("work with energies, several leaves and fields of time", () => {
    const energy = hamiltonian((q: Tensor, p: Tensor) => square(p).sum().mul(0.5).sub(q.cos().sum()));
    const start = { q: f64([1, 2]), p: f64([0, 0.5]) };
    const end = (compensated: boolean): number[] =>
      numbers(odeint(energy, start, [0, 5], { solver: gauss4, controller: constant({ dt: 0.1, compensated }) }).ys.q);
    expect(distance(end(true), end(false))).toBeLessThan(1e-13);
    const driven = (t: Tensor, { a, b }: { a: Tensor; b: Tensor }) => ({ a: b.mul(t.cos()), b: a.neg().add(t) });
    const both = [true, false].map((compensated) => {
      const y0 = { a: f64([1]), b: f64([0]) };
      return numbers(odeint(driven, y0, [0, 2], { solver: rk4, controller: constant({ dt: 0.1, compensated }) }).ys.a);
    });
    expect(distance(both[0]!, both[1]!)).toBeLessThan(1e-14);
  });

  test("refuse solvers that keep more than the state, by name", () => {
    for (const solver of [radau5, reversibleHeun])
      expect(() =>
        odeint(oscillator, { q: f64([1]), p: f64([0]) }, [0, 1], {
          solver,
          controller: constant({ dt: h, compensated: true }),
        }),
      ).toThrow(`compensated: true }) is for explicit and symplectic solvers, Gauss's and tao; ${solver.name} is none`);
    expect(() => constant({ compensated: 1 as never })).toThrow("constant: compensated is 1; give true or false");
  });
});
