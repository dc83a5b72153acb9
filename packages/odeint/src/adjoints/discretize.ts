import { checkOptions } from "../options";

/** How gradients go through a solve. */
export interface Adjoint {
  readonly kind: "discretize";
}

/**
 * Gradients of the numbers that were computed: through each step taken, step sizes held fixed. Exact for the discrete solution, in both modes
 * and to any order; saves a carry for each step. States between steps move with their times as the field says, not as the interpolant does.
 */
export function discretize(options: Readonly<Record<string, never>> = {}): Adjoint {
  checkOptions("discretize", options, []);
  return Object.freeze<Adjoint>({ kind: "discretize" });
}
