import { grad, jacfwd, jacobian } from "@dzdt/autograd";
import { compile, matmul, mul, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  type Adjoint,
  AdjointError,
  backsolve,
  dop853,
  forwardSensitivity,
  interpolating,
  odeint,
  type OdeintOptions,
  radau5,
  rodas5p,
} from "../src/index";
import {
  type Case,
  f64,
  fieldOf,
  linear,
  type LinearCase,
  losses,
  numbers,
  relative,
  sensitivity,
  smooth,
} from "./support/adjoint-cases";

const adjoints = { backsolve, interpolating, forwardSensitivity };
type Name = keyof typeof adjoints;
const names = Object.keys(adjoints) as Name[];

/** Gradients of parameters, y0 and times, the forward solve being a tenth as far off as the adjoint's is allowed to be. */
const options = (adjoint: Adjoint, rtol: number): OdeintOptions<Tensor> => ({
  solver: dop853,
  rtol: rtol / 10,
  atol: rtol / 10,
  adjoint,
});

function gradients(problem: Case, adjoint: Adjoint, rtol: number): number[][] {
  const field = fieldOf(problem);
  const loss = (p: Tensor, y0: Tensor, ts: Tensor): Tensor =>
    losses[problem.id]!(odeint(field, y0, ts, { ...options(adjoint, rtol), args: p }).ys);
  return grad(loss, [0, 1, 2])(f64(problem.p), f64(problem.y0), f64([problem.t0, ...problem.ts])).map(numbers);
}

function linearGradients({ A, y0, T, c }: LinearCase, adjoint: Adjoint, rtol: number): number[][] {
  const field = (_t: Tensor, y: Tensor, a: Tensor): Tensor => matmul(a, y);
  const loss = (a: Tensor, y: Tensor, t1: Tensor): Tensor =>
    mul(odeint(field, y, t1.mul(f64([0, 1])), { ...options(adjoint, rtol), args: a }).ys.slice([1], [2]), f64(c)).sum();
  return grad(loss, [0, 1, 2])(f64(A), f64(y0), f64(T)).map(numbers);
}

// Backwards these grow by far more than the drift allows.
const refused: Partial<Record<string, Name>> = { "van-der-pol-mild": "backsolve", "backsolve-trap": "backsolve" };

describe.each(names)("%s within 10 rtol of the reference,", (name) => {
  const adjoint = adjoints[name];
  test.each([1e-6, 1e-9].flatMap((rtol) => smooth.map((problem) => [problem.id, rtol, problem] as const)))(
    "%s at rtol %d",
    (id, rtol, problem) => {
      const found = (): number[][] => gradients(problem, adjoint({ rtol, atol: rtol }), rtol);
      if (refused[id] === name) {
        expect(found).toThrow(AdjointError);
        return;
      }
      const [dp, dy0, dts] = found();
      expect(relative([...dp!, ...dy0!], [...problem.dL_dp, ...problem.dL_dy0])).toBeLessThan(10 * rtol);
      // A sum of products with the slopes, beside which it may be small.
      const slopes = numbers(fieldOf(problem)(f64(problem.t0), f64(problem.y0), f64(problem.p)));
      const most = (list: number[]): number => Math.max(...list.map(Math.abs));
      const size = most(slopes) * most(problem.dL_dy0);
      expect(Math.abs(dts![0]! - problem.dL_dt0) / size).toBeLessThan(10 * rtol);
      expect(relative([dts!.at(-1)!], [problem.dL_dt_last])).toBeLessThan(10 * rtol);
    },
  );

  test.each([1e-6, 1e-9].flatMap((rtol) => linear.map((problem) => [problem.id, rtol, problem] as const)))(
    "%s at rtol %d",
    (id, rtol, problem) => {
      const found = (): number[][] => linearGradients(problem, adjoint({ rtol, atol: rtol }), rtol);
      if (refused[id] === name) {
        expect(found).toThrow(/backsolve: solved backwards, the state did not come back/);
        return;
      }
      const expected = [...problem.dL_dA.flat(), ...problem.dL_dy0, problem.dL_dT];
      expect(relative(found().flat(), expected)).toBeLessThan(10 * rtol);
    },
  );
});

test("backsolve-trap raises inside compiled functions too, and gives NaN where nothing is to be thrown", () => {
  const { A, y0, T, c } = linear.find(({ id }) => id === "backsolve-trap")!;
  const gradient = (raise: boolean) =>
    compile((a: Tensor) =>
      grad((m: Tensor) => {
        const { ys } = odeint((_t, y: Tensor) => matmul(m, y), f64(y0), [0, T], { adjoint: backsolve(), throw: raise });
        return mul(ys.slice([1], [2]), f64(c)).sum();
      })(a),
    );
  expect(() => gradient(true)(f64(A))).toThrow(AdjointError);
  expect(numbers(gradient(false)(f64(A)))).toEqual([NaN, NaN, NaN, NaN]);
});

describe("Robertson's sensitivities at t = 40,", () => {
  const { p, y0, T, dy_dp } = sensitivity;
  const field = fieldOf(sensitivity);
  // Rows and columns are of very different sizes; each is compared with its largest.
  const close = (found: number[][], rtol: number): void =>
    found.forEach((row, i) => {
      const scaled = row.map((x, j) => x * p[j]!);
      expect(
        relative(
          scaled,
          dy_dp[i]!.map((x, j) => x * p[j]!),
        ),
      ).toBeLessThan(10 * rtol);
    });
  const rows = (x: Tensor): number[][] => x.arraySync() as number[][];
  const at =
    (adjoint: Adjoint, rtol: number, solver = radau5 as OdeintOptions["solver"]) =>
    (k: Tensor) =>
      odeint(field, f64(y0), [0, T], { args: k, solver: solver!, rtol, atol: rtol * 1e-6, adjoint })
        .ys.slice([1], [2])
        .reshape([3]);

  test("by forward sensitivities, in both modes", () => {
    close(rows(jacfwd(at(forwardSensitivity(), 1e-7))(f64(p))), 1e-7);
    close(rows(jacobian(at(forwardSensitivity(), 1e-7))(f64(p))), 1e-7);
  });

  test("by the interpolating adjoint, with λ as stiff backwards", () => {
    close(rows(jacobian(at(interpolating(), 1e-7, rodas5p))(f64(p))), 1e-7);
  });
});
