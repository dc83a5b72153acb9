import type { StochasticSolver } from "../solver";
import { stochasticRungeKutta } from "../tableau";

/**
 * The midpoint rule for Stratonovich equations: strong order 1/2, and 1 for commutative noise. Two evaluations of drift and diffusion a step.
 * Rümelin 1982, doi:10.1137/0719041.
 */
export const midpointStratonovich: StochasticSolver<"stratonovich"> = stochasticRungeKutta({
  name: "midpointStratonovich",
  calculus: "stratonovich",
  c: [0, 1 / 2],
  a: [[], [1 / 2]],
  b: [0, 1],
  w: { a: [[], [1 / 2]], b: [0, 1] },
  strongOrder: { general: 1 / 2, commutative: 1, additive: 1 },
  reference: "Rümelin 1982, doi:10.1137/0719041",
});
