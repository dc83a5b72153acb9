import { stack, type Tensor } from "@dzdt/tensor";
import { sdeint, type SdeintOptions } from "../../src/index";

export type NoisyOptions = Partial<SdeintOptions<Tensor, "stratonovich", "general">>;

/**
 * A loss of a rate in the drift, the state, a strength of the noise, and args, with noise that does not commute.
 * @param usual options where no others are given
 */
export const noisyLoss =
  (usual: NoisyOptions) =>
  (options: NoisyOptions, ts: readonly number[] = [0, 0.3, 1]) =>
  (a: Tensor, y: Tensor, c: Tensor, args: Tensor): Tensor => {
    const sde = {
      drift: (t: Tensor, x: Tensor, k: Tensor) => x.mul(a).add(t.sin()).add(k),
      diffusion: (_t: Tensor, x: Tensor) => stack([x.cos(), x.flip(0).mul(c)], 1),
      noise: "general",
      calculus: "stratonovich",
    } as const;
    return sdeint(sde, y, ts, { ...usual, args, ...options })
      .ys.square()
      .sum();
  };
