import { langevin, reversible, reversibleHeun, sdeint, type SdeSolver } from "@dzdt/odeint";
import { concat, cos, neg, random, sin, type Tensor } from "@dzdt/tensor";
import { describe, test } from "vitest";
import { agrees, at, sdeSolvers, type Solve, start } from "./webgpu-solvers";

describe("stochastic steps and their gradient are those on wasm", { timeout: 180_000 }, () => {
  const key = random.key(5);
  const langevinField = langevin({ force: (q: Tensor) => neg(sin(q)), friction: 0.7, temperature: 0.8 });
  const solveOf =
    (solver: SdeSolver): Solve =>
    (x) => {
      if (solver.kind === "langevin") {
        const y0 = { q: at(x, 0), p: at(x, 1) };
        const { ys } = sdeint(langevinField, y0, [0, 0.5], { key, solver, dt: 0.125 });
        return concat([ys.q, ys.p], 1);
      }
      const additive = solver.kind === "additive";
      const sde = {
        drift: (t: Tensor, y: Tensor, a: Tensor) => neg(y).mul(a).add(sin(t)),
        diffusion: (t: Tensor, y: Tensor, a: Tensor) => (additive ? a.mul(0.2).mul(cos(t)) : sin(y).mul(a).mul(0.3)),
        noise: additive ? "additive" : "diagonal",
        calculus: solver.calculus === "either" ? "ito" : solver.calculus,
      } as const;
      const options = { key, solver, dt: 0.125, args: at(x, 2) };
      return sdeint(sde as never, at(x, 0), [0, 0.5], options as never).ys;
    };

  test.each(sdeSolvers)("%s", async (_name, solver) => {
    await agrees(solveOf(solver), start, { value: 1e-5, gradient: 3e-5 });
  });
});

test("steps that are undone give the gradient that they give on wasm", async () => {
  const sde = {
    drift: (t: Tensor, y: Tensor, a: Tensor) => neg(y).mul(a).add(sin(t)),
    diffusion: (_t: Tensor, y: Tensor, a: Tensor) => sin(y).mul(a).mul(0.3),
    calculus: "stratonovich",
  } as const;
  const solve: Solve = (x) =>
    sdeint(sde, x.slice([0], [2]), [0, 0.5, 1], {
      key: random.key(4),
      solver: reversibleHeun,
      dt: 0.125,
      adjoint: reversible(),
      args: at(x, 2),
    }).ys;
  await agrees(solve, start, { value: 1e-5, gradient: 1e-4 });
});
