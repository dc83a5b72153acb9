import { type Tensor, tensor } from "@dzdt/tensor";
import { constant } from "../controllers/constant";
import { odeint } from "../odeint";
import type { Solver } from "../solver";
import { observedOrder, type ObservedOrder, type ObservedOrderOptions } from "./observed-order";
import type { TestProblem } from "./problems";

const numbers = (x: Tensor): number[] => Array.from(x.dataSync());
const farthest = (x: readonly number[], y: readonly number[]): number =>
  x.length === y.length ? Math.max(0, ...x.map((value, i) => Math.abs(value - y[i]!))) : NaN;

/**
 * The error at t1 of a problem solved in `steps` equal steps: the largest of its components, in float64.
 * @param solver any that takes steps of one length, and states `[n]`
 * @throws SolveError when the solve fails
 */
export function solutionError(solver: Solver, { field, y0, t0, t1, solution }: TestProblem, steps: number): number {
  const start = tensor([...y0], { dtype: "float64" });
  const controller = constant({ dt: (t1 - t0) / steps });
  return farthest(numbers(odeint(field, start, [t0, t1], { solver, controller }).ys).slice(y0.length), solution);
}

/** What `denseError` looks at. */
export interface DenseErrorOptions {
  /** Times from t0 to t1, among steps. @defaultValue 33 */
  readonly places?: number;
}

/**
 * The largest error of the dense output at places over the whole solve, of a problem of which a formula is known.
 * @throws Error when the problem has no formula; SolveError when the solve fails
 */
export function denseError(
  solver: Solver,
  problem: TestProblem,
  steps: number,
  { places = 33 }: DenseErrorOptions = {},
): number {
  const { name, field, y0, t0, t1, exact } = problem;
  if (!exact) throw new Error(`denseError: ${name} has no formula; take a problem with \`exact\`, or give it one`);
  const start = tensor([...y0], { dtype: "float64" });
  const controller = constant({ dt: (t1 - t0) / steps });
  const { at } = odeint(field, start, [t0, t1], { solver, controller });
  const times = Array.from({ length: places }, (_, i) => t0 + ((i + 0.5) * (t1 - t0)) / places);
  return farthest(numbers(at(times)), times.flatMap(exact));
}

/**
 * The order at which a solver converges on a problem: of its error at t1 in 4, 8, 16 … equal steps.
 * @throws Error when fewer errors than needed are within `options.window`
 * @example convergence(rk4, pendulum).order // 4.0
 */
export const convergence = (solver: Solver, problem: TestProblem, options?: ObservedOrderOptions): ObservedOrder =>
  observedOrder((steps) => solutionError(solver, problem, steps), options);
