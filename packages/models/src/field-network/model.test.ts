import { random, type Tensor } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { adam } from "../optim";
import { fit } from "../train";
import { fieldNetwork } from "./index";

const key = random.key(0);
const y = random.normal(random.key(1), [8, 2]);
const data = { y, dy: y.neg() };
const model = fieldNetwork({ dim: 2, hidden: [16] });

test("it overfits 8 samples, and its rollout follows the learned field", async () => {
  const { params, losses } = await fit({ model, data, optimizer: adam({ rate: 1e-2 }), steps: 600, key });
  expect(losses.at(-1)!).toBeLessThan(1e-3);
  const ys = model.rollout(params, y, [0, 0.5]);
  expect(ys.shape).toEqual([2, 8, 2]);
  const end = ys.slice([1, 0, 0], [2, 8, 2]).reshape([8, 2]);
  expect(
    end
      .sub(y.mul(Math.exp(-0.5)))
      .abs()
      .max()
      .itemSync(),
  ).toBeLessThan(0.1);
});
test("it trains through the solver", async () => {
  const windows = y.stack([y.mul(Math.exp(-0.1)), y.mul(Math.exp(-0.2))], 1);
  const { losses } = await fit({
    model: { init: model.init },
    loss: (p, batch: { windows: Tensor; dt: number }) => model.trajectoryLoss(p, batch),
    data: { windows, dt: 0.1 },
    optimizer: adam({ rate: 1e-2 }),
    steps: 200,
    key,
  });
  expect(losses.at(-1)!).toBeLessThan(1e-3);
});
