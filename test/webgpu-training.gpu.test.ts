import { valueAndGrad } from "@dzdt/autograd";
import { hnn, optim, type HnnParams } from "@dzdt/models";
import { compile, random, type Target, type Tensor, tensor, tree, type Tree, wasm, withTarget } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { gpu } from "./webgpu-target";

const rows = 24;
const values = (f: (i: number) => number): number[][] =>
  Array.from({ length: rows }, (_, i) => [f(2 * i), f(2 * i + 1)]);

/** Losses of some steps of an HNN's training, and the parameters afterwards. */
async function train(target: Target, steps: number): Promise<{ losses: number[]; params: number[] }> {
  const model = hnn({ dim: 1, hidden: [16, 16] });
  const optimizer = optim.adam({ rate: 1e-2 });
  const step = compile(
    (params: HnnParams, state: Tree, y: Tensor, dy: Tensor) => {
      const [loss, gradient] = valueAndGrad((p: HnnParams) => model.loss(p, { y, dy }))(params);
      const [next, after] = optimizer.update(gradient, state as never, params);
      return [loss, next, after];
    },
    { donate: [0, 1] },
  ) as unknown as (...args: Tree[]) => [Tensor, Tree, Tree];
  const start = withTarget(target, (): { params: Tree; state: Tree; y: Tensor; dy: Tensor } => {
    const params = model.init(random.key(3)) as unknown as Tree;
    const y = tensor(values((i) => Math.sin(i)));
    const dy = tensor(values((i) => (i % 2 === 0 ? Math.sin(i + 1) : -Math.sin(i - 1))));
    return { params, state: optimizer.init(params), y, dy };
  });
  let { params, state } = start;
  const losses: Tensor[] = [];
  for (let n = 0; n < steps; n++) {
    const [loss, next, after] = withTarget(target, () => step(params, state, start.y, start.dy));
    losses.push(loss);
    [params, state] = [next, after];
  }
  const leaves = await Promise.all((tree.leaves(params) as Tensor[]).map((x) => x.data()));
  return {
    losses: await Promise.all(losses.map((x) => x.item())),
    params: leaves.flatMap((x) => Array.from(x)),
  };
}

test("training steps of an HNN are those of wasm", async () => {
  const expected = await train(wasm(), 5);
  const found = await train(await gpu(), 5);
  found.losses.forEach((loss, n) => expect(loss).toBeCloseTo(expected.losses[n]!, 4));
  expect(found.losses[4]).toBeLessThan(found.losses[0]!);
  const far = found.params.map((x, i) => Math.abs(x - expected.params[i]!));
  expect(Math.max(...far)).toBeLessThan(2e-3);
}, 300_000);

test("10,000 training steps leave the memory of the device as it was", async () => {
  const target = await gpu();
  const x = tensor([1, 2, 3, 4], { target });
  const y = tensor([2, 4, 6, 8], { target });
  const step = compile(
    (w: Tensor) => {
      const [loss, slope] = valueAndGrad((v: Tensor) => x.mul(v).sub(y).square().mean())(w);
      return [loss, w.sub(slope.mul(0.01))];
    },
    { donate: [0] },
  );
  let w = tensor(0, { target });
  const run = async (steps: number): Promise<void> => {
    for (let n = 0; n < steps; n++) {
      const [loss, next] = step(w) as [Tensor, Tensor];
      w = next;
      if (n % 250 === 249) expect(await loss.item()).toBeLessThan(100);
      loss.dispose();
    }
  };
  await run(500);
  const held = (): number => target.memory().bytes + target.memory().pooled + target.memory().working;
  const before = held();
  await run(9500);
  expect(held()).toBe(before);
  expect(target.memory().buffers).toBeLessThan(10_000 / 50);
  expect(await w.item()).toBeCloseTo(2, 4);
}, 300_000);
