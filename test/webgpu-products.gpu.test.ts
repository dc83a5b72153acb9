import { grad } from "@dzdt/autograd";
import {
  abs,
  compile,
  fori,
  matmul,
  maximum,
  mean,
  relu,
  scan,
  softmax,
  type Target,
  type Tensor,
  tanh,
  tensor,
  wasm,
  withTarget,
} from "@dzdt/tensor";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { gpu, runsOr } from "./webgpu-target";

type F = (...ins: Tensor[]) => Tensor[];

afterAll(async () => (await gpu()).dispose());

/** Small whole numbers and quarters: their products and sums are exact, in any order. */
const numbers = (shape: readonly number[], seed = 1): Tensor => {
  const size = shape.reduce((product, n) => product * n, 1);
  return tensor(Float32Array.from({ length: size }, (_, i) => ((((i + seed) * 7919) % 23) - 11) / 4)).reshape(shape);
};

async function resultsOn(target: Target, f: F, make: () => Tensor[]): Promise<number[][]> {
  const results = withTarget(target, () => f(...make()));
  return Promise.all(results.map(async (x) => Array.from(await x.data())));
}

/** Names of the dispatches of a compiled function. */
const dispatches = (f: F, make: () => Tensor[]): string[] =>
  [
    ...compile(f)
      .inspect(...make())
      .matchAll(/^\/\/ (.*): \d+ workgroups$/gm),
  ].map(([, name]) => name!);

/** One step of a chain of elementwise operations on a product z with m rows and n columns. */
const steps: Readonly<Record<string, (z: Tensor, rows: Tensor, columns: Tensor, all: Tensor) => Tensor>> = {
  bias: (z, _rows, columns) => z.add(columns),
  "number of each row": (z, rows) => z.sub(rows),
  "another array": (z, _rows, _columns, all) => all.add(z),
  scale: (z) => z.mul(0.5),
  relu: (z) => relu(z),
  size: (z) => abs(z),
  larger: (z, rows, _columns, all) => maximum(z, all.mul(rows)),
};

const shapes = fc.record({
  batch: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
  m: fc.integer({ min: 1, max: 80 }),
  n: fc.integer({ min: 1, max: 80 }),
  k: fc.integer({ min: 1, max: 40 }),
  transposed: fc.tuple(fc.boolean(), fc.boolean()),
  chain: fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 5 }),
  alsoBefore: fc.boolean(),
});

/** Sizes at which tiles compute the product: one that fills its tiles, and batches of one and two axes. */
const tiled = [
  { batch: [], m: 64, n: 128, k: 32, transposed: [false, false] },
  { batch: [3], m: 33, n: 70, k: 17, transposed: [true, false] },
  { batch: [2, 3], m: 65, n: 16, k: 5, transposed: [false, true] },
].map((sizes) => ({
  ...sizes,
  transposed: sizes.transposed as [boolean, boolean],
  chain: Object.keys(steps),
  alsoBefore: true,
}));

test("chains after products, of all sizes, give what operations one by one give, and what wasm gives", async () => {
  const target = await gpu();
  await fc.assert(
    fc.asyncProperty(shapes, async ({ batch, m, n, k, transposed: [left, right], chain, alsoBefore }) => {
      const matrix = (rows: number, columns: number, swapped: boolean, seed: number): Tensor =>
        numbers([...batch, ...(swapped ? [columns, rows] : [rows, columns])], seed);
      const swap = [...batch.keys(), batch.length + 1, batch.length];
      const make = (): Tensor[] => [
        matrix(m, k, left, 1),
        matrix(k, n, right, 2),
        numbers([m, 1], 3),
        numbers([n], 4),
        numbers([...batch, m, n], 5),
      ];
      const f: F = (x, y, rows, columns, all) => {
        const product = matmul(left ? x.transpose(swap) : x, right ? y.transpose(swap) : y);
        const values = chain.reduce<Tensor[]>(
          (done, name) => [...done, steps[name]!(done.at(-1)!, rows, columns, all)],
          [product],
        );
        return [values.at(-1)!, ...(alsoBefore && values.length > 2 ? [values[1]!] : [])];
      };
      const found = await resultsOn(target, compile(f), make);
      expect(found).toEqual(await resultsOn(target, f, make));
      // Zeros without their signs: wasm adds the terms of a product to +0, others begin with the first.
      const unsigned = (results: number[][]): number[][] => results.map((values) => values.map((x) => x + 0));
      expect(unsigned(found)).toEqual(unsigned(await resultsOn(wasm(), compile(f), make)));
    }),
    { numRuns: runsOr(20), examples: tiled.map((example) => [example]) },
  );
}, 180_000);

describe(
  "the invocation that has an element of a product goes on with what alone reads it",
  { timeout: 180_000 },
  () => {
    const layer = (x: Tensor, w: Tensor, b: Tensor): Tensor => tanh(matmul(x, w).add(b));
    const close = (found: number[][], expected: number[][]): void =>
      found.forEach((values, k) => {
        const size = Math.max(...expected[k]!.map(Math.abs));
        expect(values.length).toBe(expected[k]!.length);
        values.forEach((x, i) => expect(Math.abs(x - expected[k]![i]!)).toBeLessThan(1e-5 * size));
      });

    test("in layers of a network and their gradients", async () => {
      const target = await gpu();
      const loss = (x: Tensor, w: Tensor, b: Tensor, v: Tensor): Tensor => {
        const y = layer(x, w.mul(0.1), b).matmul(v);
        return mean(y.mul(y));
      };
      const f: F = (x, w, b, v) => [layer(x, w, b), ...grad(loss, [1, 2, 3])(x, w, b, v)];
      const make = (): Tensor[] => [numbers([200, 20]), numbers([20, 70]), numbers([70]), numbers([70, 30])];
      expect(withTarget(target, () => dispatches((x, w, b) => [layer(x, w, b)], make))).toEqual(["contract tanh"]);
      close(await resultsOn(target, compile(f), make), await resultsOn(wasm(), compile(f), make));
    });

    test("where results are small, too", async () => {
      const target = await gpu();
      const make = (): Tensor[] => [numbers([20, 2]), numbers([2, 50]), numbers([50])];
      const f: F = (x, w, b) => [relu(matmul(x, w).add(b))];
      expect(withTarget(target, () => dispatches(f, make))).toEqual(["contract relu"]);
      expect(await resultsOn(target, compile(f), make)).toEqual(await resultsOn(wasm(), f, make));
    });

    test("but not where others read it, or the chain makes bools", async () => {
      const target = await gpu();
      const make = (): Tensor[] => [numbers([64, 64]), numbers([64, 64], 2)];
      const apart: F[] = [
        (x, y) => [matmul(x, y), relu(matmul(x, y))],
        (x, y) => [matmul(x, y).less(0.5)],
        (x, y) => {
          const z = matmul(x, y);
          return [z.add(z.transpose())];
        },
      ];
      for (const f of apart) {
        expect(withTarget(target, () => dispatches(f, make))[0]).toBe("contract");
        expect(await resultsOn(target, compile(f), make)).toEqual(await resultsOn(wasm(), f, make));
      }
    });

    test("as attention scales its scores, whose softmax is that of wasm", async () => {
      const target = await gpu();
      const attention = (q: Tensor, k: Tensor, v: Tensor): Tensor =>
        softmax(matmul(q, k.transpose()).mul(0.125)).matmul(v);
      const f: F = (q, k, v) => {
        const gradient = grad((...ins: Tensor[]) => mean(attention(ins[0]!, ins[1]!, ins[2]!).relu()), [0, 1, 2]);
        return [attention(q, k, v), ...gradient(q, k, v)];
      };
      const make = (): Tensor[] => [numbers([100, 64]), numbers([70, 64], 2), numbers([70, 20], 3)];
      expect(withTarget(target, () => dispatches((q, k, v) => [attention(q, k, v)], make))[0]).toBe("contract mul");
      close(await resultsOn(target, compile(f), make), await resultsOn(wasm(), compile(f), make));
    });

    test("in loops that the whole device computes", async () => {
      const target = await gpu();
      const make = (): Tensor[] => [
        numbers([1040, 64]),
        numbers([64, 64], 2),
        numbers([64], 3),
        numbers([2, 1040, 64], 4),
      ];
      const f: F = (x, w, b, xs) => [
        fori(3, (_, y: Tensor) => layer(y, w.mul(0.05), b), x),
        scan((y: Tensor, row: Tensor) => [layer(y, w.mul(0.05), b).add(matmul(row, w)), y], x, xs)[0],
      ];
      expect(withTarget(target, () => dispatches(f, make))).toContain("contract tanh");
      close(await resultsOn(target, compile(f), make), await resultsOn(wasm(), compile(f), make));
    });
  },
);
