import { checkOptions, type Tensor } from "@dzdt/tensor";
import {
  biasCorrection,
  checkOption,
  checkRate,
  eachLeaf,
  noSteps,
  type Optimizer,
  rateAt,
  type RateOptions,
  zerosOf,
} from "./optimizer";

/** Options of `adam` and `adamw`. */
export interface AdamOptions extends RateOptions {
  /** Decay of the first moment. @defaultValue 0.9 */
  readonly beta1?: number;
  /** Decay of the second moment. @defaultValue 0.999 */
  readonly beta2?: number;
  /** Added to √v̂, outside the root. @defaultValue 1e-8 */
  readonly epsilon?: number;
  /** L2 form: weightDecay·parameter is added to the gradient, before the moments. @defaultValue 0 */
  readonly weightDecay?: number;
}

/** Adam, θ ← θ − rate·m̂ / (√v̂ + ε), the numbers of PyTorch. Kingma and Ba 2015, doi:10.48550/arXiv.1412.6980. */
export const adam = (options: AdamOptions): Optimizer =>
  moments("optim.adam", options, 0, (weightDecay) => ({
    gradient: (g, p) => (weightDecay > 0 ? g.add(p.mul(weightDecay)) : g),
    parameter: (p) => p,
  }));

/** Adam with the decay apart from the moments: θ is first multiplied by 1 − rate·weightDecay. Loshchilov and Hutter 2019. @defaultValue weightDecay = 0.01 */
export const adamw = (options: AdamOptions): Optimizer =>
  moments("optim.adamw", options, 0.01, (weightDecay) => ({
    gradient: (g) => g,
    parameter: (p, lr) => p.mul(typeof lr === "number" ? 1 - lr * weightDecay : lr.mul(-weightDecay).add(1)),
  }));

/** Where weight decay enters. */
interface Decay {
  gradient(gradient: Tensor, parameter: Tensor): Tensor;
  parameter(parameter: Tensor, rate: Tensor | number): Tensor;
}

function moments(
  where: string,
  options: AdamOptions,
  usualDecay: number,
  decayOf: (weightDecay: number) => Decay,
): Optimizer {
  checkOptions(where, options, ["rate", "beta1", "beta2", "epsilon", "weightDecay"]);
  const { rate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = usualDecay } = options;
  checkRate(where, rate);
  checkOption(where, "beta1", beta1, 0, 1);
  checkOption(where, "beta2", beta2, 0, 1);
  checkOption(where, "epsilon", epsilon, 0);
  checkOption(where, "weightDecay", weightDecay, 0);
  const decay = decayOf(weightDecay);
  return Object.freeze<Optimizer>({
    init: (params) => ({ step: noSteps(), mean: zerosOf(params), square: zerosOf(params) }),
    update: (grads, state, params) => {
      const step = state.step.add(1);
      const [next, mean, square] = eachLeaf(
        params,
        grads,
        [state["mean"]!, state["square"]!],
        (p, gradient, m0, v0) => {
          const lr = rateAt(rate, state.step, p);
          const g = decay.gradient(gradient, p);
          const m = m0.mul(beta1).add(g.mul(1 - beta1));
          const v = v0.mul(beta2).add(g.square().mul(1 - beta2));
          const scale = biasCorrection(beta1, step, p).pow(-1).mul(lr);
          const root = v
            .sqrt()
            .mul(biasCorrection(beta2, step, p).rsqrt())
            .add(epsilon);
          return [decay.parameter(p, lr).sub(m.div(root).mul(scale)), m, v];
        },
      );
      return [next, { step, mean: mean!, square: square! }];
    },
  });
}
