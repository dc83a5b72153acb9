import { grad, valueAndGrad, vmap } from "@dzdt/autograd";
import { discretize, heun, odeint, pid } from "@dzdt/odeint";
import { matmul, scan, type Tensor } from "@dzdt/tensor";
import { describe, test } from "vitest";
import { agrees, type F, network, normal, weights } from "./webgpu-rows";

const own = {
  solver: heun,
  controller: pid({ rtol: 1e-2, atol: 1e-3 }),
  maxSteps: 100,
  batch: "independent" as const,
};

/** The loss of a solve, and its gradient in the start and the weights. */
const training = (options: object): F => {
  return (y0, ...p) =>
    valueAndGrad((all: Tensor[]) => {
      const field = (_t: Tensor, y: Tensor): Tensor => network(y, all.slice(1));
      return odeint(field, all[0]!, [0, 0.3, 1], { ...own, ...options })
        .ys.square()
        .mean();
    })([y0, ...p]);
};

describe("gradients of trajectories that have a workgroup each, summed over all", { timeout: 300_000 }, () => {
  test("64 through a network of 50 units", async () => {
    await agrees(training({}), () => [normal(9, 64, 2).mul(2), ...weights(2, 50, 2)], 64, 1e-4);
  });

  test("through two layers of 64 units, of whose steps some are kept", async () => {
    const adjoint = discretize({ checkpoints: "sqrt" });
    await agrees(training({ adjoint }), () => [normal(9, 8, 3).mul(2), ...weights(3, 64, 64, 3)], 8, 1e-4);
  });

  test("of loops of one length that are mapped", async () => {
    const one = (x: Tensor, a: Tensor): Tensor =>
      scan((c: Tensor) => [matmul(c, a).tanh(), c.sum(1)], x, undefined, { length: 4 })[1];
    const run: F = (x, a) => vmap((x: Tensor) => grad((x: Tensor) => one(x, a).sum())(x))(x);
    await agrees(run, () => [normal(1, 3, 5, 9), normal(2, 9, 9)], 3, 1e-4);
  });
});
