import { inspect } from "node:util";
import { expect, test } from "vitest";
import { formatTape, formatTensor } from "./format";
import * as o from "./functions";
import { withinRule } from "./literals";
import { trace } from "./trace";

const show = (values: number[], shape: number[] = [values.length]): string =>
  formatTensor(Float32Array.from(values), shape, "float32");

test("a scalar is a number and integers of a float tensor need no point", () => {
  expect(show([3], [])).toBe("3");
  expect(show([1, 2, -10])).toBe("[  1,   2, -10]");
});

test("columns are aligned at the point, digits are those that read back", () => {
  expect(show([1, 2.5, -0.1])).toBe("[ 1. ,  2.5, -0.1]");
  expect(show([NaN, 0.25, Infinity])).toBe("[ nan, 0.25,  inf]");
});

test("axes nest as NumPy nests them", () => {
  expect(show([1, 2, 3, 4], [2, 2])).toBe("[[1, 2],\n [3, 4]]");
  expect(show([1, 2, 3, 4], [2, 1, 2])).toBe("[[[1, 2]],\n\n [[3, 4]]]");
});

test("numbers of very different sizes are printed with exponents", () => {
  expect(show([1e-5, 1])).toBe("[1e-5, 1e+0]");
});

test("other dtypes are named, and so is the shape of what is cut or empty", () => {
  expect(formatTensor([1, 2], [2], "int32")).toBe("[1, 2] int32");
  expect(formatTensor([1, 0], [2], "bool")).toBe("[ true, false] bool");
  expect(formatTensor([], [0, 3], "float32")).toBe("[] [0, 3]");
  expect(
    formatTensor(
      Array.from({ length: 2000 }, (_, i) => i),
      [2000],
      "int32",
    ),
  ).toBe("[   0,    1,    2, …, 1997, 1998, 1999] int32[2000]");
});

test("Node's console prints a tensor's values, also within an object", () => {
  expect(inspect(o.tensor([1, 2.5]))).toBe("[1. , 2.5]");
  expect(inspect({ x: o.tensor(3, { dtype: "int32" }) })).toBe("{ x: 3 int32 }");
});

test("a tape is printed one line a node, literals where they are used", () => {
  const { tape } = trace("f", (x) => [withinRule(() => o.tanh(o.mul(o.reshape(x, [4]), x.shape[0]!)))], [
    { dtype: "float32", shape: [2, 2] },
  ]);
  const lines = formatTape(tape).split("\n");
  expect(lines[0]).toBe("f (%0: float32[2, 2])");
  expect(lines[1]).toBe("  %1: float32[4] = reshape %0 shape=[4]");
  expect(lines.at(-2)).toMatch(/^ {2}%\d+: float32\[4\] = tanh %\d+$/);
  expect(lines.at(-1)).toMatch(/^ {2}return %\d+$/);
});
