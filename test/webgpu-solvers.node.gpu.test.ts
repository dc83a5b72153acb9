import { constant, hamiltonian, odeint, separable, type Solver } from "@dzdt/odeint";
import { concat, cos, neg, sin, type Tensor } from "@dzdt/tensor";
import { describe, test } from "vitest";
import { agrees, at, choosing, field, odeSolvers, parts, type Solve, start } from "./webgpu-solvers";

/** Solves with some steps of one length. */
const inSteps =
  (solver: Solver): Solve =>
  (x) =>
    odeint(solver.kind === "imex" ? parts : field, at(x, 0), [0, 0.1, 0.2, 0.3], {
      solver,
      controller: constant(),
      args: at(x, 2),
    }).ys;

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

const ofHamiltonians = (solver: Solver): boolean => solver.kind === "symplectic" || solver.name === "tao";
const plain = odeSolvers.filter(([, solver]) => !choosing(solver) && !ofHamiltonians(solver));

describe("steps of one length and their gradient are those on wasm", { timeout: 180_000 }, () => {
  test.each(plain)("%s", async (_name, solver) => {
    await agrees(inSteps(solver), start, { value: 1e-5, gradient: 3e-5 });
  });

  test.each(odeSolvers.filter(([, solver]) => ofHamiltonians(solver)))("%s", async (_name, solver) => {
    await agrees(conserving(solver), start, { value: 3e-6, gradient: 1e-5 });
  });
});
