import {
  bosh3,
  heun,
  odeint,
  type OdeintOptions,
  odex,
  pid,
  rodas4,
  rodas5p,
  type Solver,
  stepDoubling,
} from "@dzdt/odeint";
import { concat, type Tensor, tensor } from "@dzdt/tensor";
import { describe, test } from "vitest";
import { agrees, at, choosing, field, odeSolvers, parts, pendulum, type Solve, start } from "./webgpu-solvers";

describe("steps that are chosen by their errors, and the gradient through them", { timeout: 180_000 }, () => {
  const some = ["tsit5", "kvaerno5", "kencarp4", "radau5", "reversibleHeun"];
  // Up to its highest order odex is long to compile.
  const adaptive = odeSolvers
    .filter(([name, solver]) => choosing(solver) || some.includes(name))
    .map(([name, solver]): [string, Solver] => [name, solver === odex ? odex.with({ order: 8 }) : solver]);
  const controller = pid({ rtol: 1e-3, atol: 1e-4 });

  test.each(adaptive)("%s", async (_name, solver) => {
    const solve: Solve = (x) =>
      odeint(solver.kind === "imex" ? parts : field, at(x, 0), [0, 0.5], {
        solver,
        controller,
        args: at(x, 2),
        maxSteps: 200,
      }).ys;
    await agrees(solve, start, { value: 1e-3, gradient: 3e-3 });
  });

  test("rodas5p, for van der Pol's oscillator, with outputs between steps", async () => {
    const oscillator = (_t: Tensor, y: Tensor, mu: Tensor): Tensor =>
      concat([at(y, 1), at(y, 0).square().neg().add(1).mul(at(y, 1)).mul(mu).sub(at(y, 0))]);
    const solve: Solve = (x) =>
      odeint(oscillator, x.slice([0], [2]), [0, 0.2, 0.5], {
        solver: rodas5p,
        controller,
        args: at(x, 2),
        maxSteps: 200,
      }).ys;
    await agrees(solve, start, { value: 1e-3, gradient: 3e-3 });
  });

  test.each<[string, OdeintOptions<Tensor>]>([
    ["stepDoubling", { solver: stepDoubling(heun), controller }],
    [
      "steps that end at jumps",
      { solver: bosh3, controller: pid({ rtol: 1e-3, atol: 1e-4, stepTs: [0.3], jumpTs: [0.6] }) },
    ],
    [
      "with a mass matrix",
      {
        solver: rodas4,
        controller,
        mass: tensor(
          [
            [1, 0],
            [0, 2],
          ],
          { dtype: "float32" },
        ),
      },
    ],
  ])("%s", async (_name, options) => {
    const solve: Solve = (x) =>
      odeint(pendulum, x.slice([0], [2]), [0, 1], { args: at(x, 2), maxSteps: 200, ...options }).ys;
    await agrees(solve, start, { value: 1e-3, gradient: 3e-3 });
  });
});
