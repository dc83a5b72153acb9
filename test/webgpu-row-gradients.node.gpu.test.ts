import { grad, valueAndGrad, vmap } from "@dzdt/autograd";
import { discretize, dopri5, euler, odeint, pid } from "@dzdt/odeint";
import { matmul, scan, stack, type Tensor, tensor } from "@dzdt/tensor";
import { describe, test } from "vitest";
import { agrees, brief, type F, type Field, layer, network, normal, square, weights } from "./webgpu-rows";

/** States at the end, each from a solve with steps of its own. */
const mapped =
  (field: Field, options: object) =>
  ([y0, ...p]: readonly Tensor[]): Tensor =>
    vmap((y: Tensor) => odeint((_t, y: Tensor) => field(y, p), y, [0, 1], options).ys)(y0!);

const independent =
  (field: Field, options: object) =>
  ([y0, ...p]: readonly Tensor[]): Tensor =>
    odeint((_t, y: Tensor) => field(y, p), y0!, [0, 1], { ...options, batch: "independent" as const }).ys;

/** The loss of solves, and its gradient in the starts and the parameters. */
const training =
  (solve: (all: readonly Tensor[]) => Tensor): F =>
  (...all) =>
    valueAndGrad((all: Tensor[]) => solve(all).square().mean())(all);

/** Gradients of each trajectory's own loss. */
const ofEach =
  (field: Field, options: object): F =>
  (y0, ...p) =>
    vmap((y: Tensor) =>
      grad(([y, ...p]: Tensor[]) =>
        odeint((_t, y: Tensor) => field(y, p), y!, [0, 1], options)
          .ys.square()
          .mean(),
      )([y, ...p]),
    )(y0);

describe("gradients of trajectories that have a workgroup each", { timeout: 300_000 }, () => {
  describe("64 through a network of 50 units, summed over all", () => {
    const inputs = (): Tensor[] => [normal(9, 64, 2).mul(2), ...weights(2, 50, 2)];

    test("of independent solves", () => agrees(training(independent(network, brief)), inputs, 64, 1e-5));

    test("of mapped solves", () => agrees(training(mapped(network, brief)), inputs, 64, 1e-5));
  });

  describe("through 33 units", () => {
    const inputs = (): Tensor[] => [normal(9, 6, 33).mul(2), square(33)];

    test("of each trajectory's own loss", () => agrees(ofEach(layer, brief), inputs, 6, 1e-5));

    test("of mapped solves, of whose steps some are kept", () => {
      const adjoint = discretize({ checkpoints: "sqrt" });
      return agrees(training(mapped(layer, { ...brief, adjoint })), inputs, 6, 1e-5);
    });

    test("of independent solves, of whose steps some are kept", () => {
      const options = { solver: euler, dt0: 0.1, adjoint: discretize({ checkpoints: 4 }) };
      return agrees(training(independent(layer, options)), inputs, 6, 1e-5);
    });
  });

  test("of loops of one length that are mapped", async () => {
    const one = (x: Tensor, a: Tensor): Tensor =>
      scan((c: Tensor) => [matmul(c, a).tanh(), c.sum(1)], x, undefined, { length: 4 })[1];
    const run: F = (x, a) => vmap((x: Tensor) => grad((x: Tensor) => one(x, a).sum())(x))(x);
    await agrees(run, () => [normal(1, 3, 5, 9), normal(2, 9, 9)], 3, 1e-4);
  });
});

describe("a Lorenz ensemble, of which each trajectory is an invocation", { timeout: 300_000 }, () => {
  const lorenz: Field = (y, [p]) => {
    const [at, of] = [y, p!].map((x) => (k: number) => x.slice([k], [k + 1]).reshape([]));
    const [x, v, z] = [at!(0), at!(1), at!(2)];
    return stack([of!(0).mul(v.sub(x)), x.mul(of!(1).sub(z)).sub(v), x.mul(v).sub(of!(2).mul(z))]);
  };
  const options = { ...brief, solver: dopri5, controller: pid({ rtol: 1e-4, atol: 1e-5 }), dt0: 0.01 };
  const inputs = (): Tensor[] => [normal(1, 48, 3).mul(5).add(1), tensor([10, 28, 8 / 3], { dtype: "float32" })];

  // Differences grow by some 500 times on the way: rounding of 6e-8 is 3e-5.
  test("of independent solves", () =>
    agrees(training(independent(lorenz, options)), inputs, 48, 1e-4, { together: false }));

  test("of mapped solves", () => agrees(training(mapped(lorenz, options)), inputs, 48, 1e-4, { together: false }));
});
