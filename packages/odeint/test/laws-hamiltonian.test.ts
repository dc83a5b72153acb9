import { matmul, mul, sin, type Tensor, tensor } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constant, hamiltonian, odeint, separable, type Solver, tao } from "../src/index";
import * as solvers from "../src/solvers";
import { matrix, triple } from "./support/random-fields";
import { f64, last, numbers } from "./support/numbers";

type Vector = readonly number[];
interface Point {
  readonly q: Vector;
  readonly p: Vector;
}
type Args = ReturnType<typeof given>;

/** q′ = s p, p′ = −s (K q / u + c u sin(q/u)) with K symmetric; u are units of length. */
const given = (k: readonly Vector[], c: Vector, { speed = 1, unit = 1 } = {}) => ({
  k: tensor(
    k.map((row, i) => row.map((x, j) => (x + k[j]![i]!) / 2)),
    { dtype: "float64" },
  ),
  c: f64([...c]),
  speed: f64(speed),
  unit: f64(unit),
});

const swing = separable<Tensor, Tensor, Args>({
  velocity: (p, { speed }) => p.mul(speed),
  force: (q, { k, c, speed, unit }) =>
    matmul(k, q)
      .add(c.mul(unit).mul(sin(q.div(unit))))
      .neg()
      .mul(speed),
});
const energy = hamiltonian<Tensor, Tensor, Args>((q, p, { k, c, speed, unit }) =>
  mul(p.square().sum().mul(0.5), speed)
    .add(matmul(k, q).mul(q).sum().mul(0.5).mul(speed))
    .sub(c.mul(q.div(unit).cos()).sum().mul(unit).mul(unit).mul(speed)),
);

const exported = Object.values(solvers) as readonly Solver[];
const splittings = exported.filter(({ kind }) => kind === "symplectic");
const all = [...new Set(splittings), tao.with({ omega: 4 }), tao.with({ omega: 4, order: 4 })];

function solve(solver: Solver, args: Args, { q, p }: Point, t: number, dt = 1 / 8): Point {
  const field = solver.name === "tao" ? energy : swing;
  const found = odeint(field, { q: f64([...q]), p: f64([...p]) }, [0, t], {
    solver,
    controller: constant({ dt }),
    args,
  }).ys;
  return { q: numbers(last(found.q)), p: numbers(last(found.p)) };
}

const runs = { numRuns: 4 };
const points = fc.record({ q: triple, p: triple });
const scaled = ({ q, p }: Point, x: number, y = x): Point => ({ q: q.map((a) => a * x), p: p.map((a) => a * y) });

describe.each(all)("$name", (solver) => {
  test("gives the same numbers in other units of length, bit for bit", () => {
    fc.assert(
      fc.property(matrix, triple, points, fc.constantFrom(1 / 64, 2, 1024), (k, c, point, unit) => {
        const other = solve(solver, given(k, c, { unit }), scaled(point, unit), 1);
        expect(other).toEqual(scaled(solve(solver, given(k, c), point, 1), unit));
      }),
      runs,
    );
  });

  test("gives the same numbers at another speed in another time", () => {
    fc.assert(
      fc.property(matrix, triple, points, fc.constantFrom(0.25, 2, 8), (k, c, point, speed) => {
        const still = solver.name === "tao" ? (solver as typeof tao).with({ omega: 4 * speed }) : solver;
        const fast = solve(still, given(k, c, { speed }), point, 1 / speed, 1 / 8 / speed);
        expect(fast).toEqual(solve(solver, given(k, c), point, 1));
      }),
      runs,
    );
  });

  test("keeps the total momentum of bodies that only act on one another", () => {
    fc.assert(
      fc.property(triple, points, ([a, b, c], point) => {
        // Springs between them: the rows of K add up to 0.
        const k = [
          [a + b, -a, -b],
          [-a, a + c, -c],
          [-b, -c, b + c],
        ];
        const end = solve(solver, given(k, [0, 0, 0]), point, 4);
        const total = (p: Vector): number => p.reduce((sum, x) => sum + x, 0);
        const size = 1 + Math.max(...end.p.map(Math.abs), ...end.q.map(Math.abs));
        expect(Math.abs(total(end.p) - total(point.p))).toBeLessThan(2e-13 * size);
      }),
      runs,
    );
  });
});

describe.each(splittings)("$name, which keeps no more than the state,", (solver) => {
  test("solves [0, 1] and then as long again as it solves [0, 2], bit for bit", () => {
    fc.assert(
      fc.property(matrix, triple, points, (k, c, point) => {
        const args = given(k, c);
        const halfway = solve(solver, args, point, 1);
        expect(solve(solver, args, halfway, 1)).toEqual(solve(solver, args, point, 2));
      }),
      runs,
    );
  });
});
