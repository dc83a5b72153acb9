import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, type DType, js, ops, type Target, type Tensor, tensor, wasm, withTarget } from "../index";
import { threaded } from "../targets/wasm/testing/threaded";

type F = (...ins: Tensor[]) => readonly Tensor[];

/** Numbers in (−8, 8) that look random, of a dtype. */
function numbers(shape: readonly number[], seed: number, dtype: DType = "float32"): Tensor {
  let state = seed;
  const values = Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.trunc((state >>> 8) / 2 ** 9 - 2 ** 14) / 2 ** 11;
  });
  return ops.cast(ops.reshape(tensor(values, { dtype: "float64" }), shape), dtype);
}

const bits = (x: Tensor): unknown => ({ dtype: x.dtype, shape: x.shape, values: Array.from(x.dataSync()) });
const on = (target: Target, make: () => readonly Tensor[]): unknown => withTarget(target, () => make().map(bits));

/** A function gives, compiled to wasm, the bits that the interpreter gives. */
function agrees(f: F, ins: () => readonly Tensor[], target: Target = wasm()): void {
  expect(on(target, () => compile(f)(...ins()))).toEqual(on(js(), () => f(...ins())));
}

const seed = fc.nat();
const dtype = fc.constantFrom<DType>("float32", "float64", "int32", "bool");
const short = fc.integer({ min: 1, max: 9 });
const length = fc.oneof(short, fc.integer({ min: 10, max: 70 }));

describe("arrays that are put together, padded or cut", () => {
  const pieces = fc.record({ dtype, lead: fc.array(length, { maxLength: 2 }), from: seed, last: fc.boolean() });

  test("along any axis, with arithmetic before and after", () => {
    fc.assert(
      fc.property(pieces, fc.array(length, { minLength: 2, maxLength: 4 }), ({ dtype, lead, from, last }, lengths) => {
        const shape = (n: number): number[] => (last ? [...lead, n] : [n, ...lead]);
        const axis = last ? lead.length : 0;
        const twice = (x: Tensor): Tensor => (dtype === "bool" ? x.not() : x.add(x));
        agrees(
          (...parts) => {
            const whole = ops.concat([twice(parts[0]!), ...parts.slice(1)], axis);
            return [dtype === "bool" ? whole.xor(whole.flip(axis)) : whole.mul(3).sub(whole.flip(axis))];
          },
          () => lengths.map((n, j) => numbers(shape(n), from + j, dtype)),
        );
      }),
      { numRuns: 40 },
    );
  });

  test("with margins on either side of every axis", () => {
    const margin = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }));
    fc.assert(
      fc.property(pieces, length, margin, margin, ({ dtype, lead, from }, n, outer, inner) => {
        const widths = [...lead.map(() => outer), inner];
        agrees(
          (x) => {
            const padded = x.pad(widths, 1);
            return [dtype === "bool" ? padded.not() : padded.mul(padded)];
          },
          () => [numbers([...lead, n], from, dtype)],
        );
      }),
      { numRuns: 60 },
    );
  });

  test("as neighbours on a grid, with and without an end", () => {
    const roll = (x: Tensor, axis: number): Tensor => {
      const n = x.shape[axis]!;
      const [head, tail] = x.split([1, n - 1], axis);
      return ops.concat([tail!, head!], axis);
    };
    const beside = (x: Tensor): Tensor => {
      const [rows, columns] = x.shape as [number, number];
      const wide = x.pad([
        [1, 1],
        [1, 1],
      ]);
      const at = (i: number, j: number): Tensor => wide.slice([i, j], [i + rows, j + columns]);
      return at(0, 1).add(at(2, 1)).add(at(1, 0)).add(at(1, 2)).sub(x.mul(4));
    };
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 2, max: 70 }), seed, (rows, columns, from) =>
        agrees(
          (x) => [roll(x, 0).add(roll(x, 1)), beside(x)],
          () => [numbers([rows, columns], from)],
        ),
      ),
      { numRuns: 40 },
    );
  });

  test("shared by several threads", () => {
    const f: F = (x) => [ops.concat([x.slice([0, 5], x.shape), x.slice([0, 0], [x.shape[0]!, 5])], 1).sin()];
    const make = (): Tensor[] => [numbers([600, 700], 1)];
    expect(on(threaded(3), () => compile(f)(...make()))).toEqual(on(wasm(), () => compile(f)(...make())));
  });
});

describe("transposes", () => {
  test("of lines that are a power of two apart", () => {
    const apart = fc.constantFrom(64, 128, 256);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        apart,
        fc.integer({ min: 1, max: 3 }),
        dtype,
        seed,
        (m, n, b, dtype, from) => {
          const make = (): Tensor[] => [numbers([b, m, n], from, dtype), numbers([b, n, m], from + 1, dtype)];
          const own = (x: Tensor): Tensor => (dtype === "bool" ? x.not() : x.add(x));
          agrees(
            (x, y) => [own(x.transpose([0, 2, 1])), y.equal(own(x).transpose([0, 2, 1])), x.transpose([2, 0, 1])],
            make,
          );
          agrees((x) => [own(x.take(0, 0).transpose())], make);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("of any axes, with what is spread over rows or columns, short and long code after them", () => {
    const orders = fc.shuffledSubarray([0, 1, 2], { minLength: 3 });
    fc.assert(
      fc.property(fc.tuple(length, short, length), orders, dtype, seed, (lengths, order, dtype, from) => {
        const [a, b, c] = order.map((axis) => lengths[axis]!) as [number, number, number];
        const floats = dtype === "float32" || dtype === "float64";
        const join = (x: Tensor, y: Tensor): Tensor => (dtype === "bool" ? x.xor(y) : x.sub(y));
        agrees(
          (x, row, column) => {
            const turned = x.transpose(order);
            return [turned, join(join(turned, row), column), join(column, turned), turned.transpose(order).flip(0)];
          },
          () => [numbers(lengths, from, dtype), numbers([c], from + 1, dtype), numbers([a, b, 1], from + 2, dtype)],
        );
        if (!floats) return;
        const f: F = (x, y) => [x.transpose(order).tanh().mul(y).sub(y.exp()).mul(x.transpose(order))];
        const make = (): Tensor[] => [numbers(lengths, from, dtype), numbers([a, b, c], from + 3, dtype)];
        const apart: F = (x, y) => {
          const [turned] = compile((z: Tensor) => [z.transpose(order)])(x);
          return compile((z: Tensor, w: Tensor) => [z.tanh().mul(w).sub(w.exp()).mul(z)])(turned!, y);
        };
        expect(on(wasm(), () => compile(f)(...make()))).toEqual(on(wasm(), () => apart(...make())));
      }),
      { numRuns: 60 },
    );
  });

  test("to and from rows that are shorter than a vector", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 7 }), fc.tuple(short, length), dtype, seed, (n, [a, b], dtype, from) =>
        agrees(
          (x, y) => [x.transpose([0, 2, 1]), x.transpose([2, 1, 0]), y.transpose([0, 2, 1]), y.flip(1)],
          () => [numbers([a, n, b], from, dtype), numbers([a, b, n], from + 1, dtype)],
        ),
      ),
      { numRuns: 40 },
    );
  });

  test("shared by several threads", () => {
    const f: F = (x) => [x.transpose().sin()];
    const make = (): Tensor[] => [numbers([1024, 520], 1)];
    expect(on(threaded(3), () => compile(f)(...make()))).toEqual(on(wasm(), () => compile(f)(...make())));
  });
});

test("chains go on through other shapes", () => {
  fc.assert(
    fc.property(fc.tuple(short, short, short, length), seed, fc.boolean(), ([a, b, c, d], from, turn) => {
      agrees(
        (x, row, block, column) => {
          const first = x.add(row).reshape([a, b, c, d]);
          const second = first.mul(block).sub(column.reshape([a, b, 1, 1]));
          const third = turn ? second.transpose([0, 2, 1, 3]) : second;
          return [third.reshape([a, b * c * d]).add(1), second.reshape([a * b * c * d]), third.reshape([a * b, c, d])];
        },
        () => [
          numbers([a * b, c * d], from),
          numbers([c * d], from + 1),
          numbers([c, d], from + 2),
          numbers([a * b], from + 3),
        ],
      );
    }),
    { numRuns: 50 },
  );
});
