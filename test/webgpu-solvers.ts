import { valueAndGrad } from "@dzdt/autograd";
import * as odeintNames from "@dzdt/odeint";
import { imex, type SdeSolver, type Solver } from "@dzdt/odeint";
import { compile, concat, cos, neg, sin, type Target, type Tensor, tensor, wasm } from "@dzdt/tensor";
import { expect } from "vitest";
import { gpu } from "./webgpu-target";

const stochastic = ["stochastic", "additive", "rossler", "milstein", "logOde", "langevin"];

const offered = Object.entries(odeintNames as Readonly<Record<string, unknown>>).filter(
  (pair): pair is [string, Solver | SdeSolver] => typeof (pair[1] as { kind?: unknown } | undefined)?.kind === "string",
);

/** Whatever the front door offers that is a solver of ODEs, by name. */
export const odeSolvers = offered.filter((pair): pair is [string, Solver] => !stochastic.includes(pair[1].kind));

/** Likewise of SDEs. */
export const sdeSolvers = offered.filter((pair): pair is [string, SdeSolver] => stochastic.includes(pair[1].kind));

/** A function of some float32 numbers. */
export type Solve = (params: Tensor) => Tensor;

/** What a function gives, and the gradient of a weighted sum of that, as one program of a target. */
async function measured(target: Target, solve: Solve, params: readonly number[]): Promise<[number[], number[]]> {
  const weighed = (x: Tensor): [Tensor, Tensor] => {
    const values = solve(x);
    return [values.mul(values.mul(0.3).add(1)).sum(), values];
  };
  const run = compile(
    (x: Tensor) => {
      const [[, values], slope] = valueAndGrad(weighed, { hasAux: true })(x);
      return [values, slope];
    },
    { target },
  );
  const [values, slope] = run(tensor(params, { dtype: "float32", target })) as [Tensor, Tensor];
  return [Array.from(await values.data()), Array.from(await slope.data())];
}

/** Errors that are allowed, by the largest number. */
export interface Allowed {
  readonly value: number;
  readonly gradient: number;
}

/** A function and its gradient are on the device what they are on wasm. */
export async function agrees(solve: Solve, params: readonly number[], allowed: Allowed): Promise<void> {
  const [values, slope] = await measured(wasm(), solve, params);
  const [found, slopeThere] = await measured(await gpu(), solve, params);
  near("values", found, values, allowed.value);
  near("gradient", slopeThere, slope, allowed.gradient);
  expect(Math.max(...slope.map(Math.abs)), "the gradient says something").toBeGreaterThan(1e-3);
}

function near(what: string, found: readonly number[], expected: readonly number[], rtol: number): void {
  expect(found.length).toBe(expected.length);
  const size = Math.max(1, ...expected.map(Math.abs));
  const worst = expected.reduce((most, x, i) => {
    const apart = Math.abs(x - found[i]!);
    return Number.isNaN(apart) ? Infinity : Math.max(most, apart);
  }, 0);
  expect(worst / size, `${what}: ${found.join(" ")}; on wasm ${expected.join(" ")}`).toBeLessThanOrEqual(rtol);
}

/** A component, `[1]`. */
export const at = (x: Tensor, i: number): Tensor => x.slice([i], [i + 1]);

/** A scalar equation, of which one part is stiff: its state and its stiffness are the parameters. */
const slow = (t: Tensor, y: Tensor): Tensor => neg(y).add(cos(t));
const stiff = (_t: Tensor, y: Tensor, mu: Tensor): Tensor => y.square().neg().add(1).mul(y).mul(mu);
export const field = (t: Tensor, y: Tensor, mu: Tensor): Tensor => slow(t, y).add(stiff(t, y, mu));
export const parts = imex({ explicit: slow, implicit: stiff });
export const start = [1.2, -0.4, 2];

/** A damped pendulum: a state of two components, and damping as the third of the parameters. */
export const pendulum = (t: Tensor, y: Tensor, damping: Tensor): Tensor =>
  concat([
    at(y, 1),
    neg(sin(at(y, 0)))
      .sub(damping.mul(at(y, 1)))
      .add(cos(t).mul(0.1)),
  ]);

/** Does a solver choose its own order, or among others, by errors? */
export const choosing = (solver: Solver): boolean =>
  solver.kind === "stepper" && ["adamsBashforthMoulton", "auto", "bdf", "odex"].includes(solver.name);
