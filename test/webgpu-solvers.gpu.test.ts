import {
  constant,
  hamiltonian,
  imex,
  langevin,
  odeint,
  type OdeintOptions,
  pid,
  rodas5p,
  sdeint,
  type SdeSolver,
  separable,
  type Solver,
} from "@dzdt/odeint";
import { concat, cos, neg, random, sin, type Tensor } from "@dzdt/tensor";
import { describe, test } from "vitest";
import { agrees, odeSolvers, sdeSolvers, type Solve } from "./webgpu-solvers";

const at = (x: Tensor, i: number): Tensor => x.slice([i], [i + 1]);

/** A scalar equation, of which one part is stiff: its state and its stiffness are the parameters. */
const slow = (t: Tensor, y: Tensor): Tensor => neg(y).add(cos(t));
const stiff = (_t: Tensor, y: Tensor, mu: Tensor): Tensor => y.square().neg().add(1).mul(y).mul(mu);
const field = (t: Tensor, y: Tensor, mu: Tensor): Tensor => slow(t, y).add(stiff(t, y, mu));
const parts = imex({ explicit: slow, implicit: stiff });
const start = [1.2, -0.4, 2];

/** Solves with some steps of one length. */
const inSteps =
  (solver: Solver): Solve =>
  (x) =>
    odeint(solver.kind === "imex" ? parts : field, at(x, 0), [0, 0.1, 0.2, 0.3], {
      solver,
      controller: constant(),
      args: at(x, 2),
    } as OdeintOptions<Tensor>).ys;

const spring = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => neg(sin(q)) });
const curved = hamiltonian((q: Tensor, p: Tensor) => p.square().mul(q.square().mul(0.1).add(0.5)).sub(cos(q)).sum());

const conserving =
  (solver: Solver): Solve =>
  (x) => {
    const y0 = { q: at(x, 0), p: at(x, 1) };
    const { ys } = odeint(solver.kind === "symplectic" ? spring : curved, y0, [0, 0.1, 0.2, 0.3], {
      solver,
      controller: constant(),
    });
    return concat([ys.q, ys.p], 1);
  };

const choosing = (solver: Solver): boolean =>
  solver.kind === "stepper" && ["adamsBashforthMoulton", "auto", "bdf", "odex"].includes(solver.name);
const ofHamiltonians = (solver: Solver): boolean => solver.kind === "symplectic" || solver.name === "tao";
const plain = odeSolvers.filter(([, solver]) => !choosing(solver) && !ofHamiltonians(solver));

describe("steps of one length and their gradient are those on wasm", () => {
  test.each(plain)("%s", async (_name, solver) => {
    await agrees(inSteps(solver), start, { value: 1e-5, gradient: 3e-5 });
  });

  test.each(odeSolvers.filter(([, solver]) => ofHamiltonians(solver)))("%s", async (_name, solver) => {
    await agrees(conserving(solver), start, { value: 3e-6, gradient: 1e-5 });
  });
});

describe("steps that are chosen by their errors, and the gradient through them", () => {
  const adaptive = odeSolvers.filter(
    ([name, solver]) =>
      choosing(solver) || ["tsit5", "kvaerno5", "kencarp4", "radau5", "reversibleHeun"].includes(name),
  );
  const controller = pid({ rtol: 1e-3, atol: 1e-4 });

  test.each(adaptive)("%s", async (_name, solver) => {
    const solve: Solve = (x) =>
      odeint(solver.kind === "imex" ? parts : field, at(x, 0), [0, 0.5], {
        solver,
        controller,
        args: at(x, 2),
        maxSteps: 200,
      } as OdeintOptions<Tensor>).ys;
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
});

describe("stochastic steps and their gradient are those on wasm", () => {
  const key = random.key(5);
  const langevinField = langevin({ force: (q: Tensor) => neg(sin(q)), friction: 0.7, temperature: 0.8 });
  const solveOf =
    (solver: SdeSolver): Solve =>
    (x) => {
      if (solver.kind === "langevin") {
        const y0 = { q: at(x, 0), p: at(x, 1) };
        const { ys } = sdeint(langevinField, y0, [0, 0.25, 0.5], { key, solver, dt: 0.125 });
        return concat([ys.q, ys.p], 1);
      }
      const additive = solver.kind === "additive";
      const sde = {
        drift: (t: Tensor, y: Tensor, a: Tensor) => neg(y).mul(a).add(sin(t)),
        diffusion: (t: Tensor, y: Tensor, a: Tensor) =>
          additive ? y.mul(0).add(a.mul(0.2).mul(cos(t))) : sin(y).mul(a).mul(0.3),
        noise: additive ? "additive" : "diagonal",
        calculus: solver.calculus === "either" ? "ito" : solver.calculus,
      } as const;
      const options = { key, solver, dt: 0.125, args: at(x, 2) };
      return sdeint(sde as never, at(x, 0), [0, 0.25, 0.5], options as never).ys as unknown as Tensor;
    };

  test.each(sdeSolvers)("%s", async (_name, solver) => {
    await agrees(solveOf(solver), start, { value: 1e-5, gradient: 3e-5 });
  });
});
