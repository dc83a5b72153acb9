import type { Tensor } from "@dzdt/tensor";
import type { Case } from "../case";
import { numbersAre } from "../check";
import { mlp, toTensor, training } from "../dzdt";
import { block, type Block, mlpParams, uniform } from "../inputs";
import { reference } from "../references";

const shapes = {
  big: { batch: 256, sizes: [64, 128, 128, 1], seed: 40 },
  small: { batch: 32, sizes: [2, 50, 2], seed: 44 },
};

export function inputs(which: keyof typeof shapes): { x: Block; y: Block; params: Block[] } {
  const { batch, sizes, seed } = shapes[which];
  const [into, out] = [sizes[0]!, sizes.at(-1)!];
  return {
    x: block(uniform(seed + 1, batch * into, -1, 1), batch, into),
    y: block(uniform(seed + 2, batch * out, -1, 1), batch, out),
    params: mlpParams(seed, sizes),
  };
}

const step = (which: keyof typeof shapes): Case => ({
  name: `W4.${which}`,
  n: shapes[which].batch,
  dtype: "f32",
  check: numbersAre(reference[`W4.${which}`], 3e-3),
  dzdt: () => {
    const { x, y, params } = inputs(which);
    const data = { x: toTensor(x), y: toTensor(y) };
    return training(params, data, (p, { x, y }: { x: Tensor; y: Tensor }) => mlp(p, x).sub(y).square().mean());
  },
});

/** A regression by a tanh network: loss, gradient and Adam's update. */
export const cases: readonly Case[] = [step("big"), step("small")];
