import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scan } from "../control";
import { log, reshape, slice, tensor } from "../functions";
import type { TensorLike } from "../literals";
import { threefry, type ThreefryWord } from "../primitives/threefry";
import { bind } from "../run";
import { withTarget } from "../targets/default";
import { js } from "../targets/js";
import { wasm } from "../targets/wasm";
import type { Tensor } from "../tensor";
import { bernoulli, bits, categorical, foldIn, key, normal, permutation, split, truncatedNormal, uniform } from ".";

/** The generator on plain numbers, from the paper: BigInt words, no shared code. */
function reference([k0, k1]: readonly [bigint, bigint], [c0, c1]: readonly [bigint, bigint]): [number, number] {
  const mask = 0xffffffffn;
  const keys = [k0, k1, k0 ^ k1 ^ 0x1bd11bdan];
  let [x, y] = [(c0 + k0) & mask, (c1 + k1) & mask];
  for (let round = 0; round < 20; round++) {
    const by = [13n, 15n, 26n, 6n, 17n, 29n, 16n, 24n][round % 8]!;
    x = (x + y) & mask;
    y = (((y << by) | (y >> (32n - by))) & mask) ^ x;
    if (round % 4 === 3) {
      const group = (round + 1) / 4;
      x = (x + keys[group % 3]!) & mask;
      y = (y + keys[(group + 1) % 3]! + BigInt(group)) & mask;
    }
  }
  return [Number(x), Number(y)];
}

const numbers = (x: Tensor): number[] => [...x.dataSync()];
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe("threefry", () => {
  test.each([
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
  ])("gives the known answers of Random123 (%i %i %i %i)", (k0, k1, c0, c1, high, low) => {
    const ins = [k0, k1, c0, c1].map((x) => tensor(Uint32Array.of(x)));
    const run = (which: ThreefryWord): number => bind(threefry, ins, { word: which })[0]!.dataSync()[0]!;
    expect([run("high"), run("low"), run("xor")]).toEqual([high, low, (high ^ low) >>> 0]);
  });

  test("split, foldIn and bits follow the partitionable layout", () => {
    fc.assert(
      fc.property(word, word, word, fc.integer({ min: 0, max: 5 }), (high, low, data, n) => {
        const k = key(high * 2 ** 10 + (low % 2 ** 10));
        const [k0, k1] = numbers(k).map(BigInt) as [bigint, bigint];
        const counters = Array.from({ length: n }, (_, i) => reference([k0, k1], [0n, BigInt(i)]));
        expect(numbers(split(k, n))).toEqual(counters.flat());
        expect(numbers(bits(k, [n]))).toEqual(counters.map(([a, b]) => (a ^ b) >>> 0));
        expect(numbers(foldIn(k, data))).toEqual(reference([k0, k1], [0n, BigInt(data)]));
      }),
      { numRuns: 20 },
    );
  });
});

// Printed by JAX 0.10.2 with jax_threefry_partitionable and jax_enable_x64, key = PRNGKey(42).
describe("JAX's numbers", () => {
  const k = key(42);

  test("keys", () => {
    expect(numbers(k)).toEqual([0, 42]);
    expect(numbers(key(2 ** 40 + 5))).toEqual([256, 5]);
    expect(numbers(split(k, 3))).toEqual([1832780943, 270669613, 64467757, 2916123636, 2465931498, 255383827]);
    expect(numbers(foldIn(k, 7))).toEqual([2547012911, 1371500959]);
    expect(numbers(foldIn(k, tensor(7, { dtype: "int32" })))).toEqual([2547012911, 1371500959]);
  });

  test("bits and uniform, bit for bit", () => {
    expect(numbers(bits(k, [2, 3]))).toEqual([2098992034, 2919706841, 2646866425, 2409546199, 1935504149, 2516274904]);
    const pattern = new Uint32Array(uniform(k, [5]).dataSync().buffer);
    expect([...pattern]).toEqual([1056585764, 1059981104, 1058915320, 1057988288, 1055308516]);
    expect(numbers(uniform(k, [5], { dtype: "float64" }))).toEqual([
      0.4267275666499091, 0.015010069515314584, 0.5741444178995352, 0.7298188969046309, 0.687800341230566,
    ]);
    const ranged = numbers(uniform(k, [5], { min: -2, max: 3 }));
    // Within a rounding: XLA fuses the product with the sum.
    [0.4435478448867798, 1.3989858627319336, 1.081357479095459, 0.8050804138183594, 0.2532230615615845].forEach(
      (x, i) => expect(Math.abs(ranged[i]! - x)).toBeLessThan(3e-7),
    );
  });

  test("normal and truncated normal, within roundings of the inverse error function", () => {
    const close = (x: Tensor, expected: number[], relative: number): void =>
      numbers(x).forEach((value, i) => expect(Math.abs(value / expected[i]! - 1)).toBeLessThan(relative));
    close(
      normal(k, [5]),
      [-0.02830461598932743, 0.4671318531036377, 0.2957029640674591, 0.15354591608047485, -0.12403281778097153],
      1e-6,
    );
    close(
      normal(k, [5], { dtype: "float64" }),
      [-0.18471174528191162, -2.169824560397754, 0.18693555179382582, 0.6122653570510959, 0.4896249504757018],
      4e-15,
    );
    close(
      truncatedNormal(k, -1, 2, [5]),
      [0.14770005643367767, 0.5684449076652527, 0.42102551460266113, 0.29997000098228455, 0.0691138207912445],
      3e-6,
    );
  });

  test("bernoulli, categorical and permutation", () => {
    expect(numbers(bernoulli(k, 0.3, [12]))).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
    const logits = log(
      tensor([
        [0.1, 0.2, 0.7],
        [0.5, 0.25, 0.25],
      ]),
    );
    expect(categorical(k, logits, { shape: [6, 2] }).arraySync()).toEqual([
      [2, 0],
      [2, 0],
      [1, 0],
      [1, 2],
      [1, 2],
      [2, 0],
    ]);
    expect(numbers(permutation(k, 10))).toEqual([7, 4, 2, 5, 3, 6, 8, 9, 0, 1]);
    expect(numbers(permutation(k, 2000)).slice(0, 8)).toEqual([1474, 815, 539, 874, 1693, 84, 995, 1191]);
    const rows = reshape(tensor(Int32Array.from([0, 1, 2, 3, 4, 5, 6, 7])), [4, 2]);
    expect(numbers(permutation(k, rows))).toEqual([4, 5, 6, 7, 0, 1, 2, 3]);
    expect(numbers(permutation(k, 1))).toEqual([0]);
    expect(numbers(permutation(k, 0))).toEqual([]);
  });
});

test("samples have the moments of their distributions", () => {
  const x = numbers(normal(key(1), [20000]));
  const mean = x.reduce((a, b) => a + b) / x.length;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  const truncated = numbers(truncatedNormal(key(2), -0.5, 1.5, [2000]));
  expect(Math.min(...truncated)).toBeGreaterThan(-0.5);
  expect(Math.max(...truncated)).toBeLessThan(1.5);
});

test("targets give the same bits", () => {
  const draw = (): number[] => [
    ...numbers(bits(key(3), [2, 3])),
    ...numbers(uniform(key(3), [4], { min: -1, max: 7 })),
    ...numbers(uniform(key(3), [4], { dtype: "float64" })),
  ];
  expect(withTarget(js(), draw)).toEqual(withTarget(wasm(), draw));
});

test("bounds are where the key is, be they numbers, booleans or tensors", () => {
  const there = key(4, { target: js() });
  const draw = (min: TensorLike, max: TensorLike): number[] => numbers(uniform(there, [3], { min, max }));
  expect(draw(true, -1)).toEqual(draw(1, -1));
  expect(draw(false, true)).toEqual(draw(0, 1));
  expect(draw(tensor(1, { target: js() }), -1)).toEqual(draw(1, -1));
  expect(draw(1, tensor(-1, { target: js() }))).toEqual(draw(1, -1));
  expect(() => draw(0, tensor(2))).toThrow("random.uniform: tensors on js and on wasm do not mix");
  expect(() => draw("a" as never, 1)).toThrow("random.uniform: an operand is a string; give a tensor or a number");
});

test("a number is a bound to the digits of the other one", () => {
  const max = tensor(0.7 + 1e-9, { dtype: "float64" });
  for (const x of numbers(uniform(key(1), [100], { min: 0.7, max }))) expect(x).toBeGreaterThanOrEqual(0.7);
});

test("a key that a loop carries gives the numbers of the same steps outside", () => {
  const step = (k: Tensor): readonly [Tensor, Tensor] => {
    const keys = split(k);
    return [reshape(slice(keys, [0, 0], [1, 2]), [2]), normal(reshape(slice(keys, [1, 0], [2, 2]), [2]), [2])];
  };
  const [, inside] = scan((k: Tensor) => [...step(k)] as [Tensor, Tensor], key(9), undefined, { length: 3 });
  const outside: number[] = [];
  for (let k = key(9), i = 0; i < 3; i++) {
    const [next, x] = step(k);
    outside.push(...numbers(x));
    k = next;
  }
  expect(numbers(inside)).toEqual(outside);
});

test("what is not a key or a seed is refused by name", () => {
  expect(() => key(-1)).toThrow("random.key: -1 is not a seed");
  expect(() => key(0.5)).toThrow("0.5 is not a seed");
  expect(() => key(1, { seed: 2 } as object)).toThrow("random.key: unknown option seed");
  expect(() => normal(tensor([1, 2]), [2])).toThrow("a key is uint32 [2], not float32");
  expect(() => uniform(split(key(0)), [2])).toThrow("not [2, 2]");
  expect(() => uniform(key(0), [2], { dtype: "int32" })).toThrow("float32 or float64");
});
