import { valueAndGrad } from "@dzdt/autograd";
import { hnn, optim, type HnnParams } from "@dzdt/models";
import { constant, dopri5, implicitEuler, odeint, type OdeintOptions, pid, rk4, SolveError } from "@dzdt/odeint";
import {
  compile,
  matmul,
  random,
  scan,
  type Target,
  type Tensor,
  tensor,
  tree,
  type Tree,
  wasm,
  withTarget,
} from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { gpu } from "./webgpu-target";

type F = (...xs: Tensor[]) => Tree;

const normal = (seed: number, ...shape: number[]): Tensor =>
  random.normal(random.key(seed), shape, { dtype: "float32" });

/** All numbers of a result. */
async function numbersOf(result: Tree): Promise<number[]> {
  const leaves = tree.leaves(result) as Tensor[];
  return (await Promise.all(leaves.map((x) => x.data()))).flatMap((x) => Array.from(x));
}

/** What a function gives on the device is what it gives on wasm, and a workgroup computed it together. */
async function agrees(f: F, inputs: () => Tensor[], rtol: number): Promise<void> {
  const target = await gpu();
  const on = (where: Target): Promise<number[]> =>
    numbersOf(withTarget(where, () => compile((...xs: Tensor[]) => f(...xs))(...inputs())));
  const text = withTarget(target, () => compile((...xs: Tensor[]) => f(...xs)).inspect(...inputs()));
  expect(/by \d+ together: 1 workgroups/.test(text)).toBe(true);
  const [found, expected] = [await on(target), await on(wasm())];
  expect(found.length).toBe(expected.length);
  const size = Math.max(...expected.map(Math.abs));
  expect(size).toBeGreaterThan(1e-4);
  const worst = Math.max(...found.map((x, i) => (Number.isNaN(x) ? Infinity : Math.abs(x - expected[i]!))));
  expect(worst / size).toBeLessThan(rtol);
}

/** A network of one hidden layer: its weights are the last four arguments. */
const mlp = (y: Tensor, [a, b, c, d]: readonly Tensor[]): Tensor =>
  matmul(matmul(y, a!).add(b!).tanh(), c!).add(d!).mul(0.5);
const weights = (seed: number, inputs: number, hidden: number): Tensor[] => [
  normal(seed, inputs, hidden),
  normal(seed + 1, hidden).mul(0.1),
  normal(seed + 2, hidden, inputs).mul(0.2),
  normal(seed + 3, inputs).mul(0.1),
];

const network = (options: Partial<OdeintOptions<Tensor>>) => {
  return (y0: Tensor, ...p: Tensor[]): Tensor =>
    odeint((_t, y: Tensor) => mlp(y.mul(y).mul(y), p), y0, [0, 0.1, 0.25], { maxSteps: 200, ...options }).ys;
};

/** The loss of a solve, and its gradient in the weights. */
const training = (solve: (y0: Tensor, ...p: Tensor[]) => Tensor): F => {
  return (y0, ...p) =>
    valueAndGrad((p: Tensor[]) =>
      solve(y0, ...p)
        .abs()
        .mean(),
    )(p);
};

describe("a workgroup runs what is one loop over arrays", { timeout: 180_000 }, () => {
  const inputs = (): Tensor[] => [normal(1, 20, 2), ...weights(2, 2, 50)];
  const adaptive = { solver: dopri5, controller: pid({ rtol: 1e-4, atol: 1e-6 }) };

  test("a step of training of a neural ODE, by steps that follow errors", async () => {
    await agrees(training(network(adaptive)), inputs, 1e-4);
  });

  test("by steps of one length", async () => {
    const controller = constant({ dt: 0.05 });
    await agrees(training(network({ solver: rk4, controller })), inputs, 1e-4);
  });

  test("by an implicit solver", async () => {
    const controller = constant({ dt: 0.1 });
    const solve = (y0: Tensor, ...p: Tensor[]): Tensor =>
      odeint((_t, y: Tensor) => mlp(y, p), y0, [0, 0.2], { solver: implicitEuler, controller }).ys;
    await agrees(
      (y0, ...p) => solve(y0, ...p),
      () => [normal(1, 5, 2), ...weights(2, 2, 3)],
      1e-3,
    );
  });

  test("a neural SDE by steps of one length, and its gradient", async () => {
    const loss = (y0: Tensor, dW: Tensor, p: Tensor[]): Tensor => {
      const [f, g] = [p.slice(0, 4), p.slice(4)];
      const [end] = scan((y: Tensor, dw: Tensor) => [y.add(mlp(y, f).mul(0.01)).add(mlp(y, g).mul(dw)), []], y0, dW);
      return end.square().mean();
    };
    await agrees(
      (y0, dW, ...p) => valueAndGrad((p: Tensor[]) => loss(y0, dW, p))(p),
      () => [normal(1, 64, 3), normal(2, 12, 64, 3).mul(0.1), ...weights(3, 3, 64), ...weights(7, 3, 64)],
      1e-4,
    );
  });

  test("five steps of training of an HNN, and one more derivative", async () => {
    const model = hnn({ dim: 1, hidden: [24] });
    const optimizer = optim.adam({ rate: 1e-2 });
    const run: F = (y, dy) => {
      const params = model.init(random.key(3));
      const start = [params, optimizer.init(params)] as unknown as Tree;
      const [end, losses] = scan(
        (carry: Tree) => {
          const [now, state] = carry as unknown as [HnnParams, never];
          const [loss, slope] = valueAndGrad((p: HnnParams) => model.loss(p, { y: y, dy: dy }))(now);
          const [next, after] = optimizer.update(slope, state, now);
          return [[next, after], loss];
        },
        start,
        undefined,
        { length: 5 },
      );
      return [end, losses];
    };
    await agrees(run, () => [normal(1, 30, 2), normal(2, 30, 2)], 1e-3);
  });

  test("failures are those of the solve", async () => {
    const target = await gpu();
    const bursts = (y0: Tensor): Tensor => odeint((_t, y: Tensor) => y.mul(y), y0, [0, 3], { maxSteps: 40 }).ys;
    const result = withTarget(target, () => compile(bursts)(normal(1, 20, 5).abs().add(1)));
    await expect(result.data()).rejects.toThrow(SolveError);
    expect(await tensor([1, 2], { target }).add(1).array()).toEqual([2, 3]);
  });
});
