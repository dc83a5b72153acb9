import type { StochasticSolver } from "../solver";
import { stochasticRungeKutta } from "../tableau";

/**
 * Heun's method (the trapezoidal rule for drift and diffusion) for Stratonovich equations: strong order 1/2, and 1 for commutative noise. Two evaluations
 * of drift and diffusion a step. Rümelin 1982, doi:10.1137/0719041.
 */
export const heunStratonovich: StochasticSolver<"stratonovich"> = stochasticRungeKutta({
  name: "heunStratonovich",
  calculus: "stratonovich",
  c: [0, 1],
  a: [[], [1]],
  b: [1 / 2, 1 / 2],
  w: { a: [[], [1]], b: [1 / 2, 1 / 2] },
  strongOrder: { general: 1 / 2, commutative: 1, additive: 1 },
  reference: "Rümelin 1982, doi:10.1137/0719041",
});
