import { describe, expect, test } from "vitest";
import { type DType, dtypes } from "../dtype";
import { DTypeError, ShapeError } from "../errors";
import { asTensor, type TensorLike } from "../literals";
import type { Aval } from "../primitive";
import type { Tensor } from "../tensor";
import { trace } from "../trace";
import * as f from ".";

/** What is known of a result, without computing it. */
function typeOf(fn: (...ins: Tensor[]) => Tensor, ...ins: readonly Aval[]): Aval {
  const { tape } = trace("test", (...xs) => [fn(...xs)], ins);
  return tape.avals[tape.outputs[0]!]!;
}
const of = (dtype: DType, shape: readonly number[] = [2]): Aval => ({ dtype, shape });
const weak: Aval = { dtype: "float64", shape: [], weak: true };

describe("promotion", () => {
  const table: Readonly<Record<DType, Partial<Record<DType, DType>>>> = {
    bool: { int32: "int32", uint32: "uint32", float32: "float32", float64: "float64" },
    int32: { bool: "int32", int32: "int32", float32: "float32", float64: "float64" },
    uint32: { bool: "uint32", uint32: "uint32", float32: "float32", float64: "float64" },
    float32: { bool: "float32", int32: "float32", uint32: "float32", float32: "float32", float64: "float64" },
    float64: { bool: "float64", int32: "float64", uint32: "float64", float32: "float64", float64: "float64" },
  };
  const pairs = dtypes.flatMap((a) => dtypes.flatMap((b) => (table[a][b] ? [[a, b, table[a][b]] as const] : [])));
  test.each(pairs)("%s with %s is %s", (a, b, want) => {
    expect(typeOf(f.mul, of(a), of(b)).dtype).toBe(want);
    expect(typeOf(f.less, of(a), of(b)).dtype).toBe("bool");
    expect(typeOf(f.div, of(a), of(b)).dtype).toBe(want === "float64" ? "float64" : "float32");
    expect(typeOf((x, y) => f.where(f.equal(x, x), x, y), of(a), of(b)).dtype).toBe(want);
  });

  const numbers: readonly (readonly [DType, number, DType])[] = [
    ["float32", 0.1, "float32"],
    ["float64", 1, "float64"],
    ["int32", 2, "int32"],
    ["int32", 0.5, "float32"],
    ["uint32", 2, "uint32"],
    ["bool", 2, "int32"],
    ["bool", 0.5, "float32"],
  ];
  test.each(numbers)("%s with the number %d is %s", (dtype, number, want) => {
    expect(typeOf((x) => f.add(x, number), of(dtype)).dtype).toBe(want);
    expect(typeOf((x) => f.add(number, x), of(dtype)).dtype).toBe(want);
  });

  test("a traced number takes the dtype of the float that it meets", () => {
    expect(typeOf(f.mul, of("float32"), weak)).toEqual(of("float32"));
    expect(typeOf(f.mul, weak, weak)).toEqual(weak);
    expect(typeOf(f.less, weak, weak).weak).toBeUndefined();
    expect(typeOf((x) => f.cast(x, "float64"), weak).weak).toBeUndefined();
  });

  test("a traced number may be fractional, so it makes integers float32", () =>
    expect(typeOf(f.mul, of("int32"), weak).dtype).toBe("float32"));

  const floating: readonly ((x: TensorLike) => Tensor)[] = [
    f.exp,
    f.sqrt,
    f.sin,
    f.tanh,
    f.sigmoid,
    f.gelu,
    f.elu,
    f.silu,
  ];
  test.each(floating.map((fn) => [fn.name, fn] as const))("%s of integers is float32", (_, fn) => {
    for (const dtype of ["bool", "int32", "uint32"] as const)
      expect(typeOf((x) => fn(x), of(dtype)).dtype).toBe("float32");
    expect(typeOf((x) => fn(x), of("float64")).dtype).toBe("float64");
  });

  test("integers stay integers under abs, floor, relu, clip, square and whole powers", () => {
    for (const fn of [f.abs, f.floor, f.relu, (x: Tensor) => f.clip(x, 0, 3), f.square, (x: Tensor) => f.pow(x, 3)])
      expect(typeOf((x) => fn(x), of("int32")).dtype).toBe("int32");
    expect(typeOf((x) => f.pow(x, -1), of("int32")).dtype).toBe("float32");
    expect(typeOf((x) => f.pow(x, 0.5), of("int32")).dtype).toBe("float32");
  });
});

describe("shapes", () => {
  test("broadcast as NumPy's", () => {
    expect(typeOf(f.add, of("float32", [3, 1]), of("float32", [4])).shape).toEqual([3, 4]);
    expect(typeOf(f.add, of("float32", [0]), of("float32", [])).shape).toEqual([0]);
    expect(typeOf(f.where, of("bool", [3, 1]), of("float32", [2]), of("float32", [])).shape).toEqual([3, 2]);
  });

  test("equal types record one node", () => {
    const { tape } = trace("test", (x, y) => [f.add(x, y)], [of("float32"), of("float32")]);
    expect(tape.nodes).toHaveLength(1);
  });
});

describe("errors", () => {
  const failing: readonly (readonly [() => unknown, new (message: string) => Error, string])[] = [
    [
      () => typeOf(f.add, of("float32", [2]), of("float32", [3])),
      ShapeError,
      "add: shapes [2] and [3] do not broadcast",
    ],
    [() => typeOf(f.sub, of("int32"), of("uint32")), DTypeError, "sub: int32 with uint32 has no common dtype"],
    [
      () => typeOf(f.add, of("bool"), of("bool")),
      DTypeError,
      'add: takes numbers, not bool; cast it first, as in cast(x, "float32")',
    ],
    [() => typeOf(f.and, of("float32"), of("float32")), DTypeError, "and: takes bool or integer tensors, not float32"],
    [
      () => typeOf(f.shiftLeft, of("float32"), of("float32")),
      DTypeError,
      "shiftLeft: takes integer tensors, not float32",
    ],
    [
      () => typeOf((x) => f.cast(x, "int8" as DType), of("float32")),
      DTypeError,
      'cast: "int8" is not a dtype; give one of bool',
    ],
  ];
  test.each(failing)("%#", (fn, type, text) => {
    expect(fn).toThrow(type);
    expect(fn).toThrow(text);
  });

  test.each([
    [undefined, "undefined"],
    [null, "null"],
    ["2", "a string"],
    [[1, 2], "an array"],
    [{ x: 1 }, "an object"],
    [(): number => 1, "a function"],
  ])("%o is no operand, alone, beside a tensor or while tracing", (stranger, text) => {
    const given = stranger as never;
    const x = f.ones([2]);
    const attempts: readonly (readonly [string, () => unknown])[] = [
      ["tensor", () => f.sin(given)],
      ["add", () => f.add(x, given)],
      ["add", () => f.add(given, 1)],
      ["div", () => f.div(x, given)],
      ["pow", () => f.pow(x, given)],
      ["maximum", () => f.maximum(given, x)],
      ["maximum", () => f.clip(x, 0, f.maximum(x, given))],
      ["matmul", () => f.matmul(x, given)],
      ["concat", () => f.concat([x, given])],
      ["where", () => f.where(true, given, x)],
      ["where", () => f.where(given, x, x)],
      ["div", () => typeOf((y) => f.div(y, given), of("float32"))],
    ];
    for (const [where, fn] of attempts) {
      expect(fn).toThrow(TypeError);
      expect(fn).toThrow(`${where}: an operand is ${text}; give a tensor or a number`);
    }
  });

  test("asTensor goes over lists", () => {
    expect([1, true].map(asTensor).map(({ dtype }) => dtype)).toEqual(["float32", "bool"]);
    expect(() => ["2" as never].map(asTensor)).toThrow("tensor: an operand is a string");
  });
});
