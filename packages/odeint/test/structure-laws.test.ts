import { grad, jacfwd, jacrev, vmap } from "@dzdt/autograd";
import { compile, concat, js, linalg, tensor, type Tensor, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
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
  type VectorField,
} from "../src/index";
import data from "./data/adjoint.json";
import { tensorField, type WrittenField } from "./support/expression";
import { distance, f64, numbers } from "./support/numbers";
import { roundTrip } from "./support/round-trip";

const gauss = [implicitMidpoint, gauss4, gauss6, gauss8];
const taos = [tao.with({ omega: 8 }), tao.with({ omega: 8, order: 4 }), tao.with({ omega: 8, order: 6 })];
const label = (solver: Solver & { readonly order: number }): string => `${solver.name} of order ${solver.order}`;
const all = [...gauss, ...taos].map((solver) => ({ solver, label: label(solver) }));

const end = (x: Tensor): Tensor => x.slice([x.shape[0]! - 1], [x.shape[0]!]).reshape(x.shape.slice(1));
const half = (x: Tensor): Tensor => x.square().sum().mul(0.5);

/** No sum of kinetic and potential energy: a pendulum on an elastic rod in a field that turns it. */
const energy = (q: Tensor, p: Tensor, args?: Tensor): Tensor => {
  const twist = q
    .slice([0], [1])
    .mul(p.slice([1], [2]))
    .sub(q.slice([1], [2]).mul(p.slice([0], [1])));
  return half(p)
    .mul(half(q).mul(0.25).add(1))
    .add(q.cos().sum().neg())
    .add(twist.sum().mul(args ? args.sum() : 0.5));
};
const field = hamiltonian<Tensor, Tensor, Tensor | undefined>(energy);
const point = { q: f64([0.7, -0.4]), p: f64([0.3, 0.5]) };
const fixed = (solver: Solver, dt: number) => ({ solver, controller: constant({ dt }) });

/** [q, p] after steps of length |h|. */
const flow = (solver: Solver, z: Tensor, h: number, steps = 1, given: VectorField<never, never> = field) => {
  const y0 = { q: z.slice([0], [2]), p: z.slice([2], [4]) };
  const { q, p } = odeint(given, y0 as never, [0, steps * h], fixed(solver, Math.abs(h))).ys as typeof y0;
  return concat([end(q), end(p)]);
};
const z0 = f64([0.7, -0.4, 0.3, 0.5]);

describe("one step is a symplectic map of any Hamiltonian", () => {
  const omega = tensor(
    [
      [0, 0, 1, 0],
      [0, 0, 0, 1],
      [-1, 0, 0, 0],
      [0, -1, 0, 0],
    ],
    { dtype: "float64" },
  );

  test.each(gauss)("MᵀΩM = Ω and det M = 1 with $name", (solver) => {
    for (const h of [0.25, 1.5]) {
      const m = jacrev((z: Tensor) => flow(solver, z, h))(z0);
      expect(distance(numbers(m.transpose().matmul(omega).matmul(m)), numbers(omega))).toBeLessThan(1e-13);
      expect(Math.abs(linalg.det(m).itemSync() - 1)).toBeLessThan(1e-13);
    }
  });
});

describe.each(all)("$label", ({ solver }) => {
  test("comes back from 1000 steps", () => {
    const { there, back } = roundTrip(solver, field, point, { h: 1 / 32, steps: 1000 });
    const start = [...numbers(point.p), ...numbers(point.q)];
    expect(distance(there, start)).toBeGreaterThan(0.1);
    expect(distance(back, start)).toBeLessThan(1e-12);
  });

  test("keeps the energy of a Hamiltonian that is no sum, with no drift", () => {
    const h = solver.name === "tao" ? 1 / 64 : 1 / 16;
    const times = Array.from({ length: 401 }, (_, n) => n * h * 8);
    const { q, p } = odeint(field, point, times, fixed(solver, h)).ys;
    const at = vmap((x: Tensor, y: Tensor) => energy(x, y));
    const energies = numbers(at(q, p));
    const off = energies.map((x) => Math.abs(x - energies[0]!));
    const [early, late] = [Math.max(...off.slice(1, 201)), Math.max(...off.slice(201))];
    expect(early).toBeLessThan(solver.order === 2 ? 0.02 : 1e-4);
    expect(late).toBeLessThan(Math.max((solver.name === "tao" ? 2 : 1.25) * early, 1e-13));
  });

  test("has the gradient of its numbers, forward, in reverse and compiled", () => {
    const loss = (z: Tensor, w: Tensor): Tensor => {
      const y0 = { q: z.slice([0], [2]), p: z.slice([2], [4]) };
      const { q, p } = odeint(field, y0, [0, 0.3, 1], { ...fixed(solver, 1 / 16), args: w }).ys;
      return half(q).add(p.square().mul(p).sum());
    };
    const w = f64([0.5]);
    const of = (x: readonly number[]): number => loss(f64(x.slice(0, 4)), f64(x.slice(4))).itemSync();
    const start = [...numbers(z0), 0.5];
    const expected = start.map((x, i) => {
      const d = (k: number): number => of(start.with(i, x + k * 1e-3));
      return (8 * (d(1) - d(-1)) - (d(2) - d(-2))) / 0.012;
    });
    const [dz, dw] = grad((z: Tensor, c: Tensor) => loss(z, c), [0, 1])(z0, w);
    expect(distance([...numbers(dz), ...numbers(dw)], expected)).toBeLessThan(1e-9);
    const ahead = numbers(jacfwd((z: Tensor) => loss(z, w))(z0));
    expect(distance(numbers(dz), ahead)).toBeLessThan(1e-12);
    const compiled = numbers(compile((z: Tensor) => grad((x: Tensor) => loss(x, w))(z))(z0));
    expect(distance(compiled, ahead)).toBeLessThan(1e-12);
  });

  test("gives the same on js as on wasm, in rows as alone, and saved as asked for", () => {
    const solved = () => odeint(field, point, [0, 0.21, 0.5], fixed(solver, 1 / 16));
    const onWasm = solved();
    const onJs = withTarget(js(), () => {
      const own = { q: f64([0.7, -0.4]), p: f64([0.3, 0.5]) };
      return numbers(odeint(field, own, [0, 0.21, 0.5], fixed(solver, 1 / 16)).ys.q);
    });
    expect(distance(onJs, numbers(onWasm.ys.q))).toBeLessThan(1e-15);
    expect(numbers(onWasm.at(0.21).q)).toEqual(numbers(onWasm.ys.q).slice(2, 4));
    const rows = { q: f64([0.7, -0.4, 1, 0.5]).reshape([2, 2]), p: f64([0.3, 0.5, 0, 1]).reshape([2, 2]) };
    const both = odeint(field, rows, [0, 0.21, 0.5], { ...fixed(solver, 1 / 16), batch: "independent" }).ys.q;
    const first = numbers(both.transpose([1, 0, 2]).slice([0], [1]));
    expect(distance(first, numbers(onWasm.ys.q))).toBeLessThan(1e-14);
  });
});

describe("random polynomial Hamiltonians are integrated reversibly", () => {
  const coefficient = fc.integer({ min: -8, max: 8 }).map((n) => n / 16);
  test.each(all.map(({ solver, label: name }) => [name, solver] as const))("by %s", (_name, solver) => {
    fc.assert(
      fc.property(fc.array(coefficient, { minLength: 4, maxLength: 4 }), ([a, b, c, d]) => {
        const quartic = hamiltonian((q: Tensor, p: Tensor) =>
          half(p)
            .add(half(q))
            .add(q.mul(p).sum().mul(a!))
            .add(
              q
                .square()
                .mul(p.square())
                .sum()
                .mul(b! / 8),
            )
            .add(
              q
                .square()
                .mul(p)
                .sum()
                .mul(c! / 4),
            )
            .add(q.sin().sum().mul(d!)),
        );
        const { back } = roundTrip(solver, quartic, point, { h: 1 / 32, steps: 50 });
        return distance(back, [...numbers(point.p), ...numbers(point.q)]) < 1e-12;
      }),
      { numRuns: 6, seed: 2 },
    );
  });
});

interface Case {
  readonly id: string;
  readonly ts: number[];
  readonly y0: number[];
  readonly p: number[];
  readonly dL_dp: number[];
  readonly dL_dy0: number[];
  readonly loss: number;
}

test.each([gauss4, gauss6, gauss8])("$name has the reference gradients of Lotka and Volterra's equations", (solver) => {
  const found = (data as unknown as Case[]).find(({ id }) => id === "lotka-volterra-sum")!;
  const rhs = tensorField(found as unknown as WrittenField);
  const dt = solver.order === 4 ? 1 / 1024 : 1 / 64;
  const loss = (y: Tensor, p: Tensor): Tensor => {
    const { ys } = odeint((t: Tensor, x: Tensor, c: Tensor) => rhs(t, x, c), y, [0, ...found.ts], {
      solver,
      controller: constant({ dt }),
      args: p,
    });
    return ys.slice([1], [found.ts.length + 1]).sum();
  };
  const [y0, p0] = [f64(found.y0), f64(found.p)];
  expect(Math.abs(loss(y0, p0).itemSync() - found.loss)).toBeLessThan(1e-9);
  const [dy, dp] = grad(loss, [0, 1])(y0, p0);
  expect(distance(numbers(dy), found.dL_dy0)).toBeLessThan(1e-8);
  expect(distance(numbers(dp), found.dL_dp)).toBeLessThan(1e-8);
});
