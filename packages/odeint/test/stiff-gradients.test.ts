import { grad, hvp, jacfwd, jacobian, jacrev, vmap } from "@dzdt/autograd";
import { compile, js, tensor, type Tensor, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { constant, type ImplicitSolver, odeint, type Solver } from "../src/index";
import * as solvers from "../src/solvers";
import data from "./data/stiff.json";
import { tensorField } from "./support/expression";
import { f64, numbers } from "./support/numbers";

const all = Object.values(solvers) as readonly Solver[];
const implicit = all.filter(
  (solver): solver is ImplicitSolver => !["explicit", "symplectic", "stepper"].includes(solver.kind),
);
const oneOfEachKind = [solvers.rosenbrock23, solvers.trbdf2, solvers.kencarp3, solvers.radau5] as readonly Solver[];
const accurate = [...implicit.filter(({ order }) => order >= 4), solvers.bdf, solvers.auto];

const end = (ys: Tensor): Tensor => ys.slice([ys.shape[0]! - 1], [ys.shape[0]!]).reshape(ys.shape.slice(1));

/** A stiff field of a time, a state of two components and two parameters. */
const field = (t: Tensor, y: Tensor, p: Tensor): Tensor => {
  const [a, b] = [0, 1].map((i) => y.slice([i], [i + 1])) as [Tensor, Tensor];
  const [r, w] = [0, 1].map((i) => p.slice([i], [i + 1])) as [Tensor, Tensor];
  const fast = r.mul(t.mul(w).cos().sub(a)).add(b.mul(b));
  return fast
    .reshape([1])
    .mul(f64([1, 0]))
    .add(a.sub(b.mul(w)).mul(f64([0, 1])));
};
const y0 = [1, 0.5];
const p0 = [50, 1.25];

function close(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  const size = Math.max(...expected.map(Math.abs));
  actual.forEach((x, i) =>
    expect(Math.abs(x - expected[i]!), `${x} and ${expected[i]!}`).toBeLessThan(tolerance * size),
  );
}

/** Central differences of numbers by numbers, of order 4. */
function differences(f: (x: readonly number[]) => number, x: readonly number[]): number[] {
  return x.map((value, i) => {
    const h = 1e-3 * Math.max(1, Math.abs(value));
    const at = (k: number): number => f(x.with(i, value + k * h));
    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h);
  });
}

const fixedSteps = (solver: Solver) => ({ solver, controller: constant({ dt: 1 / 16 }) });
const loss = (y: Tensor, p: Tensor, options: object): Tensor =>
  end(odeint(field, y, [0, 0.3, 1], { ...options, args: p }).ys)
    .square()
    .sum();

describe.each(implicit)("$name", (solver) => {
  const fixed = fixedSteps(solver);

  test("has the gradient of the numbers that it computes", () => {
    const of = (x: readonly number[]): number => loss(f64(x.slice(0, 2)), f64(x.slice(2)), fixed).itemSync();
    const expected = differences(of, [...y0, ...p0]);
    const [dy, dp] = grad((y: Tensor, p: Tensor) => loss(y, p, fixed), [0, 1])(f64(y0), f64(p0));
    close([...numbers(dy), ...numbers(dp)], expected, 1e-8);
  });

  test("agrees with itself forward, in reverse and compiled, with steps of its own", () => {
    const { bError, e } = solver as { bError?: unknown; e?: unknown };
    const options = bError || e ? { solver, rtol: 1e-7, atol: 1e-9 } : fixed;
    const of = (p: Tensor): Tensor => end(odeint(field, f64(y0), [0, 0.3, 1], { ...options, args: p }).ys);
    const forward = numbers(jacfwd(of)(f64(p0)));
    close(numbers(jacrev(of)(f64(p0))), forward, 1e-11);
    close(numbers(compile((p: Tensor) => jacrev(of)(p))(f64(p0))), forward, 1e-11);
  });
});

describe.each(oneOfEachKind)("$name", (solver) => {
  const fixed = fixedSteps(solver);

  test("has second derivatives", () => {
    const of = (y: Tensor): Tensor => loss(y, f64(p0), fixed);
    const direction = [0.5, -1];
    const slope = (s: number): number[] => numbers(grad(of)(f64(y0.map((y, i) => y + s * direction[i]!))));
    const [up, down] = [slope(1e-4), slope(-1e-4)];
    const expected = up.map((x, i) => (x - down[i]!) / 2e-4);
    close(numbers(hvp(of, f64(y0), f64(direction))), expected, 1e-6);
  });

  test("has gradients under vmap", () => {
    const of = (y: Tensor): Tensor => loss(y, f64(p0), fixed);
    const rows = [y0, [0.25, 1]];
    const many = numbers(vmap(grad(of))(tensor(rows, { dtype: "float64" })));
    close(
      many,
      rows.flatMap((y) => numbers(grad(of)(f64(y)))),
      1e-11,
    );
    const shared = (p: Tensor): Tensor =>
      vmap((y: Tensor) => loss(y, p, fixed))(tensor(rows, { dtype: "float64" })).sum();
    const separate = rows.map((y) => numbers(grad((p: Tensor) => loss(f64(y), p, fixed))(f64(p0))));
    close(
      numbers(grad(shared)(f64(p0))),
      [0, 1].map((i) => separate[0]![i]! + separate[1]![i]!),
      1e-11,
    );
  });
});

describe.each(accurate)("$name has the sensitivities of Robertson's problem", (solver) => {
  const { p, y0: start, T, y, dyDp } = data.sensitivity;
  const robertson = tensorField(data.sensitivity);
  const solveTo = (q: Tensor): Tensor =>
    end(
      odeint((t: Tensor, state: Tensor) => robertson(t, state, q), f64(start), [0, T], {
        solver,
        rtol: 1e-9,
        atol: 1e-14,
      }).ys,
    );

  test("at t = 40", () => {
    numbers(solveTo(f64(p))).forEach((x, i) => expect(Math.abs(x / y[i]! - 1)).toBeLessThan(1e-7));
    const found = numbers(jacobian(solveTo)(f64(p)));
    dyDp.flat().forEach((x, i) => expect(Math.abs(found[i]! / x - 1), `entry ${i}: ${found[i]!}`).toBeLessThan(1e-6));
  });
});

test("gradients are the same on the plain target", () => {
  const of = (p: Tensor): Tensor =>
    end(odeint(field, f64(y0), [0, 0.25], { args: p, solver: solvers.kvaerno3 }).ys).sum();
  const here = numbers(grad(of)(f64(p0)));
  close(
    withTarget(js(), () => numbers(grad(of)(f64(p0)))),
    here,
    1e-12,
  );
});
