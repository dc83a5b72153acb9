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

/** Options of `rmsprop`. */
export interface RmspropOptions extends RateOptions {
  /** Decay of the mean square. @defaultValue 0.99 */
  readonly alpha?: number;
  /** Added to √v, outside the root. @defaultValue 1e-8 */
  readonly epsilon?: number;
  /** @defaultValue 0 */
  readonly momentum?: number;
  /** L2 form, as in adam. @defaultValue 0 */
  readonly weightDecay?: number;
}

/** θ ← θ − rate·g / (√v + ε) with v the running mean of g² (PyTorch's form). */
export function rmsprop(options: RmspropOptions): Optimizer {
  checkOptions("optim.rmsprop", options, ["rate", "alpha", "epsilon", "momentum", "weightDecay"]);
  const { rate, alpha = 0.99, epsilon = 1e-8, momentum = 0, weightDecay = 0 } = options;
  checkRate("optim.rmsprop", rate);
  checkOption("optim.rmsprop", "alpha", alpha, 0, 1);
  checkOption("optim.rmsprop", "epsilon", epsilon, 0);
  checkOption("optim.rmsprop", "momentum", momentum, 0);
  checkOption("optim.rmsprop", "weightDecay", weightDecay, 0);
  const slots = momentum > 0 ? ["square", "velocity"] : ["square"];
  return Object.freeze<Optimizer>({
    init: (params) => ({ step: noSteps(), ...Object.fromEntries(slots.map((name) => [name, zerosOf(params)])) }),
    update: (grads, state, params) => {
      const given = slots.map((name) => state[name]!);
      const [next, ...kept] = eachLeaf(params, grads, given, (p, gradient, v0, velocity) => {
        const g = weightDecay > 0 ? gradient.add(p.mul(weightDecay)) : gradient;
        const v = v0.mul(alpha).add(g.square().mul(1 - alpha));
        const scaled = g.div(v.sqrt().add(epsilon));
        const moved = velocity ? velocity.mul(momentum).add(scaled) : scaled;
        const after = p.sub(moved.mul(rateAt(rate, state.step, p)));
        return velocity ? [after, v, moved] : [after, v];
      });
      return [next, { step: state.step.add(1), ...Object.fromEntries(slots.map((name, k) => [name, kept[k]!])) }];
    },
  });
}
