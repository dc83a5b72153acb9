import { checkCheckpoints, type Checkpoints } from "@dzdt/tensor";
import { checkOptions } from "../options";
import type { DiscreteAdjoint } from "./adjoint";

/**
 * Gradients of the numbers that were computed: through each step taken, step sizes held fixed. Exact for the discrete solution, in both modes
 * and to any order. States between steps move with their times as the field says, not as the interpolant does.
 *
 * Reverse mode keeps the state that each step began with, or fewer: then steps are taken again on the way back, and gradients stay the same to the
 * bit. With n steps, of `maxSteps` N at most, `"all"` keeps n states; `"sqrt"` up to 2√N and takes each step once more; `"log"` up to 16 log₁₆ N
 * and takes each step log₁₆ N times more; a number k keeps every k-th, n/k + k, and takes each step once more. Where `ts` has times between the
 * first and the last, steps are taken yet once more. So give `maxSteps` of about the number of steps with `"sqrt"` and `"log"`.
 * @param options.checkpoints which states are kept. @defaultValue "all"
 */
export function discretize(options: { readonly checkpoints?: Checkpoints } = {}): DiscreteAdjoint {
  checkOptions("discretize", options, ["checkpoints"]);
  const checkpoints = checkCheckpoints("discretize", options.checkpoints ?? "all");
  return Object.freeze<DiscreteAdjoint>({ kind: "discretize", checkpoints });
}
