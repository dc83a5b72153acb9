import integrator from "ode45-cash-karp";
import type { Attempts } from "../../case";
import { one, oneByOne } from "../trajectories";

function solve(y0: readonly number[], rho: number, end: number, tol: number): Float64Array {
  const lorenz = (dy: Float64Array, y: Float64Array): void => {
    dy[0] = 10 * (y[1]! - y[0]!);
    dy[1] = y[0]! * (rho - y[2]!) - y[1]!;
    dy[2] = y[0]! * y[1]! - (8 / 3) * y[2]!;
  };
  const errorScaleFunction = (_i: number, _dt: number, y: number): number => 1 + Math.abs(y);
  const solver = integrator(Float64Array.from(y0), lorenz, 0, 1e-3, { tol, errorScaleFunction });
  while (solver.step(end));
  return solver.y;
}

export const attempts: Attempts = {
  W7a: () => one("error by 1 + |y|", (end) => solve([1, 1, 1], 28, end, 1e-8)),
  "W7b.adaptive": () => oneByOne("one by one", (rho) => solve([1, 0, 0], rho, 1, 1e-6)),
};
