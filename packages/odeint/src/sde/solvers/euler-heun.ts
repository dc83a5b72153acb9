import type { StochasticSolver } from "../solver";
import { stochasticRungeKutta } from "../tableau";

/**
 * Euler–Heun for Stratonovich equations: Euler's rule for the drift, the trapezoidal rule for the diffusion. Strong order 1/2, and 1 for commutative
 * noise. One evaluation of the drift a step and two of the diffusion. Roberts 2012, arXiv:1210.0933.
 */
export const eulerHeun: StochasticSolver<"stratonovich"> = stochasticRungeKutta({
  name: "eulerHeun",
  calculus: "stratonovich",
  c: [0, 1],
  a: [[], [0]],
  b: [1, 0],
  w: { a: [[], [1]], b: [1 / 2, 1 / 2] },
  strongOrder: { general: 1 / 2, commutative: 1, additive: 1 },
  reference: "Roberts 2012, arXiv:1210.0933",
});
