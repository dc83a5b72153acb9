import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compile,
  type DType,
  dtypes,
  isFloat,
  js,
  ops,
  ones,
  sizeOf,
  type Target,
  type Tensor,
  tensor,
  wasm,
  withTarget,
} from "../index";

const special = [NaN, Infinity, -Infinity, -0, 0, 1, -1, 0.5, 2 ** 31, -(2 ** 31), 2 ** 32, 1e-40, -3e38, 0.1];

/** Numbers of a dtype: any, and with floats those that behave unlike others. */
function values(dtype: DType, shape: readonly number[], seed: number, extreme: boolean): Tensor {
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  const numbers = Array.from({ length: sizeOf(shape) }, () => {
    const word = next();
    if (extreme && word % 5 === 0) return special[(word >>> 8) % special.length]!;
    return ((word >>> 8) / 2 ** 23 - 1) * 8;
  });
  const fit = numbers.map((x) => {
    if (isFloat(dtype)) return x;
    if (dtype === "bool") return Number(x > 0);
    return dtype === "uint32" ? Math.trunc(x) >>> 0 : Math.trunc(x) | 0;
  });
  const Kind = {
    float32: Float32Array,
    float64: Float64Array,
    int32: Int32Array,
    uint32: Uint32Array,
    bool: Uint8Array,
  };
  return ops.reshape(tensor(new Kind[dtype](fit), { dtype }), shape);
}

const bits = (x: Tensor): unknown => ({ dtype: x.dtype, shape: x.shape, values: Array.from(x.dataSync()) });
const on = (target: Target, make: () => readonly Tensor[]): unknown => withTarget(target, () => make().map(bits));

/** The function gives on wasm, compiled and not, what the interpreter gives without any compiling. */
function agrees(f: (...ins: Tensor[]) => readonly Tensor[], ins: () => Tensor[]): void {
  const expected = on(js(), () => f(...ins()));
  expect(
    on(wasm(), () => compile(f as (...given: Tensor[]) => Tensor[])(...ins())),
    "compiled",
  ).toEqual(expected);
  expect(
    on(wasm(), () => f(...ins())),
    "eager",
  ).toEqual(expected);
}

const length = fc.integer({ min: 1, max: 70 });
const seed = fc.nat();

/** Operands that meet a tensor [rows, n]: alike, a row, a column, one number, and views of others. */
const others: Readonly<Record<string, (dtype: DType, rows: number, n: number, from: number) => Tensor>> = {
  alike: (dtype, rows, n, from) => values(dtype, [rows, n], from, true),
  row: (dtype, _rows, n, from) => values(dtype, [n], from, true),
  column: (dtype, rows, _n, from) => values(dtype, [rows, 1], from, true),
  number: (dtype, _rows, _n, from) => values(dtype, [], from, true),
};
const views: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  none: (x) => x,
  transposed: (x) => ops.transpose(ops.reshape(x, [x.shape[1]!, x.shape[0]!])),
  flipped: (x) => ops.flip(x, -1),
  moved: (x) => ops.concat([ops.slice(x, [0, 1], x.shape), ops.slice(x, [0, 0], [x.shape[0]!, 1])], 1),
  padded: (x) =>
    ops.slice(
      ops.pad(x, [
        [0, 0],
        [1, 2],
      ]),
      [0, 0],
      x.shape,
    ),
  flat: (x) => ops.reshape(ops.flip(ops.reshape(x, [-1]), 0), x.shape),
};

describe("elementwise code", () => {
  test("gives the same bits for every length, dtype, broadcast and view", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...dtypes),
        fc.constantFrom(...Object.keys(others)),
        fc.constantFrom(...Object.keys(views)),
        fc.integer({ min: 1, max: 5 }),
        length,
        seed,
        (dtype, other, view, rows, n, from) =>
          agrees(
            (x, y) => {
              const seen = views[view]!(dtype === "bool" ? ops.or(x, x) : x);
              if (dtype === "bool") return [ops.xor(seen, y), ops.where(seen, 1, ops.cast(y, "float32"))];
              const chosen = ops.where(ops.less(seen, y), ops.mul(seen, y), ops.sub(seen, y));
              return [chosen, ops.cast(ops.abs(seen), "int32"), ops.cast(chosen, "float64"), ops.equal(chosen, y)];
            },
            () => [values(dtype, [rows, n], from, true), others[other]!(dtype, rows, n, from + 1)],
          ),
      ),
      { numRuns: 150 },
    );
  });

  test("takes several short rows at a time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), length, fc.boolean(), seed, (n, rows, deep, from) =>
        agrees(
          (x, y, z) => [ops.add(ops.mul(x, y), z)],
          () => [
            values("float32", deep ? [3, rows, n, 1] : [rows, n], from, true),
            values("float32", deep ? [n, 1] : [n], from + 1, true),
            values("float32", deep ? [3, 1, 1, 1] : [rows, 1], from + 2, true),
          ],
        ),
      ),
      { numRuns: 60 },
    );
  });

  test("of results that share values is one loop, which changes none of them", () => {
    const update = (p: Tensor, m: Tensor, v: Tensor, g: Tensor): Tensor[] => {
      const mean = ops.add(ops.mul(m, 0.9), ops.mul(g, 0.1));
      const square = ops.add(ops.mul(v, 0.999), ops.mul(ops.mul(g, g), 0.001));
      return [ops.sub(p, ops.div(ops.mul(mean, 0.01), ops.add(ops.sqrt(square), 1e-8))), mean, square];
    };
    fc.assert(
      fc.property(length, seed, (n, from) =>
        agrees(
          (p, m, v, g) => update(...(update(p, m, v, g) as [Tensor, Tensor, Tensor]), ops.flip(g, 0)),
          () => [0, 1, 2, 3].map((j) => ops.abs(values("float32", [n], from + j, false))),
        ),
      ),
      { numRuns: 40 },
    );
  });
});

describe("folds", () => {
  const folds: Readonly<Record<string, (x: Tensor, axes: readonly number[]) => Tensor>> = {
    sum: (x, axes) => ops.sum(x, axes),
    prod: (x, axes) => ops.prod(x, axes),
    max: (x, axes) => ops.max(x, axes),
    min: (x, axes) => ops.min(x, axes),
    "sum of squares": (x, axes) => ops.sum(ops.mul(x, x), axes),
    "sum of a shifted row": (x, axes) => ops.sum(ops.mul(x, ops.flip(x, -1)), axes),
  };
  const lengths = fc.oneof(length, fc.constantFrom(127, 128, 129, 1023, 1024, 1025, 1040, 2100));
  test("take the same order everywhere, whatever is folded", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(folds)),
        fc.constantFrom("float32" as const, "float64" as const, "int32" as const, "uint32" as const),
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
        lengths,
        fc.constantFrom("inside", "outside"),
        fc.nat({ max: 6 }),
        fc.boolean(),
        seed,
        (name, dtype, around, n, where, chosen, extreme, from) => {
          const shape = where === "inside" ? [...around, n] : [n, ...around];
          const some = shape.map((_, axis) => axis).filter((axis) => (chosen >> axis) % 2 === 1);
          const axes = some.length > 0 ? some : [shape.length - 1];
          agrees(
            (x) => [folds[name]!(x, axes)],
            () => [values(dtype, shape, from, extreme)],
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  test("of exponentials are near the interpreter's", () => {
    for (const n of [1, 7, 32, 33, 50, 1000, 1030])
      for (const axis of [0, 1]) {
        const x = (): Tensor => values("float64", axis ? [3, n] : [n, 3], n, false);
        const [expected, found] = [js(), wasm()].map((target) =>
          withTarget(target, () => ops.logsumexp(x(), axis).dataSync()),
        );
        found!.forEach((value, j) => expect(value).toBeCloseTo(expected![j]!, 12));
      }
  });

  test("of very many numbers lose nothing that the dtype can hold", () => {
    expect(ops.sum(ones([20_000_000])).itemSync()).toBe(20_000_000);
    expect(ops.sum(ones([20_000, 1000])).itemSync()).toBe(20_000_000);
    const tenths = ops.mul(ones([3_000_000]), 0.1);
    const relative = ops.sum(tenths).itemSync() / (3_000_000 * Math.fround(0.1)) - 1;
    expect(Math.abs(relative)).toBeLessThan(1e-6);
  });
});
