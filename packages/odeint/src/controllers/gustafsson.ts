import { where } from "@dzdt/tensor";
import type { AdaptiveController } from "./controller";
import { readLimits, type StepLimits, usualLimits } from "./limits";

/** Options of {@link gustafsson}: `factorMax` is 8 unless told. */
export type GustafssonOptions = StepLimits;

/** A smaller error of the step before is taken for this, so that one easy step does not stop the next from growing. */
const leastError = 1e-2;

/**
 * Gustafsson's predictive control, for implicit solvers. With scaled errors e of this and the step before, whose lengths are h₁ and h₂, and errors that
 * shrink as h^k, the next step is h₁ times the smaller of safety · e₁^(−1/k) and safety · e₁^(−1/k) · (h₁/h₂) (e₂/e₁)^(1/k): where the error
 * coefficient grew, it is expected to grow on. It helps where steps must become shorter for many steps in a row, as before the fast parts of relaxation
 * oscillations: there `pid({ p: 0, i: 1 })` has about every second step rejected. A step is rejected when e > 1 or is not finite; the step after it
 * is no longer than that.
 * Reference: Gustafsson 1994, doi:10.1145/198429.198437; Hairer and Wanner 1996, IV.8.
 * @example odeint(field, y0, ts, { solver: radau5, controller: gustafsson() })
 */
export function gustafsson(options: GustafssonOptions = {}): AdaptiveController {
  const { plan, ...limits } = readLimits("gustafsson", options, [], { ...usualLimits.plan, factorMax: 8 });
  const { safety, factorMin, factorMax } = plan;
  return Object.freeze<AdaptiveController>({
    ...limits,
    // Logarithms of the error of the last accepted step and of what the length changed by since; is there such a step? The most that the step may grow.
    init: () => [0, 0, 0, factorMax],
    adapt: ([before, change, known, most], ratio, order) => {
      const accept = ratio.lessEqual(1);
      const now = ratio.maximum(1e-16).log();
      const classical = now.mul(-1 / order).add(Math.log(safety));
      const predicted = classical.add(change!).add(before!.sub(now).mul(1 / order));
      const smaller = where(accept.and(known!.greater(0)), classical.minimum(predicted), classical);
      const planned = smaller.exp().maximum(factorMin).minimum(most!);
      const factor = where(ratio.less(Infinity), where(accept, planned, planned.minimum(safety)), factorMin);
      const step = factor.log();
      return {
        accept,
        factor,
        state: [
          where(accept, now.maximum(Math.log(leastError)), before!),
          where(accept, step, change!.add(step)),
          where(accept, known!.mul(0).add(1), known!),
          where(accept, most!.mul(0).add(factorMax), 1),
        ],
      };
    },
  });
}
