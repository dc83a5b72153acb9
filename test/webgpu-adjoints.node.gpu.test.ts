import {
  backsolve,
  bosh3,
  constant,
  discretize,
  forwardSensitivity,
  interpolating,
  leapfrog,
  odeint,
  type OdeintOptions,
  pid,
  reversible,
  reversibleHeun,
  rk4,
  separable,
} from "@dzdt/odeint";
import { neg, sin, stack, type Tensor } from "@dzdt/tensor";
import { describe, test } from "vitest";
import { agrees, at, pendulum, type Solve, start } from "./webgpu-solvers";

const solved =
  (options: Omit<OdeintOptions<Tensor>, "args">): Solve =>
  (x) =>
    odeint(pendulum, x.slice([0], [2]), [0, 1], { args: at(x, 2), maxSteps: 300, ...options }).ys;

describe("adjoints give the gradients that they give on wasm", { timeout: 180_000 }, () => {
  const tight = pid({ rtol: 1e-4, atol: 1e-5 });
  const adjoints = {
    discretize: discretize({ checkpoints: "sqrt" }),
    backsolve: backsolve(),
    interpolating: interpolating(),
    forwardSensitivity: forwardSensitivity(),
  };
  test.each(Object.entries(adjoints))("%s, with steps chosen by their errors", async (_name, adjoint) => {
    await agrees(solved({ adjoint, solver: bosh3, controller: tight }), start, { value: 1e-3, gradient: 3e-3 });
  });

  test.each(Object.entries(adjoints))("%s, with steps of one length", async (_name, adjoint) => {
    const options = { adjoint, solver: rk4, controller: constant({ dt: 0.1 }) };
    await agrees(solved(options), start, { value: 1e-5, gradient: 3e-5 });
  });

  test("reversible", async () => {
    const options = { adjoint: reversible(), solver: reversibleHeun, controller: constant({ dt: 0.1 }) };
    await agrees(solved(options), start, { value: 1e-5, gradient: 1e-4 });
    const spring = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => neg(sin(q)) });
    const turning: Solve = (x) =>
      odeint(spring, { q: at(x, 0), p: at(x, 1) }, [0, 1], {
        solver: leapfrog,
        controller: constant({ dt: 0.1 }),
        adjoint: reversible(),
      }).ys.q;
    await agrees(turning, start, { value: 1e-5, gradient: 1e-4 });
  });

  test("of each of an ensemble", async () => {
    const solve: Solve = (x) => {
      const y0 = stack([0, 1, 2, 3].map((i) => x.slice([0], [2]).mul(1 + i / 4)));
      return odeint(pendulum, y0, [0, 1], {
        args: at(x, 2),
        batch: "independent",
        maxSteps: 300,
        solver: bosh3,
        controller: tight,
      }).ys;
    };
    await agrees(solve, start, { value: 1e-3, gradient: 3e-3 });
  });
});
