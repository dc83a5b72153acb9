import { random, tensor, type Tensor } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { mlp } from "../nn";
import { adam, clipByGlobalNorm, sgd } from "../optim";
import { type CheckpointStore, fit, type FitOptions } from "./index";

const net = mlp({ sizes: [2, 8, 1] });
type Params = ReturnType<typeof net.init>;
type Data = { readonly x: Tensor; readonly y: Tensor };
const x = random.normal(random.key(1), [20, 2]);
const data: Data = { x, y: x.sum(1).sin().expandDims(1) };
const base: FitOptions<Params, Data> = {
  model: {
    init: (key) => net.init(key),
    loss: (params, batch) => net.apply(params, batch.x).sub(batch.y).square().mean(),
  },
  data,
  optimizer: adam({ rate: 1e-2 }),
  steps: 30,
  key: random.key(7),
};

function memory(): CheckpointStore & { bytes: Uint8Array | undefined } {
  return {
    bytes: undefined,
    read() {
      return Promise.resolve(this.bytes);
    },
    write(bytes) {
      this.bytes = bytes.slice();
      return Promise.resolve();
    },
  };
}
const numbers = (params: Params): number[] =>
  params.layers.flatMap(({ weight, bias }) => [...weight.dataSync(), ...(bias ? bias.dataSync() : [])]);

test("the loss falls, and the same key gives the same losses", async () => {
  const { losses, step, stopped } = await fit({ ...base, steps: 200 });
  expect(losses).toHaveLength(200);
  expect([step, stopped]).toEqual([200, false]);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 10);
  expect((await fit({ ...base, steps: 200 })).losses).toEqual(losses);
});
test.each([undefined, 6])(
  "a run resumed from its checkpoint equals one without a break, bit for bit (batchSize %s)",
  async (batchSize) => {
    const options = { ...base, ...(batchSize ? { batchSize } : {}) };
    const whole = await fit(options);
    const checkpoint = memory();
    await fit({ ...options, steps: 13, checkpoint });
    const resumed = await fit({ ...options, checkpoint });
    expect(resumed.losses).toEqual(whole.losses);
    expect(numbers(resumed.params)).toEqual(numbers(whole.params));
    expect(resumed.step).toBe(30);
  },
);
test("an epoch of mini-batches sees each row once, in another order each time", async () => {
  const seen: number[][] = [];
  const rows = tensor([0, 1, 2, 3, 4, 5]);
  // The sum of weighted rows identifies the batch: 10^row.
  const result = await fit({
    params: { w: tensor(0) },
    loss: (p: { w: Tensor }, batch: { rows: Tensor }) => p.w.mul(0).add(batch.rows.mul(Math.log(10)).exp().sum()),
    data: { rows },
    optimizer: sgd({ rate: 0 }),
    steps: 6,
    batchSize: 2,
    key: random.key(0),
  });
  for (let e = 0; e < 2; e++) {
    const total = result.losses.slice(3 * e, 3 * e + 3).reduce((a, b) => a + b);
    expect(total).toBeCloseTo(111111, -1);
    seen.push([...result.losses.slice(3 * e, 3 * e + 3)]);
  }
  expect(seen[0]).not.toEqual(seen[1]);
});
test("the signal stops training after a step and leaves a checkpoint to go on from", async () => {
  const checkpoint = memory();
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 150);
  const stopped = await fit({ ...base, steps: 10_000_000, checkpoint, signal: abort.signal });
  expect(stopped.stopped).toBe(true);
  expect(stopped.step).toBeGreaterThan(0);
  expect(stopped.losses).toHaveLength(stopped.step);
  const again = await fit({ ...base, steps: stopped.step, checkpoint });
  expect(numbers(again.params)).toEqual(numbers(stopped.params));
});
test("progress tells step, loss, rate and time left", async () => {
  const seen: { step: number; steps: number; loss: number; rate: number; secondsLeft: number }[] = [];
  const { losses } = await fit({ ...base, onProgress: (p) => seen.push(p) });
  const last = seen.at(-1)!;
  expect([last.step, last.steps, last.secondsLeft, last.loss]).toEqual([30, 30, 0, losses.at(-1)]);
  expect(last.rate).toBeGreaterThan(0);
});
test("a loss that becomes NaN ends training with the step; the checkpoint keeps good parameters", async () => {
  const checkpoint = memory();
  const run = fit({ ...base, optimizer: sgd({ rate: 1e30 }), checkpoint });
  await expect(run).rejects.toThrow(
    /^fit: (the loss is (NaN|Infinity)|the gradient is not finite) at step \d+; lower the learning rate, or clip the gradients with optim.clipByGlobalNorm \(the checkpoint holds step \d+\)$/,
  );
  const bad = { x, y: data.y.mul(NaN) };
  await expect(fit({ ...base, data: bad })).rejects.toThrow(
    "fit: the loss is NaN at step 0; check the data and the starting parameters for NaN and infinity",
  );
  await expect(fit({ ...base, optimizer: clipByGlobalNorm(1, sgd({ rate: 0.01 })) })).resolves.toBeDefined();
});
test("a checkpoint of another run is refused, with the difference", async () => {
  const checkpoint = memory();
  await fit({ ...base, steps: 2, checkpoint });
  const wider = mlp({ sizes: [2, 9, 1] });
  await expect(fit({ ...base, params: wider.init(random.key(0)), checkpoint })).rejects.toThrow(
    "fit: the checkpoint is of another run: params is layers[0].bias float32[8] there and layers[0].bias float32[9] here; repeat the options of that run, or give an empty store",
  );
  await expect(fit({ ...base, key: random.key(8), checkpoint })).rejects.toThrow(
    "another run: key is 0 7 there and 0 8 here",
  );
  await expect(fit({ ...base, batchSize: 5, checkpoint })).rejects.toThrow("batchSize is all rows there and 5 here");
  checkpoint.bytes = new Uint8Array(5);
  await expect(fit({ ...base, checkpoint })).rejects.toThrow("fit: the checkpoint cannot be read");
});
test("options that do not fit are refused", async () => {
  await expect(fit({ ...base, steps: 1.5 })).rejects.toThrow("fit: steps is 1.5; give an integer of 0 or more");
  await expect(fit({ ...base, batchSize: 21 })).rejects.toThrow(
    "fit: batchSize is 21 for 20 rows; give an integer from 1 to 20",
  );
  await expect(fit({ ...base, data: { ...data, y: tensor([1]) }, batchSize: 2 })).rejects.toThrow(
    "fit: data.y has 1 rows and data.x 20 rows",
  );
  await expect(fit({ ...base, loss: (p, b) => net.apply(p, b.x) })).rejects.toThrow(
    "fit: the loss has shape [20, 1]; return a scalar",
  );
});
test("parameters that are given stay as they are, and may be one tensor in two places", async () => {
  const weight = tensor([1, -2]);
  const loss = ({ a, b }: { a: Tensor; b: Tensor }): Tensor => a.mul(2).add(b).sub(weight).square().sum();
  const run = { params: { a: weight, b: weight }, loss, data: {}, optimizer: sgd({ rate: 0.05 }), key: random.key(0) };
  const checkpoint = memory();
  const { params } = await fit({ ...run, steps: 50, checkpoint, checkpointEvery: 7 });
  expect([...weight.dataSync()]).toEqual([1, -2]);
  const ends = [params.a, params.b].flatMap((x) => [...x.dataSync()]);
  expect(ends[0]! * 2 + ends[2]!).toBeCloseTo(1, 4);
  // One more step each time, from the checkpoint, is the same.
  for (let steps = 1; steps <= 3; steps++) await fit({ ...run, steps: 50 + steps, checkpoint });
  const later = await fit({ ...run, steps: 53 });
  expect([...(await fit({ ...run, steps: 53, checkpoint })).params.a.dataSync()]).toEqual([
    ...later.params.a.dataSync(),
  ]);
});
