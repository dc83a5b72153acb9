import { valueAndGrad } from "@dzdt/autograd";
import { fieldNetwork, hnn, optim } from "@dzdt/models";
import { compile, random, type Target, type Tensor, tensor, tree, type Tree, wasm, withTarget } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { gpu } from "./webgpu-target";

type Params = Readonly<Record<string, Tensor>>;

/** A model in training: how it begins, and its loss on data. */
interface Training {
  readonly init: (key: Tensor) => Tree;
  readonly loss: (params: never, data: never) => Tensor;
  readonly data: () => Tree;
}

const samples = (f: (i: number) => number): Tensor =>
  tensor(Array.from({ length: 12 }, (_, i) => [f(2 * i), f(2 * i + 1)]));

const derivatives = (): Tree => ({
  y: samples((i) => Math.sin(i)),
  dy: samples((i) => (i % 2 === 0 ? Math.sin(i + 1) : -Math.sin(i - 1))),
});

const windows = (): Tree => ({
  windows: tensor(
    Array.from({ length: 6 }, (_, n) =>
      Array.from({ length: 4 }, (_, i) => [Math.cos(n + 0.1 * i), -Math.sin(n + 0.1 * i)]),
    ),
  ),
  dt: tensor(0.1),
});

const network = fieldNetwork({ dim: 2, hidden: [12] });
const energy = hnn({ dim: 1, hidden: [12] });
const damped = hnn({ dim: 1, hidden: [12], damping: "scalar" });
const trainings: Readonly<Record<string, Training>> = {
  "fieldNetwork, on derivatives": { ...network, data: derivatives },
  "fieldNetwork, through a solve": { ...network, loss: network.trajectoryLoss, data: windows },
  "hnn, on derivatives": { ...energy, data: derivatives },
  "hnn, through a solve": { ...energy, loss: energy.trajectoryLoss, data: windows },
  "hnn with damping, through a solve": { ...damped, loss: damped.trajectoryLoss, data: windows },
};

/** The losses of two steps, and the parameters after them. */
async function train({ init, loss, data }: Training, target: Target): Promise<{ losses: number[]; params: number[] }> {
  const optimizer = optim.adam({ rate: 1e-2 });
  const step = compile((params: Params, state: Tree, given: Tree) => {
    const [value, gradient] = valueAndGrad((p: Params) => loss(p as never, given as never))(params);
    return [value, ...optimizer.update(gradient, state as never, params)];
  }) as unknown as (...args: Tree[]) => [Tensor, Tree, Tree];
  const [first, second] = withTarget(target, () => {
    const params = init(random.key(3));
    const given = data();
    const one = step(params, optimizer.init(params), given);
    return [one, step(one[1], one[2], given)];
  });
  const leaves = await Promise.all((tree.leaves(second[1]) as Tensor[]).map((x) => x.data()));
  return {
    losses: await Promise.all([first, second].map(([value]) => value.item())),
    params: leaves.flatMap((x) => Array.from(x)),
  };
}

test.each(Object.entries(trainings))("%s, trains as on wasm", async (_name, training) => {
  const expected = await train(training, wasm());
  const found = await train(training, await gpu());
  found.losses.forEach((loss, n) => expect(loss / expected.losses[n]!).toBeCloseTo(1, 4));
  const apart = found.params.map((x, i) => Math.abs(x - expected.params[i]!));
  expect(Math.max(...apart)).toBeLessThan(1e-4);
});
