import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, type DType, js, linalg, ops, type Target, type Tensor, tensor, wasm, withTarget } from "../index";

type F = (...ins: Tensor[]) => readonly Tensor[];

function numbers(shape: readonly number[], seed: number, dtype: DType = "float32"): Tensor {
  let state = seed;
  const values = Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
  return ops.cast(ops.reshape(tensor(values, { dtype: "float64" }), shape), dtype);
}

const bits = (x: Tensor): unknown => ({ dtype: x.dtype, shape: x.shape, values: Array.from(x.dataSync()) });
const on = (target: Target, f: F, make: () => readonly Tensor[]): unknown =>
  withTarget(target, () => compile(f)(...make()).map(bits));
const agrees = (f: F, make: () => readonly Tensor[]): void => expect(on(wasm(), f, make)).toEqual(on(js(), f, make));

const float = fc.constantFrom<DType>("float32", "float64");
const length = fc.integer({ min: 1, max: 21 });
const seed = fc.nat();

describe("rules for whole results take several positions side by side, and give the bits of one after another:", () => {
  test("solves and factorisations", () => {
    fc.assert(
      fc.property(float, fc.integer({ min: 1, max: 2 }), length, length, seed, (dtype, batch, n, m, from) => {
        const matrix = (): Tensor => numbers([batch, n, n], from, dtype);
        const right = (): Tensor => numbers([batch, n, m], from + 1, dtype);
        const safe = (a: Tensor): Tensor => a.add(ops.eye(n, { dtype }).mul(4));
        for (const [lower, transpose] of [
          [true, false],
          [false, true],
        ] as const)
          agrees(
            (a, b) => [linalg.triangularSolve(safe(a), b, { lower, transpose })],
            () => [matrix(), right()],
          );
        agrees(
          (a, b) => [linalg.solve(a, b), ...Object.values(linalg.lu(a))],
          () => [matrix(), right()],
        );
      }),
      { numRuns: 40 },
    );
  });

  test("running sums and products along every axis, both ways", () => {
    fc.assert(
      fc.property(
        fc.array(length, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.boolean(),
        seed,
        (shape, at, reverse, from) => {
          const axis = at % shape.length;
          const turn = (x: Tensor): Tensor => (reverse ? x.flip(axis) : x);
          agrees(
            (x) => [turn(turn(x).cumsum(axis)), turn(turn(x).cumprod(axis))],
            () => [numbers(shape, from)],
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test("rows that are added up where indices say, some of them twice", () => {
    fc.assert(
      fc.property(float, length, length, length, seed, (dtype, n, width, count, from) => {
        const rows = (): Tensor => ops.cast(ops.mul(numbers([count], from + 1, "float64"), n), "int32");
        agrees(
          (x, index, y) => [ops.scatterAdd(x, index, y, 0)],
          () => [numbers([n, width], from, dtype), rows(), numbers([count, width], from + 2, dtype)],
        );
      }),
      { numRuns: 40 },
    );
  });

  test("where the greatest and the least of long rows are: the first of equals, or the first NaN", () => {
    const special = [NaN, Infinity, -Infinity, 0, -0, 1, 1, 1];
    const row = fc.record({
      n: fc.integer({ min: 250, max: 1100 }),
      every: fc.integer({ min: 1, max: 400 }),
      some: fc.constantFrom(special, special.slice(1), special.slice(3), [-Infinity], [Infinity], [NaN]),
      dtype: fc.constantFrom<DType>("float32", "float64", "int32", "uint32"),
    });
    fc.assert(
      fc.property(row, seed, ({ n, every, some, dtype }, from) => {
        const plain = numbers([2 * n], from, "float64").dataSync();
        const values = Float64Array.from(plain, (x, j) => (j % every === 0 ? some[(j / every) % some.length]! : x));
        const ints = dtype === "int32" || dtype === "uint32";
        const make = (): Tensor[] => {
          const x = ops.reshape(tensor(ints ? values.map((v) => (Number.isFinite(v) ? Math.abs(v) * 9 : 3)) : values), [
            2,
            n,
          ]);
          return [ops.cast(x, dtype)];
        };
        agrees((x) => [x.argmax(1), x.argmin(1)], make);
      }),
      { numRuns: 60 },
    );
  });
});
