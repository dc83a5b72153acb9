import { grad, hvp, jacfwd, jacrev, vmap } from "@dzdt/autograd";
import { add, compile, mul, stack, sum, tensor, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  adamsBashforthMoulton,
  constant,
  dop853,
  implicitEuler,
  odeint,
  odex,
  rk4,
  type Solver,
  stepDoubling,
  trapezoid,
  tsit5,
  vern7,
  vern9,
} from "../src/index";
import { distance, f64, last, numbers } from "./support/numbers";

const variable: readonly Solver[] = [adamsBashforthMoulton, odex];
const adaptive: readonly Solver[] = [
  ...variable,
  stepDoubling(rk4),
  stepDoubling(rk4, { extrapolate: true }),
  stepDoubling(trapezoid),
];

const field = (t: Tensor, y: Tensor, p: Tensor): Tensor => {
  const [a, b, q0, q1] = [y.slice([0], [1]), y.slice([1], [2]), p.slice([0], [1]), p.slice([1], [2])];
  return stack([mul(a.sin(), q0).add(b).reshape([]), add(mul(a, b), mul(q1, t.cos())).neg().reshape([])]);
};
const y0 = [0.5, 1];
const p0 = [0.8, 0.3];

/** By central differences of fourth order. */
function differences(of: (x: readonly number[]) => number, x: readonly number[]): number[] {
  const h = 1e-3;
  return x.map((_, i) => {
    const at = (s: number): number => of(x.with(i, x[i]! + s * h));
    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h);
  });
}

const close = (actual: readonly number[], expected: readonly number[], tolerance: number): void =>
  expect(distance(actual, expected), `${actual.join(", ")} and ${expected.join(", ")}`).toBeLessThan(tolerance);

const steady: readonly Solver[] = [
  vern7,
  vern9,
  adamsBashforthMoulton.with({ order: 4 }),
  odex.with({ order: 6 }),
  stepDoubling(tsit5),
  stepDoubling(implicitEuler),
];

describe.each(steady)("gradients through $name, with steps of one length,", (solver) => {
  const ts = [0, 0.3, 1];
  const loss = (y: Tensor, p: Tensor): Tensor =>
    sum(mul(odeint(field, y, ts, { solver, controller: constant({ dt: 1 / 8 }), args: p }).ys, f64([1, 2])));

  test("are those of differences", () => {
    const of = (x: readonly number[]): number => loss(f64(x.slice(0, 2)), f64(x.slice(2))).itemSync();
    const [dy, dp] = grad(loss, [0, 1])(f64(y0), f64(p0));
    close([...numbers(dy), ...numbers(dp)], differences(of, [...y0, ...p0]), 1e-8);
  });
});

describe.each(adaptive)("gradients through $name, with steps of its own,", (solver) => {
  const of = (y: Tensor, p: Tensor): Tensor =>
    last(odeint(field, y, [0, 0.3, 1], { solver, rtol: 1e-6, atol: 1e-8, args: p }).ys);

  test("agree forward, in reverse and compiled", () => {
    const byP = (p: Tensor): Tensor => of(f64(y0), p);
    const forward = numbers(jacfwd(byP)(f64(p0)));
    close(numbers(jacrev(byP)(f64(p0))), forward, 1e-11);
    close(numbers(compile((p: Tensor) => jacrev(byP)(p))(f64(p0))), forward, 1e-11);
  });

  test("are those of the solution, within the tolerance", () => {
    const tight = (y: Tensor, p: Tensor): Tensor =>
      last(odeint(field, y, [0, 1], { solver: dop853, rtol: 1e-12, atol: 1e-12, args: p }).ys).sum();
    const [dy, dp] = grad((y: Tensor, p: Tensor) => of(y, p).sum(), [0, 1])(f64(y0), f64(p0));
    const [ey, ep] = grad(tight, [0, 1])(f64(y0), f64(p0));
    close([...numbers(dy), ...numbers(dp)], [...numbers(ey), ...numbers(ep)], 2e-4);
  });
});

describe.each(variable)("$name", (solver) => {
  const of = (y: Tensor): Tensor =>
    last(odeint(field, y, [0, 1], { solver, rtol: 1e-9, atol: 1e-9, args: f64(p0) }).ys).sum();

  test("has second derivatives", () => {
    const exact = (y: Tensor): Tensor =>
      last(odeint(field, y, [0, 1], { solver: dop853, rtol: 1e-12, atol: 1e-12, args: f64(p0) }).ys).sum();
    const direction = f64([0.5, -1]);
    close(numbers(hvp(of, f64(y0), direction)), numbers(hvp(exact, f64(y0), direction)), 1e-4);
  });

  test("has gradients under vmap", () => {
    const rows = [y0, [0.25, 1]];
    const many = numbers(vmap(grad(of))(tensor(rows, { dtype: "float64" })));
    close(
      many,
      rows.flatMap((y) => numbers(grad(of)(f64(y)))),
      1e-11,
    );
  });
});
