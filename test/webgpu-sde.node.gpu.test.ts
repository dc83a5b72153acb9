import {
  backsolve,
  brownianSteps,
  discretize,
  langevin,
  logqp,
  reversible,
  reversibleHeun,
  sdeint,
  type SdeSolver,
  slowRk,
} from "@dzdt/odeint";
import { vmap } from "@dzdt/autograd";
import {
  compile,
  concat,
  cos,
  neg,
  random,
  sin,
  type Target,
  type Tensor,
  tensor,
  wasm,
  withTarget,
} from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { gpu } from "./webgpu-target";
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

describe("a stochastic equation", { timeout: 180_000 }, () => {
  const sde = {
    drift: (t: Tensor, y: Tensor, a: Tensor) => neg(y).mul(a).add(sin(t)),
    diffusion: (_t: Tensor, y: Tensor, a: Tensor) => sin(y).mul(a).mul(0.3),
    calculus: "stratonovich",
  } as const;

  test("with steps chosen by their errors", async () => {
    const solve: Solve = (x) =>
      sdeint(sde, at(x, 0), [0, 0.5], { key: random.key(3), rtol: 1e-2, atol: 1e-3, args: at(x, 2) }).ys;
    await agrees(solve, start, { value: 1e-4, gradient: 1e-3 });
  });

  test("and the divergence of another drift", async () => {
    const solve: Solve = (x) => {
      const options = { key: random.key(3), dt: 0.125, args: at(x, 2) };
      const { ys, kl } = logqp(sde, (_t: Tensor, y: Tensor) => neg(y), at(x, 0), [0, 0.5], options);
      return concat([ys.reshape([2]), kl.reshape([1])]);
    };
    await agrees(solve, start, { value: 1e-5, gradient: 1e-4 });
  });
});

describe("steps that are drawn one by one", { timeout: 180_000 }, () => {
  const sde = {
    drift: (t: Tensor, y: Tensor, a: Tensor) => neg(y).mul(a).add(sin(t)),
    diffusion: (_t: Tensor, y: Tensor, a: Tensor) => sin(y).mul(a).mul(0.3),
    calculus: "stratonovich",
  } as const;
  const path = brownianSteps({ key: random.key(6) });

  test.each([
    ["reversible", reversibleHeun, reversible()],
    ["backsolve", slowRk, backsolve()],
    ["discretize", slowRk, discretize()],
  ] as const)("have on wasm the same numbers, and the same gradient by %s", async (_name, solver, adjoint) => {
    const solve: Solve = (x) =>
      sdeint(sde, x.slice([0], [2]), [0, 0.5, 1], { path, solver, adjoint, dt: 0.125, args: at(x, 2) }).ys;
    await agrees(solve, start, { value: 1e-5, gradient: 1e-4 });
  });

  test("are taken far from t = 0 too", async () => {
    const still = { drift: (_t: Tensor, y: Tensor) => neg(y), diffusion: (_t: Tensor, y: Tensor) => sin(y) };
    const solve: Solve = (x) => sdeint(still, x, [4096, 4097], { path, dt: 2 ** -10 }).ys;
    await agrees(solve, start, { value: 1e-5, gradient: 1e-4 });
  });
});

test("steps shorter than a float32 of the time can tell are refused", async () => {
  const sde = { drift: (_t: Tensor, y: Tensor) => neg(y), diffusion: (_t: Tensor, y: Tensor) => y };
  const y0 = tensor([1, 2], { dtype: "float32", target: await gpu() });
  const solve = (t0: number) => sdeint(sde, y0, [t0, t0 + 1], { key: random.key(1), dt: 0.01 });
  expect(() => solve(1e6)).toThrow(
    /sdeint: steps of 0.01 at times as large as 1000001 are more than a float32 can tell/,
  );
  expect(() => solve(100)).not.toThrow();
});

test("many paths are as many invocations, with the numbers of wasm", async () => {
  const sde = {
    drift: (_t: Tensor, y: Tensor) => neg(y),
    diffusion: (_t: Tensor, y: Tensor) => sin(y).mul(0.3),
  };
  const driven = [(key: Tensor) => ({ key }), (key: Tensor) => ({ path: brownianSteps({ key }) })];
  for (const by of driven) {
    const paths = compile(
      vmap(
        (key: Tensor) =>
          sdeint(sde, tensor([1.2, 0.4], { dtype: "float32", target: key.target }), [0, 0.5, 1], {
            ...by(key),
            dt: 0.125,
          }).ys,
      ),
    );
    const on = async (target: Target): Promise<number[]> =>
      Array.from(await withTarget(target, () => [paths(random.split(random.key(3), 32))])[0]!.data());
    const [expected, found] = [await on(wasm()), await on(await gpu())];
    expect(new Set(expected).size).toBeGreaterThan(100);
    expect(Math.max(...expected.map((x, i) => Math.abs(x - found[i]!)))).toBeLessThan(3e-6);
  }
});
