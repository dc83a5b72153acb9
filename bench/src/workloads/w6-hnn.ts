import { grad } from "@dzdt/autograd";
import { concat, type Tensor } from "@dzdt/tensor";
import type { Case } from "../case";
import { numbersAre } from "../check";
import { mlp, toTensor, training } from "../dzdt";
import { block, type Block, mlpParams, uniform } from "../inputs";
import { reference } from "../references";

const n = 750;

/** States (q, p) of a pendulum and their derivatives. */
export function inputs(): { x: Block; dx: Block; params: Block[] } {
  const q = uniform(61, n, -Math.PI, Math.PI);
  const p = uniform(62, n, -2, 2);
  const pairs = (first: (i: number) => number, second: (i: number) => number): Block =>
    block(Array.from({ length: n }, (_, i) => [first(i), second(i)]).flat(), n, 2);
  return {
    x: pairs(
      (i) => q[i]!,
      (i) => p[i]!,
    ),
    dx: pairs(
      (i) => 2 * p[i]!,
      (i) => -3 * Math.sin(q[i]!),
    ),
    params: mlpParams(60, [2, 200, 200, 1]),
  };
}

/** A Hamiltonian network: the loss holds a gradient, so the step needs second derivatives. */
export const cases: readonly Case[] = [
  {
    name: "W6",
    n,
    dtype: "f32",
    check: numbersAre(reference.W6, 1e-3),
    dzdt: () => {
      const { x, dx, params } = inputs();
      const loss = (p: Tensor[], { x, dx }: { x: Tensor; dx: Tensor }): Tensor => {
        const slope = grad((x: Tensor) => mlp(p, x).sum())(x);
        const [dq, dp] = slope.split(2, 1) as [Tensor, Tensor];
        return concat([dp, dq.neg()], 1).sub(dx).square().mean();
      };
      return training(params, { x: toTensor(x), dx: toTensor(dx) }, loss);
    },
  },
];
