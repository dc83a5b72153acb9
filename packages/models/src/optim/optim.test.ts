import { compile, tensor, type Tensor } from "@dzdt/tensor";
import { expect, test } from "vitest";
import * as optim from "./index";
import type { Optimizer, Schedule } from "./index";

const f64 = (values: number[]): Tensor => tensor(values, { dtype: "float64" });

/** Parameters after updates with given gradients of a parameter that starts at `start`. */
function after(optimizer: Optimizer, gradients: readonly number[], start = 1): number {
  let params = f64([start]);
  let state = optimizer.init(params);
  const step = compile((g: Tensor, s: typeof state, p: Tensor) => optimizer.update(g, s, p));
  for (const g of gradients) [params, state] = step(f64([g]), state, params);
  expect(state.step.itemSync()).toBe(gradients.length);
  return params.itemSync();
}

/** The published algorithm of Adam, a line each. */
function adamByHand(gradients: readonly number[], decay: "l2" | "decoupled", wd: number): number {
  let [p, m, v] = [1, 0, 0];
  gradients.forEach((given, i) => {
    const g = decay === "l2" ? given + wd * p : given;
    if (decay === "decoupled") p *= 1 - 0.1 * wd;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const [mHat, vHat] = [m / (1 - 0.9 ** (i + 1)), v / (1 - 0.999 ** (i + 1))];
    p -= (0.1 * mHat) / (Math.sqrt(vHat) + 1e-8);
  });
  return p;
}

const gradients = [0.5, -0.25, 3, 1e-4];

test("adam's first step is the rate, whatever the gradient", () => {
  expect(after(optim.adam({ rate: 0.1 }), [0.5])).toBeCloseTo(0.9, 8);
});
test("adam, adam with L2 decay and adamw follow the published algorithm", () => {
  expect(after(optim.adam({ rate: 0.1 }), gradients)).toBeCloseTo(adamByHand(gradients, "l2", 0), 13);
  expect(after(optim.adam({ rate: 0.1, weightDecay: 0.3 }), gradients)).toBeCloseTo(
    adamByHand(gradients, "l2", 0.3),
    13,
  );
  expect(after(optim.adamw({ rate: 0.1 }), gradients)).toBeCloseTo(adamByHand(gradients, "decoupled", 0.01), 13);
  expect(after(optim.adamw({ rate: () => 0.1, weightDecay: 0.2 }), gradients)).toBeCloseTo(
    adamByHand(gradients, "decoupled", 0.2),
    13,
  );
});
test("sgd with momentum, Nesterov's form and weight decay", () => {
  expect(after(optim.sgd({ rate: 0.1 }), [1, 2])).toBeCloseTo(0.7, 14);
  expect(after(optim.sgd({ rate: 0.1, momentum: 0.5 }), [1, 2])).toBeCloseTo(1 - 0.1 - 0.25, 14);
  expect(after(optim.sgd({ rate: 0.1, momentum: 0.5, nesterov: true }), [1])).toBeCloseTo(1 - 0.15, 14);
  expect(after(optim.sgd({ rate: 0.1, weightDecay: 0.5 }), [1])).toBeCloseTo(1 - 0.15, 14);
});
test("rmsprop divides by the root of the mean square plus epsilon, with and without momentum", () => {
  const root = Math.sqrt(0.01 * 4) + 1e-8;
  const second = Math.sqrt(0.99 * 0.04 + 0.01) + 1e-8;
  expect(after(optim.rmsprop({ rate: 0.1 }), [2])).toBeCloseTo(1 - 0.2 / root, 13);
  expect(after(optim.rmsprop({ rate: 0.1, momentum: 0.9 }), [2, 1])).toBeCloseTo(
    1 - 0.2 / root - 0.1 * (0.9 * (2 / root) + 1 / second),
    13,
  );
});
test("clipping scales all leaves together, and leaves short gradients and zero alone", () => {
  const optimizer = optim.clipByGlobalNorm(1, optim.sgd({ rate: 1 }));
  const zero = { a: f64([0]), b: f64([0]) };
  const step = (a: number, b: number): number[] => {
    const [next] = optimizer.update({ a: f64([a]), b: f64([b]) }, optimizer.init(zero), zero);
    return [next.a.itemSync(), next.b.itemSync()];
  };
  expect(step(3, 4)).toEqual([expect.closeTo(-0.6, 14), expect.closeTo(-0.8, 14)]);
  expect(step(0.3, 0.4)).toEqual([expect.closeTo(-0.3, 14), expect.closeTo(-0.4, 14)]);
  expect(step(0, 0)).toEqual([expect.closeTo(0, 14), expect.closeTo(0, 14)]);
});
test.each([
  ["sgd", optim.sgd({ rate: 0.1, momentum: 0.5 })],
  ["adam", optim.adam({ rate: 0.1 })],
  ["adamw", optim.adamw({ rate: 0.1, weightDecay: 0 })],
  ["rmsprop", optim.rmsprop({ rate: optim.schedules.exponential({ rate: 0.05, decay: 0.985 }) })],
])("%s finds the minimum of a quadratic", (_name, optimizer) => {
  let params = { x: f64([3, -2]), deep: [f64([1])] };
  let state = optimizer.init(params);
  const step = compile((p: typeof params, s: typeof state) =>
    optimizer.update({ x: p.x.sub(1).mul(2), deep: [p.deep[0]!.mul(4)] }, s, p),
  );
  for (let i = 0; i < 400; i++) [params, state] = step(params, state);
  for (const [value, best] of [...params.x.dataSync()].map((x) => [x, 1]).concat([[params.deep[0]!.itemSync(), 0]]))
    expect(Math.abs(value! - best!)).toBeLessThan(1e-2);
});
test("schedules at their corners", () => {
  const at = (schedule: Schedule, step: number): number => {
    const rate = compile((s: Tensor) => tensor([0], { dtype: "float64" }).add(schedule(s)))(
      tensor(step, { dtype: "float64" }),
    );
    return rate.itemSync();
  };
  const { constant, cosine, exponential, oneCycle, warmup } = optim.schedules;
  expect(at(constant(0.3), 7)).toBe(0.3);
  const half = cosine({ rate: 1, steps: 10, final: 0.2 });
  expect([0, 5, 10, 20].map((s) => at(half, s))).toEqual(
    [1, 0.6, 0.2, 0.2].map((x) => expect.closeTo(x, 12) as number),
  );
  expect(at(exponential({ rate: 2, decay: 0.5, every: 3 }), 6)).toBeCloseTo(0.5, 12);
  const cycle = oneCycle({ peak: 1, steps: 10 });
  expect([0, 2, 9].map((s) => at(cycle, s))).toEqual([0.04, 1, 4e-6].map((x) => expect.closeTo(x, 12) as number));
  const warm = warmup({ steps: 4, then: cosine({ rate: 1, steps: 10 }) });
  expect([0, 2, 4, 9, 14].map((s) => at(warm, s))).toEqual(
    [0, 0.5, 1, 0.5, 0].map((x) => expect.closeTo(x, 12) as number),
  );
});
test("unknown options are refused, with the nearest that there is", () => {
  const unknown = { rate: 0.1, weigthDecay: 0.1 };
  const known = "known are rate, beta1, beta2, epsilon, weightDecay";
  expect(() => optim.adam(unknown)).toThrow(
    `optim.adam: unknown option weigthDecay; did you mean weightDecay? ${known}`,
  );
  expect(() => optim.adamw({ rate: 0.1, beta: 0.9 } as { rate: number })).toThrow(
    `optim.adamw: unknown option beta; did you mean beta1? ${known}`,
  );
  expect(() => optim.sgd({ lr: 0.1 } as never)).toThrow(
    "optim.sgd: unknown option lr; known are rate, momentum, nesterov, weightDecay",
  );
  expect(() => optim.rmsprop(unknown)).toThrow("optim.rmsprop: unknown option weigthDecay; did you mean weightDecay?");
  expect(() => optim.adamw(undefined as never)).toThrow("optim.adamw: options are undefined; give an object");
  expect(() => optim.adam(0.1 as never)).toThrow("optim.adam: options are 0.1; give an object with any of rate");
  expect(() => optim.schedules.cosine({ rate: 1, step: 10 } as never)).toThrow(
    "optim.schedules.cosine: unknown option step; did you mean steps? known are rate, steps, final",
  );
  expect(() => optim.schedules.warmup({ steps: 1, than: 1 } as never)).toThrow("did you mean then?");
  expect(() => optim.schedules.oneCycle({ peek: 1, steps: 9 } as never)).toThrow("did you mean peak?");
  expect(() => optim.schedules.exponential({ rate: 1, decays: 9 } as never)).toThrow("did you mean decay?");
});
test("bad options are refused by name and value", () => {
  expect(() => optim.adam({ rate: -1 })).toThrow("optim.adam: rate is -1; give a number in [0, Infinity)");
  expect(() => optim.adam({ rate: 1, beta1: 1 })).toThrow("optim.adam: beta1 is 1; give a number in [0, 1)");
});
