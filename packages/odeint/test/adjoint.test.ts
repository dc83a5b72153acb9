import { grad, hvp } from "@dzdt/autograd";
import { matmul, mul, square, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { constant, discretize, dop853, dopri5, type ExplicitSolver, odeint, rk4 } from "../src/index";
import {
  discrete,
  type DiscreteCase,
  f64,
  fieldOf,
  linear,
  losses,
  numbers,
  relative,
  smooth,
} from "./support/adjoint-cases";

const tight = { solver: dop853, rtol: 1e-12, atol: 1e-12, adjoint: discretize() };

describe.each(smooth)("$id, discretised", (problem) => {
  const field = fieldOf(problem);
  const lossOf = losses[problem.id]!;
  const times = f64([problem.t0, ...problem.ts]);
  const loss = (p: Tensor, y0: Tensor, ts: Tensor): Tensor => lossOf(odeint(field, y0, ts, { ...tight, args: p }).ys);

  test("has the reference loss", () => {
    expect(relative([loss(f64(problem.p), f64(problem.y0), times).itemSync()], [problem.loss])).toBeLessThan(1e-9);
  });

  test("has the reference gradients of parameters, initial state and times", () => {
    const [dp, dy0, dts] = grad(loss, [0, 1, 2])(f64(problem.p), f64(problem.y0), times);
    expect(relative(dp, problem.dL_dp)).toBeLessThan(1e-9);
    expect(relative(dy0, problem.dL_dy0)).toBeLessThan(1e-9);
    const slopes = numbers(dts);
    expect(relative([slopes[0]!], [problem.dL_dt0])).toBeLessThan(1e-9);
    expect(relative([slopes.at(-1)!], [problem.dL_dt_last])).toBeLessThan(1e-9);
  });

  if (problem.hvp)
    test("has the reference Hessian-vector product", () => {
      const { hvp: expected, hvp_direction_p_then_y0: direction } = problem;
      const split = problem.p.length;
      const product = hvp(
        ({ p, y0 }: { p: Tensor; y0: Tensor }) => loss(p, y0, times),
        { p: f64(problem.p), y0: f64(problem.y0) },
        { p: f64(direction!.slice(0, split)), y0: f64(direction!.slice(split)) },
      );
      expect(relative([...numbers(product.p), ...numbers(product.y0)], expected!)).toBeLessThan(1e-8);
    });
});

describe.each(linear)("$id, discretised", ({ A, y0, T, c, loss: expected, y_T, dL_dy0, dL_dA, dL_dT }) => {
  const end = (a: Tensor, y: Tensor, t1: Tensor): Tensor =>
    odeint((_t, x: Tensor, m: Tensor) => matmul(m, x), y, t1.mul(f64([0, 1])), {
      ...tight,
      atol: 1e-15,
      args: a,
    }).ys.slice([1], [2]);
  const loss = (a: Tensor, y: Tensor, t1: Tensor): Tensor => mul(end(a, y, t1), f64(c)).sum();

  test("has the state, loss and gradients of the closed form", () => {
    expect(relative(end(f64(A), f64(y0), f64(T)), y_T)).toBeLessThan(1e-9);
    expect(relative(loss(f64(A), f64(y0), f64(T)).reshape([1]), [expected])).toBeLessThan(1e-9);
    const [da, dy0, dT] = grad(loss, [0, 1, 2])(f64(A), f64(y0), f64(T));
    expect(relative(da, dL_dA.flat())).toBeLessThan(1e-9);
    expect(relative(dy0, dL_dy0)).toBeLessThan(1e-9);
    expect(relative(dT.reshape([1]), [dL_dT])).toBeLessThan(1e-9);
  });
});

describe.each(discrete)("$id, the exact gradient of a map", (problem) => {
  const solvers: Record<DiscreteCase["method"], ExplicitSolver> = { rk4, dopri5 };
  const field = fieldOf(problem);
  const loss = (p: Tensor, y0: Tensor): Tensor => {
    const { ys } = odeint(field, y0, [problem.t0, problem.t0 + problem.steps * problem.h], {
      args: p,
      solver: solvers[problem.method],
      controller: constant({ dt: problem.h }),
    });
    return square(ys.slice([1], [2])).sum();
  };

  test("agrees to rounding", () => {
    expect(relative([loss(f64(problem.p), f64(problem.y0)).itemSync()], [problem.loss])).toBeLessThan(1e-13);
    const [dp, dy0] = grad(loss, [0, 1])(f64(problem.p), f64(problem.y0));
    expect(relative(dp, problem.dL_dp)).toBeLessThan(1e-13);
    expect(relative(dy0, problem.dL_dy0)).toBeLessThan(1e-13);
  });
});
