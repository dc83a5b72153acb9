import type { StochasticSolver } from "../solver";
import { stochasticRungeKutta } from "../tableau";

/**
 * Ralston's method, whose second evaluation is at two thirds of the step, for Stratonovich equations: strong order 1/2, and 1 for commutative noise. Two
 * evaluations of drift and diffusion a step. Its weights have the least bound on the error of the drift: Ralston 1962,
 * doi:10.1090/S0025-5718-1962-0150954-0; for noise see Rümelin 1982, doi:10.1137/0719041.
 */
export const ralstonStratonovich: StochasticSolver<"stratonovich"> = stochasticRungeKutta({
  name: "ralstonStratonovich",
  calculus: "stratonovich",
  c: [0, 2 / 3],
  a: [[], [2 / 3]],
  b: [1 / 4, 3 / 4],
  w: { a: [[], [2 / 3]], b: [1 / 4, 3 / 4] },
  strongOrder: { general: 1 / 2, commutative: 1, additive: 1 },
  reference: "Ralston 1962, doi:10.1090/S0025-5718-1962-0150954-0",
});
