import { checkGrads } from "@dzdt/autograd/testing";
import { hamiltonian, leapfrog, odeint } from "@dzdt/odeint";
import { random, tensor, type Tensor } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { adam } from "../optim";
import { fit, load, save } from "../train";
import { hnn, type HnnParams } from "./index";

const key = random.key(0);
const y8 = random.uniform(random.key(1), [8, 2], { dtype: "float64" }).mul(2).sub(1);
/** Of H = q² + p². */
const spring = (y: Tensor): Tensor => y.flip(1).mul(tensor([[2, -2]], { dtype: "float64" }));
const small = hnn({ dim: 1, hidden: [16, 16] });
const double = (k = key): HnnParams => small.init(k, { dtype: "float64" });

test("the derivative is (∂H/∂p, −∂H/∂q), and the two forms of states agree", () => {
  const model = hnn({ dim: 2, hidden: [5] });
  const params = model.init(key, { dtype: "float64" });
  const y = random.normal(key, [3, 4], { dtype: "float64" });
  const [q, p] = [y.slice([0, 0], [3, 2]), y.slice([0, 2], [3, 4])];
  expect(model.energy(params, q, p).shape).toEqual([3]);
  const dy = model.field(params)(tensor(0), y);
  const pair = model.field(params)(tensor(0), { q, p });
  expect(pair.q.concat(pair.p, 1).arraySync()).toEqual(dy.arraySync());
  const h = 1e-6;
  const slope = (dq: Tensor, dp: Tensor): number =>
    model
      .energy(params, q.add(dq.mul(h)), p.add(dp.mul(h)))
      .sub(model.energy(params, q.sub(dq.mul(h)), p.sub(dp.mul(h))))
      .slice([0], [1])
      .itemSync() /
    (2 * h);
  const [e, zero] = [tensor([0, 1], { dtype: "float64" }), tensor([0, 0], { dtype: "float64" })];
  expect(slope(zero, e)).toBeCloseTo((dy.arraySync() as number[][])[0]![1]!, 8);
  expect(-slope(e, zero)).toBeCloseTo((dy.arraySync() as number[][])[0]![3]!, 8);
  expect(model.derivative(params, y.slice([0, 0], [1, 4]).reshape([4])).shape).toEqual([4]);
});
test("gradients of both losses agree with differences at size 2", () => {
  const tiny = hnn({ dim: 1, hidden: [2, 2], damping: "scalar" });
  const params = tiny.init(key, { dtype: "float64" });
  checkGrads((p: HnnParams) => tiny.loss(p, { y: y8, dy: spring(y8) }), [params], { order: 1, modes: ["reverse"] });
  const windows = random.normal(key, [2, 3, 2], { dtype: "float64" });
  checkGrads((p: HnnParams) => tiny.trajectoryLoss(p, { windows, dt: 0.3 }), [params], {
    order: 1,
    modes: ["reverse"],
  });
});
test("it overfits 8 samples, the same with the same seed", async () => {
  const run = () =>
    fit({
      model: small,
      data: { y: y8.cast("float32"), dy: spring(y8).cast("float32") },
      optimizer: adam({ rate: 1e-2 }),
      steps: 600,
      key,
    });
  const { losses } = await run();
  expect(losses.at(-1)!).toBeLessThan(1e-3);
  expect((await run()).losses).toEqual(losses);
});
test("parameters come back from bytes and predict the same", async () => {
  const damped = hnn({ dim: 1, hidden: [4], damping: "scalar" });
  const params = damped.init(key);
  const back = await load<HnnParams>(await save(params));
  const y = y8.cast("float32");
  expect(damped.derivative(back, y).arraySync()).toEqual(damped.derivative(params, y).arraySync());
});
test("the learned energy is conserved along a rollout, to the tolerance of the solver", () => {
  const params = double();
  const ts = [0, 2, 5, 10];
  const energyOf = (ys: Tensor): number[] => [
    ...small.energy(params, ys.slice([0, 0, 0], [4, 8, 1]), ys.slice([0, 0, 1], [4, 8, 2])).dataSync(),
  ];
  const ys = small.rollout(params, y8, ts, { rtol: 1e-10, atol: 1e-12 });
  const energies = energyOf(ys);
  energies.forEach((e, i) => expect(Math.abs(e - energies[i % 8]!)).toBeLessThan(1e-8));
  const loose = energyOf(small.rollout(params, y8, ts, { rtol: 1e-2, atol: 1e-2 }));
  expect(Math.max(...loose.map((e, i) => Math.abs(e - loose[i % 8]!)))).toBeGreaterThan(1e-8);
});
test("damping takes D·p from ṗ and nothing else, and starts at 0.01", () => {
  const model = hnn({ dim: 1, hidden: [16], damping: "scalar" });
  const params = model.init(key, { dtype: "float64" });
  expect(model.damping(params)!.itemSync()).toBeCloseTo(0.01, 12);
  expect(small.damping(double())).toBeUndefined();
  const free = model.derivative({ energy: params.energy }, y8).arraySync() as number[][];
  const damped = model.derivative(params, y8).arraySync() as number[][];
  (y8.arraySync() as number[][]).forEach(([, p], i) => {
    expect(damped[i]![0]).toBe(free[i]![0]);
    expect(damped[i]![1]).toBeCloseTo(free[i]![1]! - 0.01 * p!, 14);
  });
});
test("training through the solver needs states only, and takes one dt or one per window", async () => {
  const t = (from: number, dt: number): number[][] =>
    [0, 1, 2].map((i) => [Math.cos(2 * (from + i * dt)), -Math.sin(2 * (from + i * dt))]);
  const starts = [0, 0.4, 0.9, 1.4, 2, 2.6];
  const windows = tensor(starts.map((s, i) => t(s, i % 2 ? 0.1 : 0.2)));
  const dt = tensor(starts.map((_, i) => (i % 2 ? 0.1 : 0.2)));
  const model = hnn({ dim: 1, hidden: [16] });
  const loss = (p: HnnParams, batch: { windows: Tensor; dt: Tensor | number }): Tensor =>
    model.trajectoryLoss(p, batch);
  const { losses } = await fit({
    model: { init: model.init },
    loss,
    data: { windows, dt },
    optimizer: adam({ rate: 1e-2 }),
    steps: 300,
    key,
  });
  expect(losses.at(-1)!).toBeLessThan(1e-3);
  const same = tensor(starts.map((s) => t(s, 0.1)));
  const one = await fit({
    model: { init: model.init },
    loss,
    data: { windows: same, dt: 0.1 },
    optimizer: adam({ rate: 1e-2 }),
    steps: 10,
    batchSize: 3,
    key,
  });
  expect(one.losses.at(-1)!).toBeLessThan(one.losses[0]!);
});
test("its energy is a Hamiltonian of odeint; a splitting that it does not have is refused", () => {
  const params = double();
  const start = { q: tensor([0.5], { dtype: "float64" }), p: tensor([0], { dtype: "float64" }) };
  const field = hamiltonian((q: Tensor, p: Tensor) => small.energy(params, q, p));
  const here = small.rollout(params, start, [0, 1]);
  expect(odeint(field, start, [0, 1]).ys.q.arraySync()).toEqual(here.q.arraySync());
  expect(() => odeint(field, start, [0, 1], { solver: leapfrog, dt0: 0.1 })).toThrow(/T\(p\) \+ V\(q\)|separable/);
});
test("what does not fit is refused", () => {
  expect(() => small.derivative(double(), tensor([1, 2, 3]))).toThrow(
    "hnn: a state is [3] where dim is 1; give [..., 2]: 1 coordinates q, then 1 momenta p",
  );
  expect(() => small.loss(double(), { y: y8, dy: tensor([1]) })).toThrow("hnn.loss: dy is [1] for states y of [8, 2]");
  expect(() => small.trajectoryLoss(double(), { windows: y8, dt: 1 })).toThrow(
    "trajectoryLoss: windows are [8, 2]; give [n, length, dim]",
  );
  expect(() => hnn({ dim: 0 })).toThrow("hnn: dim is 0; give the number of coordinates q");
});
