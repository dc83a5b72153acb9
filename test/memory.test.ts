import { valueAndGrad } from "@dzdt/autograd";
import { hnn, type HnnParams, optim } from "@dzdt/models";
import { odeint, tsit5 } from "@dzdt/odeint";
import { compile, random, tensor, type Tensor } from "@dzdt/tensor";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes that are alive, in the engine's heap and in buffers outside of it. */
function alive(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** What repetitions leave behind, bytes, once the engine has optimised its code, which stays. */
function growth(step: () => void, warmUp: number, repetitions = 10_000): number {
  for (let k = 0; k < warmUp; k++) step();
  const before = alive();
  for (let k = 0; k < repetitions; k++) step();
  return alive() - before;
}

/** Less than a number for every repetition. */
const little = 64 * 1024;

test("10,000 training steps with donated parameters leave nothing behind", () => {
  const model = hnn({ dim: 1, hidden: [8] });
  const optimizer = optim.adam({ rate: 1e-3 });
  const batch = {
    y: tensor([
      [0.1, 0.2],
      [0.3, 0.4],
    ]),
    dy: tensor([
      [0.2, -0.1],
      [0.4, -0.3],
    ]),
  };
  const start = (params: HnnParams) => ({ params, state: optimizer.init(params) });
  type State = ReturnType<typeof start>;
  const update = compile(
    ({ params, state }: State) => {
      const [loss, gradient] = valueAndGrad((p: HnnParams) => model.loss(p, batch))(params);
      const [next, after] = optimizer.update(gradient, state, params);
      return { loss, next: { params: next, state: after } };
    },
    { donate: [0] },
  );
  let now = start(model.init(random.key(1)));
  expect(growth(() => (now = update(now).next), 10_000)).toBeLessThan(little);
});

test("10,000 operations that are not compiled leave nothing behind", () => {
  let x = tensor([1, 2, 3, 4]);
  const half = tensor(0.5);
  expect(growth(() => (x = x.mul(half).add(1).tanh()), 20_000)).toBeLessThan(little);
});

test("1,000 solves that are traced anew leave nothing behind", () => {
  const field = (_t: Tensor, y: Tensor): Tensor => y.neg();
  let y = tensor([1, 2]);
  const solve = (): void => {
    y = odeint(field, y, [0, 1], { solver: tsit5 }).ys.slice([1], [2]).reshape([2]).add(1);
  };
  // One tape is over 20 kB.
  expect(growth(solve, 2000, 1000) / 1000).toBeLessThan(512);
});
