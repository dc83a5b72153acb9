import {
  argsort,
  compile,
  cumprod,
  cumsum,
  type DType,
  evaluate,
  fori,
  scatterAdd,
  type Target,
  type Tensor,
  trace,
  wasm,
  withTarget,
} from "@dzdt/tensor";
import { fromNumbers, primitives } from "@dzdt/tensor/testing";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { lower } from "./schedule/lowered";
import { webgpu, type WebGpuTarget } from "./target";

const opened: WebGpuTarget[] = [];
const open = async (options: Parameters<typeof webgpu>[0]): Promise<WebGpuTarget> => {
  const target = await webgpu(options);
  opened.push(target);
  return target;
};
let single: Promise<WebGpuTarget> | undefined;
const gpu = (): Promise<WebGpuTarget> => (single ??= open({}));
let double: Promise<WebGpuTarget> | undefined;
const withDoubles = (): Promise<WebGpuTarget> => (double ??= open({ df64: true }));

afterAll(() => opened.forEach((target) => target.dispose()));

/** An input: its numbers are those of every target. */
interface Given {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly numbers: readonly number[];
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Numbers that a sequence from a seed gives: what `of` makes of one from 0 to 1. */
function given(dtype: DType, shape: readonly number[], seed: number, of: (u: number) => number): Given {
  let state = seed;
  const numbers = Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return of(state / 2 ** 32);
  });
  return { dtype, shape, numbers };
}

/** Small numbers, so that many are equal, and what comparisons are strange for. */
const odd = (u: number): number => [NaN, -0, 0, Infinity, -Infinity, 1e-30][Math.floor(u * 40)] ?? Math.round(u * 60);
const whole = (u: number): number => Math.floor(u * 50) - 25;
const fine = (u: number): number => 2 * u - 1;

type F = (...xs: Tensor[]) => Tensor;

const on = (target: Target, f: F, inputs: readonly Given[]): Tensor =>
  withTarget(target, () => f(...inputs.map((x) => fromNumbers(x.numbers, x.dtype, x.shape, target))));

/** Gives what wasm gives, to the bit. */
async function agrees(f: F, inputs: readonly Given[], target?: WebGpuTarget): Promise<void> {
  const found = await on(target ?? (await gpu()), f, inputs).data();
  expect(Array.from(found)).toEqual(Array.from(on(wasm(), f, inputs).dataSync()));
}

/** Is off by what `most` roundings of all that was added or multiplied come to. */
async function isNear(f: F, inputs: readonly Given[], most: number, target?: WebGpuTarget): Promise<void> {
  const exact = (of: (x: number) => number): ArrayLike<number> =>
    on(
      wasm(),
      f,
      inputs.map((x) => (x.dtype === "int32" ? x : { ...x, dtype: "float64", numbers: x.numbers.map(of) })),
    ).dataSync();
  const expected = exact((x) => x);
  const scale = exact(Math.abs);
  const found = await on(target ?? (await gpu()), f, inputs).data();
  const wrong = Array.from(found).flatMap((x, i) => {
    const error = Math.abs(x - expected[i]!);
    return Object.is(x, expected[i]) || error <= most * scale[i]! ? [] : [{ i, x, expected: expected[i], error }];
  });
  expect(wrong.slice(0, 3)).toEqual([]);
}

const order: F = (x) => argsort(x);
const sums: F = (x) => cumsum(x);
const products: F = (x) => cumprod(x);
const added: F = (x, at, updates) => scatterAdd(x, at, updates);

/** Additions on the longest way through the passes of a scan, and some more for products. */
const roundings = 1000;

const { recurrence } = primitives;

describe("argsort gives the permutation of wasm", () => {
  test.each<[DType, number[], number]>([
    ["float32", [128], 0],
    ["float32", [257], 0],
    ["float32", [3, 1023], 1],
    ["float32", [2, 500, 3], 1],
    ["int32", [4097], 0],
    ["uint32", [130, 5], 0],
    ["bool", [2, 1000], 1],
  ])("of %s %j along axis %i", async (dtype, shape, axis) => {
    const of = dtype === "float32" ? odd : dtype === "bool" ? (u: number) => Number(u < 0.3) : (u: number) => u * 40;
    await agrees((x) => argsort(x, axis), [given(dtype, shape, 7, of)]);
  });

  test("of lines of any length", async () => {
    const lengths = fc.oneof(
      fc.constantFrom(0, 1, 2, 127, 128, 129, 255, 256, 4095, 4096),
      fc.integer({ min: 0, max: 6000 }),
    );
    const shapes = fc.tuple(fc.integer({ min: 1, max: 3 }), lengths, fc.constantFrom(1, 1, 2));
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer(), (shape, seed) =>
        agrees((x) => argsort(x, 1), [given("float32", shape, seed, odd)]),
      ),
      { numRuns: 12 },
    );
  });

  test("of what is in order already, and of equals", async () => {
    const line = (of: (i: number) => number): Given => ({
      dtype: "float32",
      shape: [3000],
      numbers: Array.from({ length: 3000 }, (_, i) => of(i)),
    });
    for (const of of [(i: number): number => i, (i: number): number => -i, (): number => 1, (): number => NaN])
      await agrees(order, [line(of)]);
  });

  test("of pairs of float32 too", async () => {
    const fractions = given("float64", [2, 700], 3, (u) => (u < 0.05 ? NaN : 1 + Math.floor(u * 300) * 2 ** -40));
    await agrees((x) => argsort(x, 1), [fractions], await withDoubles());
  });
});

describe("scatterAdd adds in the order of wasm, to the bit", () => {
  interface Sizes {
    readonly lanes: number;
    readonly outer: number;
    readonly rows: number;
    readonly inner: number;
    readonly count: number;
  }

  /** Indices count from the end, or are out of range, some of the time. */
  function scattered({ lanes, outer, rows, inner, count }: Sizes, dtype: DType, seed: number): [F, Given[]] {
    const value = dtype === "float32" || dtype === "float64" ? fine : whole;
    const inputs = [
      given(dtype, [lanes, outer, rows, inner], seed, value),
      given("int32", [lanes, count], seed + 1, (u) => Math.floor(u * 3 * rows) - rows),
      given(dtype, [lanes, outer, count, inner], seed + 2, value),
    ];
    return [(x, at, updates) => scatterAdd(x, at, updates, 2, { batch: 1 }), inputs];
  }

  test("whatever the sizes", async () => {
    const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
    const sizes = fc.record({
      lanes: upTo(3),
      outer: upTo(3),
      rows: fc.oneof(upTo(5), upTo(200)),
      inner: upTo(4),
      count: fc.oneof(fc.constantFrom(0, 1, 8, 9, 16, 17), upTo(2000)),
    });
    await fc.assert(
      fc.asyncProperty(sizes, fc.constantFrom<DType>("float32", "int32", "uint32"), fc.integer(), (size, dtype, seed) =>
        agrees(...scattered(size, dtype, seed)),
      ),
      { numRuns: 12 },
    );
  });

  test("where all go to one row, and where there are more rows than updates", async () => {
    const updates = given("float32", [3000, 2], 5, fine);
    const zeros = given("float32", [2, 2], 0, () => 0);
    await agrees(added, [zeros, given("int32", [3000], 0, () => 1), updates]);
    const many = given("float32", [5000, 2], 6, fine);
    await agrees(added, [many, given("int32", [3000], 8, (u) => u * 5000), updates]);
  });

  test("of pairs of float32, as near as they are", async () => {
    const [f, inputs] = scattered({ lanes: 1, outer: 2, rows: 30, inner: 2, count: 300 }, "float64", 4);
    await isNear(f, inputs, 300 * 2 ** -46, await withDoubles());
  });
});

describe("running sums and products of long lines", () => {
  const near = 2 ** -24 * roundings;

  test("of any length and number", async () => {
    const lengths = fc.oneof(fc.constantFrom(0, 1, 511, 512, 513, 4096, 16_384, 16_385), fc.nat({ max: 40_000 }));
    const shapes = fc.tuple(fc.integer({ min: 1, max: 3 }), lengths, fc.constantFrom(1, 1, 2));
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer(), (shape, seed) =>
        isNear((x) => cumsum(x, 1), [given("float32", shape, seed, fine)], near),
      ),
      { numRuns: 8 },
    );
  });

  test("have three levels where lines are very long", async () => {
    await isNear(sums, [given("float32", [1_100_000], 1, fine)], near);
  });

  test("of whole numbers are exact", async () => {
    for (const dtype of ["int32", "uint32"] as const) {
      await agrees((x) => cumsum(x, 1), [given(dtype, [3, 1500, 2], 2, (u) => u * 2 ** 31)]);
      await agrees(products, [given(dtype, [2000], 3, (u) => 2 * Math.floor(u * 9) + 1)]);
    }
  });

  test("of products, and of what grows and shrinks, from both ends", async () => {
    await isNear(products, [given("float32", [3000], 4, (u) => (u < 0.5 ? -1 : 1) * (1 + 0.01 * fine(u)))], near);
    for (const reverse of [false, true]) {
      const run: F = (a, b) => evaluate(recurrence, [a, b], { axis: 0, reverse })[0]!;
      const inputs = [given("float32", [2000, 2], 5, fine), given("float32", [2000, 2], 6, fine)];
      await isNear(run, inputs, near);
    }
  });

  test("NaN and infinities go where they went", async () => {
    const broken = given("float32", [2000], 7, fine).numbers.map((x, i) =>
      i === 700 ? Infinity : i === 1500 ? NaN : x,
    );
    const found = await on(await gpu(), sums, [{ dtype: "float32", shape: [2000], numbers: broken }]).data();
    expect(Array.from(found).findIndex((x) => x === Infinity)).toBe(700);
    expect(Array.from(found).findIndex(Number.isNaN)).toBe(1500);
    expect(Array.from(found.subarray(700, 1500)).every((x) => x === Infinity)).toBe(true);
    expect(Array.from(found.subarray(1500)).every(Number.isNaN)).toBe(true);
  });

  test("what is 0 stays 0 where factors are large", async () => {
    const length = 3000;
    const line = (of: (i: number) => number): Given => ({
      dtype: "float32",
      shape: [length],
      numbers: Array.from({ length }, (_, i) => of(i)),
    });
    const run: F = (a, b) => evaluate(recurrence, [a, b], { axis: 0, reverse: false })[0]!;
    await agrees(products, [line((i) => (i === 10 ? 0 : 10))]);
    // The first factor plays no part.
    await agrees(run, [line((i) => (i === 0 ? NaN : 4)), line((i) => (i === length - 20 ? 1 : 0))]);
  });

  test("of pairs of float32 too", async () => {
    await isNear(sums, [given("float64", [2000], 8, fine)], roundings * 2 ** -46, await withDoubles());
  });
});

describe("kernels in passes", () => {
  const steps: F = (x) => {
    const [first, running] = [argsort(x), cumsum(x.cast("int32"))];
    return argsort(first.mul(running)).add(cumsum(first)).add(running);
  };

  test("work among others, compiled and not", async () => {
    const inputs = [given("float32", [1000], 9, whole)];
    await agrees(steps, inputs);
    await agrees((x) => compile(steps)(x), inputs);
  });

  test("share their working memory", () => {
    const bytes = (times: number): number => {
      const sorts = (x: Tensor): Tensor => Array.from({ length: times }).reduce((y: Tensor) => argsort(y), x);
      const { tape } = trace("sorts", (x) => [sorts(x)], [{ dtype: "int32", shape: [2 ** 20] }]);
      return lower(tape, { limit: 2 ** 30, rowMemory: 2 ** 28 }).bytes;
    };
    expect(bytes(4)).toBe(bytes(2));
    // The line, its order and one array of positions, and not what one invocation would need.
    expect(bytes(1)).toBeLessThan(4 * 2 ** 22);
  });

  test("are those of long lines only", async () => {
    const target = await gpu();
    const text = (f: F, ...inputs: Given[]): string =>
      compile(f).inspect(...inputs.map((x) => fromNumbers(x.numbers, x.dtype, x.shape, target)));
    const line = (n: number): Given => given("float32", [n], 1, fine);
    expect(text(order, line(128))).toMatch(/argsort in 4 passes/);
    expect(text(order, line(127))).not.toMatch(/passes/);
    expect(text(sums, line(512))).toMatch(/cumsum in 3 passes/);
    expect(text(sums, line(511))).not.toMatch(/passes/);
    const indices = (n: number): Given => given("int32", [n], 2, (u) => u * 300);
    expect(text(added, line(300), indices(8), line(8))).toMatch(/scatterAdd: 5 workgroups/);
    expect(text(added, line(300), indices(9), line(9))).toMatch(/scatterAdd in 3 passes/);
    expect(text(added, line(20), indices(9), line(9))).not.toMatch(/passes/);
  });

  test("are in loops too that are dispatches for each array", async () => {
    const f: F = (x, at, updates) =>
      compile((x: Tensor, at: Tensor, updates: Tensor) =>
        fori(3, (_i, c: Tensor) => cumsum(scatterAdd(c, at, updates)).mul(3), x),
      )(x, at, updates);
    const inputs = [
      given("int32", [70_000], 1, whole),
      given("int32", [1000], 2, (u) => u * 70_000),
      given("int32", [1000], 3, whole),
    ];
    await agrees(f, inputs);
    const target = await gpu();
    const text = compile(f).inspect(...inputs.map((x) => fromNumbers(x.numbers, x.dtype, x.shape, target)));
    expect(text.match(/scatterAdd in \d+ passes/g)!.length).toBeGreaterThan(3);
  });
});
