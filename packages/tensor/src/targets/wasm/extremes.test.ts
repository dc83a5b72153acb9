import { expect, test } from "vitest";
import { compile, js, ops, type Tensor, tensor, wasm, withTarget } from "../../index";

const numbers = [NaN, -Infinity, -1.5, -1e-40, -0, 0, 1e-40, 2, Infinity];

test.each(["float32", "float64"] as const)("the lesser and the greater of %s, as lanes and alone", (dtype) => {
  const pairs = numbers.flatMap((a) => numbers.map((b) => [a, b] as const));
  const column = (k: 0 | 1): Tensor =>
    tensor(
      pairs.map((pair) => pair[k]),
      { dtype },
    );
  const f = (a: Tensor, b: Tensor): Tensor[] => [
    ops.maximum(a, b),
    ops.minimum(a, b),
    ...[-2, -0, 0, 3, Infinity].flatMap((x) => [ops.maximum(a, x), ops.minimum(x, b)]),
    ops.max(ops.reshape(a, [9, 9]), 0),
    ops.min(ops.reshape(b, [9, 9]), 1),
  ];
  const expected = withTarget(js(), () => f(column(0), column(1)).map((x) => Array.from(x.dataSync())));
  const found = withTarget(wasm(), () => compile(f)(column(0), column(1)).map((x) => Array.from(x.dataSync())));
  expect(found).toEqual(expected);
});

test("the greatest of a long row, wherever a NaN or a zero is", () => {
  for (const at of [0, 1, 15, 16, 63, 64, 500, 1023, 1039])
    for (const special of [NaN, -0, 0, 7]) {
      const values = new Float32Array(1040).fill(-0);
      values[at] = special;
      const of = (f: (x: Tensor) => Tensor): number => withTarget(wasm(), () => compile(f)(tensor(values)).itemSync());
      expect(of((x) => ops.max(x))).toBe(special);
      expect(of((x) => ops.min(x.neg()))).toBe(-special);
    }
});
