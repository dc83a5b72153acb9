import { grad, jacfwd } from "@dzdt/autograd";
import { type Tensor, tensor } from "@dzdt/tensor";
import { describe, test } from "vitest";
import {
  backsolve,
  bdf,
  type CustomAdjoint,
  forwardSensitivity,
  interpolating,
  kvaerno5,
  odeint,
  radau5,
  rodas5p,
  type Solver,
  tsit5,
} from "../src/index";
import { at, close, f64, last, numbers } from "./support/numbers";

/** dy/dt = Σ kⱼ cos jt − y: solvers that differentiate it have a time of the state's dtype, others one of float64. */
const driven = (t: Tensor, y: Tensor, k: Tensor): Tensor =>
  waves.reduce((sum, j) => sum.add(at(k, j - 1).mul(t.mul(j).cos())), y.neg());
const waves = [1, 2, 3, 4, 5, 6];
const t1 = 2;
/** y(t1) = y₀ e^(−t1) + Σ kⱼ cⱼ. */
const c = waves.map((j) => (Math.cos(j * t1) + j * Math.sin(j * t1) - Math.exp(-t1)) / (1 + j * j));
const strengths = waves.map((j) => 1.5 / j);
const adjoints: readonly CustomAdjoint[] = [interpolating(), backsolve(), forwardSensitivity()];
const solvers: readonly Solver[] = [tsit5, rodas5p, kvaerno5, radau5, bdf];

describe.each(adjoints)("$name of a float32 state in float64 time", (adjoint) => {
  test.each(solvers)("by $name has the derivatives of the solution, by time too", (solver) => {
    const end = (k: Tensor, y0: Tensor, t: Tensor): Tensor =>
      last(odeint(driven, y0, [0, t], { args: k, solver, adjoint, rtol: 1e-5, atol: 1e-6 }).ys);
    const sum = (factors: readonly number[]): number => factors.reduce((s, x, i) => s + strengths[i]! * x, 0);
    const y1 = 0.5 * Math.exp(-t1) + sum(c);
    const expected = [...c, Math.exp(-t1), sum(waves.map((j) => Math.cos(j * t1))) - y1];
    const inputs = [tensor(strengths), tensor(0.5), f64(t1)] as const;
    const both = [grad(end, [0, 1, 2])(...inputs), jacfwd(end, [0, 1, 2])(...inputs)] as readonly (readonly Tensor[])[];
    for (const found of both) close(found.flatMap(numbers), expected, 5e-4);
  });
});
