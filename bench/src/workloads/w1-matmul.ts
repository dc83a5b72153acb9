import type { Tensor } from "@dzdt/tensor";
import type { Case } from "../case";
import { meanSquareIs } from "../check";
import { calling, toTensor } from "../dzdt";
import { block, type Block, uniform } from "../inputs";
import { reference } from "../references";

/** Two n × n matrices of numbers in (−1, 1). */
export const inputs = (n: number): [a: Block, b: Block] => [
  block(uniform(1, n * n, -1, 1), n, n),
  block(uniform(2, n * n, -1, 1), n, n),
];

const product = (n: number, dtype: "f32" | "f64", want: number): Case => ({
  name: dtype === "f32" ? `W1.${n}` : `W1.f64.${n}`,
  workload: "W1",
  n,
  dtype,
  check: meanSquareIs(want, 1e-4),
  operations: 2 * n ** 3,
  dzdt: () => {
    const [a, b] = inputs(n);
    const type = dtype === "f32" ? "float32" : "float64";
    return calling((x: Tensor, y: Tensor) => x.matmul(y), toTensor(a, type), toTensor(b, type));
  },
});

/** Products of square matrices, a new one each time. */
export const cases: readonly Case[] = [
  product(128, "f32", reference["W1.128"]),
  product(512, "f32", reference["W1.512"]),
  product(1024, "f32", reference["W1.1024"]),
  product(512, "f64", reference["W1.512"]),
];
