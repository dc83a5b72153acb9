import { grad, hvp } from "@dzdt/autograd";
import { add, matmul, mul, square, sub, tensor, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { constant, discretize, dop853, dopri5, type ExplicitSolver, odeint, rk4 } from "../src/index";
import data from "./data/adjoint.json";
import { tensorField, type WrittenField } from "./support/expression";

interface Case {
  readonly id: string;
  readonly t0: number;
  readonly p: number[];
  readonly y0: number[];
  readonly ts: number[];
  readonly loss: number;
  readonly dL_dp: number[];
  readonly dL_dy0: number[];
  readonly dL_dt0: number;
  readonly dL_dt_last: number;
  readonly hvp_direction_p_then_y0?: number[];
  readonly hvp?: number[];
}

interface LinearCase {
  readonly id: string;
  readonly A: number[][];
  readonly y0: number[];
  readonly T: number;
  readonly c: number[];
  readonly loss: number;
  readonly y_T: number[];
  readonly dL_dy0: number[];
  readonly dL_dA: number[][];
  readonly dL_dT: number;
}

interface DiscreteCase {
  readonly id: string;
  readonly method: "rk4" | "dopri5";
  readonly steps: number;
  readonly h: number;
  readonly t0: number;
  readonly p: number[];
  readonly y0: number[];
  readonly loss: number;
  readonly dL_dp: number[];
  readonly dL_dy0: number[];
}

const all = data as unknown as readonly { readonly kind?: string; readonly id: string }[];
const smooth = all.filter(({ kind }) => kind === undefined) as unknown as readonly Case[];
const linear = all.filter(({ kind }) => kind === "linear") as unknown as readonly LinearCase[];
const discrete = all.filter(({ kind }) => kind === "discrete") as unknown as readonly DiscreteCase[];

const f64 = (values: number | number[] | number[][]): Tensor => tensor(values, { dtype: "float64" });
const numbers = (x: Tensor): number[] => Array.from(x.dataSync() as Float64Array);
const fieldOf = (problem: unknown): ((t: Tensor, y: Tensor, p: Tensor) => Tensor) =>
  tensorField(problem as WrittenField);

/** Largest difference relative to the largest reference value, beside which small ones are sums of what cancels. */
function relative(actual: Tensor | number[], expected: readonly number[]): number {
  const values = Array.isArray(actual) ? actual : numbers(actual);
  expect(values).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...values.map((x, i) => Math.abs(x - expected[i]!))) / scale;
}

/** Component `i` of the state at output `k` (0 is t0). */
const at = (ys: Tensor, k: number, i: number): Tensor => ys.slice([k, i], [k + 1, i + 1]).reshape([]);

const losses: Record<string, (ys: Tensor) => Tensor> = {
  "lotka-volterra-sum": (ys) => ys.slice([1], [11]).sum(),
  "harmonic-omega": (ys) => add(square(at(ys, 2, 0)), at(ys, 1, 1)),
  "van-der-pol-mild": (ys) => add(mul(at(ys, 2, 0), at(ys, 2, 1)), at(ys, 1, 0)),
  "kepler-final": (ys) => add(square(at(ys, 1, 0)), at(ys, 1, 3)),
  "mlp-2-6-2": (ys) => add(square(ys.slice([2], [3])).sum(), at(ys, 1, 0)),
  "cnf-mlp-b": (ys) => sub(at(ys, 1, 2), add(square(at(ys, 1, 0)), square(at(ys, 1, 1))).mul(0.5)),
};

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
    odeint((_t, x: Tensor, m: Tensor) => matmul(m, x), y, t1.mul(f64([0, 1])), { ...tight, args: a }).ys.slice(
      [1],
      [2],
    );
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
