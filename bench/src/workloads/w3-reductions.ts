import type { Tensor } from "@dzdt/tensor";
import type { Case } from "../case";
import { meanSquareIs } from "../check";
import { calling, toTensor } from "../dzdt";
import { block, type Block, uniform } from "../inputs";
import { reference } from "../references";

const n = 1024;

export const inputs = (): Block => block(uniform(4, n * n, -4, 4), n, n);

const row = (name: "sum" | "mean" | "logsumexp" | "softmax", f: (x: Tensor) => Tensor): Case => ({
  name: `W3.${name}`,
  n,
  dtype: "f32",
  check: meanSquareIs(reference[`W3.${name}`], 1e-3),
  dzdt: () => calling(f, toTensor(inputs())),
});

/** Over the contiguous rows of a 1024 × 1024 matrix. */
export const cases: readonly Case[] = [
  row("sum", (x) => x.sum(1)),
  row("mean", (x) => x.mean(1)),
  row("logsumexp", (x) => x.logsumexp(1)),
  row("softmax", (x) => x.softmax(1)),
];
