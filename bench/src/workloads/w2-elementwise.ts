import { grad } from "@dzdt/autograd";
import type { Tensor } from "@dzdt/tensor";
import type { Case } from "../case";
import { meanSquareIs } from "../check";
import { calling, toTensor } from "../dzdt";
import { block, type Block, uniform } from "../inputs";
import { reference } from "../references";

const n = 2 ** 20;

export const inputs = (): Block => block(uniform(3, n, -3, 3), n);

const f = (x: Tensor): Tensor => x.mul(1.3).add(0.2).tanh().mul(x.sigmoid()).add(x.square().neg().exp());

/** y = tanh(1.3x + 0.2)·σ(x) + exp(−x²), and the gradient of Σy, of a million numbers. */
export const cases: readonly Case[] = [
  {
    name: "W2.fwd",
    n,
    dtype: "f32",
    check: meanSquareIs(reference["W2.fwd"], 1e-3),
    dzdt: () => calling(f, toTensor(inputs())),
  },
  {
    name: "W2.grad",
    n,
    dtype: "f32",
    check: meanSquareIs(reference["W2.grad"], 1e-3),
    dzdt: () =>
      calling(
        grad((x: Tensor) => f(x).sum()),
        toTensor(inputs()),
      ),
  },
];
