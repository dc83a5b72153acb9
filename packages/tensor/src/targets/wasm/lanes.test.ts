import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DType, byteSize, dtypes, isFloat, isInteger } from "../../dtype";
import type { Emitter, MathFunction, Value } from "../../lower/emitter";
import { mathFunctions } from "../../lower/math/functions";
import { type BinaryOp, type UnaryOp, comparisons } from "../../lower/math/scalar";
import { type Form, compute, counts, instantiate, read, write } from "./testing/lanes";

const floats = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, 7.25, 1e10, -1e10, 2 ** 31, -(2 ** 31), 2 ** 32, 1e-40];
const numbers: Record<DType, readonly number[]> = {
  float32: [...floats, -1e-40, 3e38, 3.7, Infinity, -Infinity, NaN].map(Math.fround),
  float64: [...floats, 5e-324, -5e-324, 1.7e308, 0.1, Infinity, -Infinity, NaN],
  int32: [0, 1, -1, 2, 3, -7, 31, 33, 65536, 2 ** 31 - 1, -(2 ** 31), 7, 100, 1_000_003],
  uint32: [0, 1, 2, 3, 7, 31, 33, 65536, 2 ** 31, 2 ** 32 - 1, 10, 1_000_003],
  bool: [0, 1],
};
const pairs = (dtype: DType): number[][] => {
  const list = numbers[dtype];
  return [list.flatMap((x) => list.map(() => x)), list.flatMap(() => [...list])];
};
const forms: readonly (readonly Form[])[] = [["lanes", "lanes"], ["uniform"], ["lanes", "uniform"]];

const unaries: readonly [UnaryOp, (dtype: DType) => boolean][] = [
  ...(["neg", "abs", "floor", "ceil", "trunc", "round"] as const).map(
    (name) => [name, (dtype: DType) => dtype !== "bool"] as [UnaryOp, (dtype: DType) => boolean],
  ),
  ["sqrt", isFloat],
  ["not", (dtype) => !isFloat(dtype)],
];
const binaries: readonly [BinaryOp, (dtype: DType) => boolean][] = [
  ...(["add", "sub", "mul", "div", "rem", "min", "max"] as const).map(
    (name) => [name, (dtype: DType) => dtype !== "bool"] as [BinaryOp, (dtype: DType) => boolean],
  ),
  ["copySign", isFloat],
  ...(["and", "or", "xor"] as const).map(
    (name) => [name, (dtype: DType) => !isFloat(dtype)] as [BinaryOp, (dtype: DType) => boolean],
  ),
  ["shiftLeft", isInteger],
  ["shiftRight", isInteger],
  ...(["equal", "notEqual", "less", "lessEqual"] as const).map(
    (name) => [name, () => true] as [BinaryOp, (dtype: DType) => boolean],
  ),
];

describe.each(counts)("%i lanes", (count) => {
  for (const dtype of dtypes) {
    test(`unary operations on ${dtype} are those of scalars`, () => {
      const list = unaries.filter(([, takes]) => takes(dtype)).map(([name]) => name);
      const rule = (k: Emitter, [a]: readonly Value[]): Value[] => list.map((name) => k[name](a!));
      const results = list.map(() => dtype);
      const args = [numbers[dtype]];
      expect(compute(count, [dtype], results, args, rule)).toEqual(compute(0, [dtype], results, args, rule));
    });

    test(`binary operations on ${dtype} are those of scalars`, () => {
      const list = binaries.filter(([, takes]) => takes(dtype)).map(([name]) => name);
      const results = list.map((name): DType => (comparisons.has(name) ? "bool" : dtype));
      const rule = (k: Emitter, [a, b]: readonly Value[]): Value[] => list.map((name) => k[name](a!, b!));
      for (const form of forms)
        expect(compute(count, [dtype, dtype], results, pairs(dtype), rule, form)).toEqual(
          compute(0, [dtype, dtype], results, pairs(dtype), rule, form),
        );
    });

    test(`conversions of ${dtype} are those of scalars`, () => {
      const rule = (k: Emitter, [a]: readonly Value[]): Value[] => dtypes.map((to) => k.cast(a!, to));
      const args = [numbers[dtype]];
      expect(compute(count, [dtype], dtypes, args, rule)).toEqual(compute(0, [dtype], dtypes, args, rule));
    });

    test(`selections of ${dtype} are those of scalars`, () => {
      const [a, b] = pairs(dtype);
      const other: DType = dtype === "float64" ? "float32" : "float64";
      const c = a!.map((_, i) => [1, 2, NaN, 0][(i * 7) % 4]!);
      const rule = (k: Emitter, [x, y, z]: readonly Value[]): Value[] => {
        const far = k.less(z!, k.literal(other, 1.5));
        return [
          k.select(k.less(x!, y!), x!, y!),
          k.select(k.less(x!, y!), y!, x!),
          k.select(k.not(far), x!, y!),
          k.select(far, x!, k.literal(dtype, 0)),
          k.select(far, k.literal(dtype, 0), y!),
          k.select(k.and(far, k.lessEqual(x!, y!)), x!, y!),
          k.cast(k.select(far, k.lessEqual(x!, y!), k.equal(x!, y!)), dtype),
        ];
      };
      const types = [dtype, dtype, other];
      const results = new Array<DType>(7).fill(dtype);
      for (const form of [...forms, ["lanes", "lanes", "uniform"]] as Form[][])
        expect(compute(count, types, results, [a!, b!, c], rule, form)).toEqual(
          compute(0, types, results, [a!, b!, c], rule, form),
        );
    });
  }

  test("integers divide by constants as scalars do", () => {
    for (const dtype of ["int32", "uint32"] as const)
      for (const divisor of [1, 2, 3, 5, 7, 10, 641, 65535, 65536, 2 ** 31 - 1, -(2 ** 31), -1, -3, -8, 0]) {
        const rule = (k: Emitter, [a]: readonly Value[]): Value[] => {
          const by = k.literal(dtype, divisor);
          return [k.div(a!, by), k.rem(a!, by)];
        };
        const args = [[...numbers[dtype], 2 ** 31 - 2, 12345678, 4, 5, 6, 99]];
        expect(compute(count, [dtype], [dtype, dtype], args, rule), `${dtype} ${divisor}`).toEqual(
          compute(0, [dtype], [dtype, dtype], args, rule),
        );
      }
  });

  test("bits are read under other dtypes as scalars' are", () => {
    const words = (k: Emitter, [a]: readonly Value[]): Value[] => {
      const { high, low } = k.words(a!);
      return [high, low, k.fromWords(low, high), k.fromWords(high, k.literal("uint32", 0))];
    };
    const finite = numbers.float64.filter((x) => !Number.isNaN(x));
    const results: DType[] = ["uint32", "uint32", "float64", "float64"];
    expect(compute(count, ["float64"], results, [finite], words)).toEqual(
      compute(0, ["float64"], results, [finite], words),
    );
    for (const from of ["float32", "int32", "uint32"] as const) {
      const list = (["float32", "int32", "uint32"] as const).filter((to) => to !== from);
      const rule = (k: Emitter, [a]: readonly Value[]): Value[] => list.map((to) => k.bitcast(a!, to));
      const args = [numbers[from].filter((x) => !Number.isNaN(x))];
      expect(compute(count, [from], list, args, rule)).toEqual(compute(0, [from], list, args, rule));
    }
  });

  test("ramps compute as the integers they stand for", () => {
    const rule = (k: Emitter, [a, b]: readonly Value[], i: Value): Value[] => {
      const int = (n: number): Value => k.literal("int32", n);
      const r = k.add(k.mul(i, int(-12)), b!);
      const unsigned = k.bitcast(r, "uint32");
      return [
        r,
        k.sub(int(5), r),
        k.sub(r, k.mul(int(4), i)),
        k.shiftLeft(r, int(3)),
        k.mul(r, i),
        k.add(r, a!),
        k.neg(r),
        k.select(k.less(i, int(7)), r, i),
        k.cast(k.cast(r, "float64"), "int32"),
        k.bitcast(k.div(unsigned, k.literal("uint32", 6)), "int32"),
        k.bitcast(k.rem(unsigned, k.literal("uint32", 5)), "int32"),
        k.sub(k.add(r, b!), r),
        k.mul(r, b!),
        k.and(r, int(0xff)),
      ];
    };
    const args = [Array.from({ length: 37 }, (_, i) => i * i), new Array<number>(37).fill(1000)];
    const types: DType[] = ["int32", "int32"];
    const results = new Array<DType>(14).fill("int32");
    expect(compute(count, types, results, args, rule, ["lanes", "uniform"])).toEqual(
      compute(0, types, results, args, rule, ["lanes", "uniform"]),
    );
  });

  test("indices lead to the same elements", () => {
    const rule = (k: Emitter, _: readonly Value[], i: Value): Value[] => {
      const index = k.flatIndex([3, 1, 4, 5], i);
      return [...index.axes(), index.flat(), k.index([3, 1, 4, 5], index.axes()).flat()];
    };
    const args = [new Array<number>(60).fill(0)];
    const results = new Array<DType>(6).fill("int32");
    expect(compute(count, ["int32"], results, args, rule)).toEqual(compute(0, ["int32"], results, args, rule));
  });

  test("memory is touched in the lanes' places only", () => {
    for (const dtype of dtypes) {
      const size = byteSize(dtype);
      const values = Array.from({ length: count }, (_, i) => (dtype === "bool" ? (i * 5 + 1) % 2 : i + 1));
      for (const stride of [1, 2, -1]) {
        const end = 8 * 65536 - count * size;
        const at = stride < 0 ? 4096 + count * size : 4096;
        const { run, view } = instantiate((k) => {
          const lanes = k.lanes(count)!;
          const int = (n: number): Value => k.literal("int32", n);
          // The last bytes of memory: reading beyond would trap.
          const loaded = lanes.load(dtype, lanes.ramp(int(end - 8), size), 8);
          lanes.store(dtype, lanes.ramp(int(at - 64), stride * size), 64, loaded);
          lanes.store(
            dtype,
            lanes.ramp(int(8192 + 64), size),
            -64,
            lanes.load(dtype, lanes.ramp(int(at), stride * size), 0),
          );
          lanes.store(dtype, int(12288), 0, loaded);
        });
        for (let i = 4000; i < 20000; i++) view.setUint8(i, 0xaa);
        write(view, dtype, end, values);
        run();
        const expected = new DataView(new ArrayBuffer(8 * 65536));
        for (let i = 4000; i < 20000; i++) expected.setUint8(i, 0xaa);
        write(expected, dtype, end, values);
        values.forEach((x, i) => write(expected, dtype, at + i * stride * size, [x]));
        write(expected, dtype, 8192, values);
        write(expected, dtype, 12288, [values.at(-1)!]);
        const wrong = new Uint8Array(view.buffer).findIndex((byte, i) => byte !== expected.getUint8(i));
        expect(wrong, `${dtype} ${stride}`).toBe(-1);
      }
    }
  });

  test("addresses may be any", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...dtypes),
        fc.array(fc.tuple(fc.nat(99), fc.nat(99)), { minLength: 3 * count, maxLength: 3 * count }),
        (dtype, places) => {
          const size = byteSize(dtype);
          const table = Array.from({ length: 100 }, (_, i) => (dtype === "bool" ? i % 2 : i));
          const moved = (lanes: boolean): number[] => {
            const { run, view } = instantiate((k) => {
              const int = (n: number): Value => k.literal("int32", n);
              const e = lanes ? k.lanes(count)! : k;
              const chunk = lanes ? count : 1;
              k.loop((3 * count) / chunk, (step) => {
                const base = k.mul(step, int(4 * chunk));
                const place = (column: number): Value => {
                  const at = k.add(base, int(column));
                  const position = e.load("int32", lanes ? k.lanes(count)!.ramp(at, 4) : at, 0);
                  return e.mul(position, int(size));
                };
                e.store(dtype, place(1024), 8192, e.load(dtype, place(0), 4096));
              });
            });
            write(
              view,
              "int32",
              0,
              places.map(([from]) => from),
            );
            write(
              view,
              "int32",
              1024,
              places.map(([, to]) => to),
            );
            write(view, dtype, 4096, table);
            run();
            return read(view, dtype, 8192, 100);
          };
          expect(moved(true)).toEqual(moved(false));
        },
      ),
      { numRuns: 30 },
    );
  });
});

const names = Object.keys(mathFunctions) as MathFunction[];
const arguments_ = [
  0, -0, 1e-45, -1e-45, 1e-30, 0.1, -0.3, 0.5, -0.7, 1, -1, 1.5, 2, -3, 5, -10, 22, 44, -60, 90, -100,
];
const extremes = [700, -746, 5999, 6001, 65535.5, 70000, 1e8, -1e15, 1e30, 3e38, -Infinity, Infinity, NaN];

describe.each(["float32", "float64"] as const)("elementary functions of %s", (dtype) => {
  test.each(names)("%s is that of scalars", (name) => {
    const special = [...arguments_, ...extremes, ...(dtype === "float64" ? [1e300, 5e-324, 1e-310] : [])];
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double(), fc.double({ min: -10, max: 10 })), { minLength: 40, maxLength: 40 }),
        fc.constantFrom(...counts),
        (drawn, count) => {
          const xs = [...special, ...drawn, ...special.flatMap((x) => special.map(() => x))];
          const ys = [...special, ...drawn.toReversed(), ...special.flatMap(() => special)];
          const [a, b] = [xs, ys].map((list) => (dtype === "float32" ? list.map(Math.fround) : list).slice(0, 500));
          const rule = (k: Emitter, args: readonly Value[]): Value[] => [k.math(name, ...args)];
          const columns = [a!, b!].slice(0, mathFunctions[name].arguments);
          const types = columns.map(() => dtype);
          expect(compute(count, types, [dtype], columns, rule)).toEqual(compute(0, types, [dtype], columns, rule));
        },
      ),
      { numRuns: 7 },
    );
  });
});
