import { grad, hvp, jvp, vmap } from "@dzdt/autograd";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compile, cond, fori, ones, scan, sum, tanh, tensor, type Tensor, whileLoop } from "@dzdt/tensor";
import { expect, test } from "vitest";

const f64 = (x: Parameters<typeof tensor>[0]): Tensor => tensor(x, { dtype: "float64" });
const timed = <R>(what: string, run: () => R): R => {
  const start = performance.now();
  const result = run();
  console.info(`${what}: ${((performance.now() - start) / 1000).toFixed(2)} s`);
  return result;
};

const count = 100_000;
const chain = (x: Tensor): Tensor => {
  let y = x;
  for (let n = 0; n < count; n++) y = n % 3 === 0 ? y.mul(0.99999) : n % 3 === 1 ? y.add(x) : tanh(y);
  return y;
};
/** The derivative of the chain by numbers. */
function slope(x: number): number {
  let [y, d] = [x, 1];
  for (let n = 0; n < count; n++) {
    if (n % 3 === 0) [y, d] = [y * 0.99999, d * 0.99999];
    else if (n % 3 === 1) [y, d] = [y + x, d + 1];
    else [y, d] = [Math.tanh(y), d * (1 - Math.tanh(y) ** 2)];
  }
  return d;
}

test("a chain of 100,000 operations passes through every transform, compiled and not", () => {
  const x = f64(0.3);
  const expected = slope(0.3);
  const near = (y: Tensor): void => expect(y.itemSync() / expected).toBeCloseTo(1, 6);
  near(timed("grad", () => grad(chain)(x)));
  near(timed("compiled grad", () => compile(grad(chain))(x)));
  near(timed("jvp", () => jvp(chain, [x], [f64(1)])[1]));
  const rows = timed("vmap", () => vmap(chain)(f64([0.3, 0.4])));
  expect(rows.dataSync()[0]).toBeCloseTo(chain(x).itemSync(), 10);
}, 600_000);

const logistic = (x: Tensor, r: Tensor): Tensor => x.mul(r).mul(x.neg().add(1));
const loops: readonly (readonly [string, (r: Tensor, steps: number) => Tensor])[] = [
  ["fori", (r, steps) => fori(steps, (_i, x: Tensor) => logistic(x, r), f64(0.3))],
  ["scan", (r, steps) => scan((x: Tensor) => [logistic(x, r), x], f64(0.3), undefined, { length: steps })[0]],
  [
    "whileLoop",
    (r, steps) =>
      whileLoop(
        ([i]: readonly Tensor[]) => i!.less(tensor(steps, { dtype: "int32" })),
        ([i, x]: readonly Tensor[]) => [i!.add(1), logistic(x!, r)],
        [tensor(0, { dtype: "int32" }), f64(0.3)],
        { maxSteps: steps },
      )[1]!,
  ],
];
/** x after so many steps of x ← r x (1 − x), and its derivatives by r up to the third. */
function taylor(r: number, steps: number): number[] {
  let x = [0.3, 0, 0, 0];
  for (let n = 0; n < steps; n++) {
    const times = (a: number[], b: number[]): number[] =>
      [0, 1, 2, 3].map((k) => a.slice(0, k + 1).reduce((s, v, j) => s + v * b[k - j]!, 0));
    x = times(times([r, 1, 0, 0], x), [1 - x[0]!, -x[1]!, -x[2]!, -x[3]!]);
  }
  return [x[0]!, x[1]!, 2 * x[2]!, 6 * x[3]!];
}

test.each(loops)("a gradient through 10,000 iterations of %s compiles as fast as one through 10", (_name, loop) => {
  const compileTime = (steps: number): number => {
    const start = performance.now();
    compile(grad((r: Tensor) => loop(r, steps))).inspect(f64(2.5));
    return performance.now() - start;
  };
  compileTime(9);
  const [few, many] = [10, 10_000].map((steps) => Math.min(...[0, 1, 2, 3].map((j) => compileTime(steps + j))));
  console.info(`compile: ${few!.toFixed(1)} ms for 10 steps, ${many!.toFixed(1)} ms for 10,000`);
  expect(many!).toBeLessThan(3 * few! + 20);
  const d = compile(grad((r: Tensor) => loop(r, 10_000)));
  expect(d(f64(2.5)).itemSync()).toBeCloseTo(taylor(2.5, 10_000)[1]!, 10);
  expect(grad((r: Tensor) => loop(r, 10_000))(f64(2.5)).itemSync()).toBeCloseTo(taylor(2.5, 10_000)[1]!, 10);
});

test.each(loops)("derivatives to the third order through %s are right in every nesting of modes", (_name, loop) => {
  const f = (r: Tensor): Tensor => loop(r, 7);
  const one = f64(1);
  const forward =
    (g: (r: Tensor) => Tensor) =>
    (r: Tensor): Tensor =>
      jvp(g, [r], [one])[1];
  const reverse = (g: (r: Tensor) => Tensor): ((r: Tensor) => Tensor) => grad(g);
  const expected = taylor(1.7, 7)[3]!;
  for (const a of [forward, reverse])
    for (const b of [forward, reverse])
      for (const c of [forward, reverse]) {
        const third = a(b(c(f)));
        expect(third(f64(1.7)).itemSync() / expected).toBeCloseTo(1, 9);
        expect(compile(third)(f64(1.7)).itemSync() / expected).toBeCloseTo(1, 9);
        expect(vmap(third)(f64([1.7, 1.1])).dataSync()[1]! / taylor(1.1, 7)[3]!).toBeCloseTo(1, 9);
      }
  expect(hvp(f, f64(1.7), f64(2)).itemSync() / (2 * taylor(1.7, 7)[2]!)).toBeCloseTo(1, 9);
});

test("third derivatives pass through cond, and cond inside scan", () => {
  const branchy = (x: Tensor): Tensor =>
    cond(
      x.less(1),
      (y: Tensor) => y.pow(4),
      (y: Tensor) => y.sin(),
      x,
    );
  const third = grad(grad(grad(branchy)));
  expect(third(f64(0.5)).itemSync()).toBeCloseTo(12, 12);
  expect(third(f64(2)).itemSync()).toBeCloseTo(-Math.cos(2), 12);
  expect(Array.from(vmap(third)(f64([0.5, 2])).dataSync())[1]).toBeCloseTo(-Math.cos(2), 12);
  const steps = (x: Tensor): Tensor =>
    sum(scan((c: Tensor, row: Tensor) => [branchy(c.mul(row)), c], x, f64([0.5, 3, 0.4]))[1]);
  const slope = (f: (x: number) => number, x: number): number => (f(x + 1e-4) - f(x - 1e-4)) / 2e-4;
  const second = (x: number): number => grad(grad(steps))(f64(x)).itemSync();
  expect(compile(grad(grad(grad(steps))))(f64(0.7)).itemSync()).toBeCloseTo(slope(second, 0.7), 4);
});

test("each element of a batch takes its own number of steps, under derivatives inside and outside", () => {
  // Doubles until it exceeds 10: x 2ⁿ, whose derivative is 2ⁿ.
  const f = (x: Tensor): Tensor =>
    whileLoop(
      (y: Tensor) => y.less(10),
      (y: Tensor) => y.mul(x).div(x).mul(2),
      x,
      { maxSteps: 50 },
    );
  const xs = f64([0.1, 9, 20, 3, 1e-6]);
  const expected = [0.1, 9, 20, 3, 1e-6].map((x) => 2 ** Math.max(0, Math.ceil(Math.log2(10 / x))));
  const near = (y: Tensor): void => y.dataSync().forEach((v, k) => expect(v / expected[k]!).toBeCloseTo(1, 10));
  near(vmap(grad(f))(xs));
  near(compile(vmap(grad(f)))(xs));
  near(vmap(grad(compile(f)))(xs));
  near(grad((x: Tensor) => sum(vmap(f)(x)))(xs));
  near(compile(grad((x: Tensor) => sum(vmap(f)(x))))(xs));
  near(grad((x: Tensor) => sum(vmap(compile(f))(x)))(xs));
  near(jvp(vmap(f), [xs], [f64([1, 1, 1, 1, 1])])[1]);
  near(vmap((x: Tensor) => jvp(f, [x], [f64(1)])[1])(xs));
  const square = (x: Tensor): Tensor => f(x.mul(x));
  const curvature = vmap(grad(grad(square)))(f64([0.3, 3, 5])).dataSync();
  [0.09, 9, 25].forEach((x, k) =>
    expect(curvature[k]! / (2 * 2 ** Math.max(0, Math.ceil(Math.log2(10 / x))))).toBeCloseTo(1, 9),
  );
});

test("10,000 calls of a compiled training step leave the heap as it was", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const loss = (w: { a: Tensor; b: Tensor }, x: Tensor): Tensor => sum(tanh(x.matmul(w.a).add(w.b)).square());
  const step = compile((w: { a: Tensor; b: Tensor }, x: Tensor, rate: number) => {
    const g = grad(loss)(w, x);
    return { a: w.a.sub(g.a.mul(rate)), b: w.b.sub(g.b.mul(rate)) };
  });
  const x = ones([8, 4]);
  let w = { a: ones([4, 4]).mul(0.1), b: ones([4]) };
  for (let n = 0; n < 500; n++) w = step(w, x, 1e-3);
  collect();
  const before = memory();
  const start = performance.now();
  for (let n = 0; n < 10_000; n++) w = step(w, x, 1e-3 / (n + 1));
  const time = performance.now() - start;
  collect();
  const grown = memory() - before;
  console.info(`10,000 steps: ${(time / 1e4).toFixed(4)} ms each, heap grew by ${(grown / 2 ** 20).toFixed(3)} MiB`);
  expect(grown).toBeLessThan(2 * 2 ** 20);
  expect(w.a.isFinite().all().itemSync()).toBe(1);
});
const memory = (): number => process.memoryUsage().heapUsed + process.memoryUsage().external;

test("loops that carry every dtype are differentiated and batched, each element at its own pace", () => {
  const f = (x: Tensor): Tensor =>
    whileLoop(
      ([, going]: readonly Tensor[]) => going!,
      ([y, , n, u]: readonly Tensor[]) => [y!.mul(2).add(n!.cast("float64").mul(0)), y!.less(5), n!.add(1), u!.add(3)],
      [x, x.less(10), tensor(0, { dtype: "int32" }), tensor(0, { dtype: "uint32" })],
      { maxSteps: 50 },
    )[0]!;
  const xs = f64([0.1, 9, 20, 3]);
  const expected = [128, 2, 1, 4];
  for (const g of [vmap(grad(f)), compile(vmap(grad(f))), vmap(grad(compile(f))), vmap(compile(grad(f)))])
    g(xs)
      .dataSync()
      .forEach((d, k) => expect(d).toBeCloseTo(expected[k]!, 10));
});
