import { checkOptions } from "@dzdt/tensor";
import {
  checkOption,
  checkRate,
  eachLeaf,
  noSteps,
  type Optimizer,
  rateAt,
  type RateOptions,
  zerosOf,
} from "./optimizer";

/** Options of `sgd`. */
export interface SgdOptions extends RateOptions {
  /** @defaultValue 0 */
  readonly momentum?: number;
  /** @defaultValue false */
  readonly nesterov?: boolean;
  /** Added to the gradient as weightDecay·parameter. @defaultValue 0 */
  readonly weightDecay?: number;
}

/** Gradient descent, θ ← θ − rate·g; with momentum μ the velocity v ← μv + g takes the place of g (PyTorch's form). */
export function sgd(options: SgdOptions): Optimizer {
  checkOptions("optim.sgd", options, ["rate", "momentum", "nesterov", "weightDecay"]);
  const { rate, momentum = 0, nesterov = false, weightDecay = 0 } = options;
  checkRate("optim.sgd", rate);
  checkOption("optim.sgd", "momentum", momentum, 0);
  checkOption("optim.sgd", "weightDecay", weightDecay, 0);
  return Object.freeze<Optimizer>({
    init: (params) => (momentum > 0 ? { step: noSteps(), velocity: zerosOf(params) } : { step: noSteps() }),
    update: (grads, state, params) => {
      const [next, velocity] = eachLeaf(params, grads, momentum > 0 ? [state["velocity"]!] : [], (p, gradient, v) => {
        const g = weightDecay > 0 ? gradient.add(p.mul(weightDecay)) : gradient;
        const lr = rateAt(rate, state.step, p);
        if (!v) return [p.sub(g.mul(lr))];
        const moved = v.mul(momentum).add(g);
        return [p.sub((nesterov ? moved.mul(momentum).add(g) : moved).mul(lr)), moved];
      });
      const step = state.step.add(1);
      return [next, velocity === undefined ? { step } : { step, velocity }];
    },
  });
}
