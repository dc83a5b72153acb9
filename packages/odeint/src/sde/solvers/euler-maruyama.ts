import type { StochasticSolver } from "../solver";
import { stochasticRungeKutta } from "../tableau";

/**
 * Euler–Maruyama for Itô equations: strong order 1/2, and 1 for additive noise; weak order 1. One evaluation of drift and diffusion a step, any noise.
 * Maruyama 1955, doi:10.1007/BF02846028.
 */
export const eulerMaruyama: StochasticSolver<"ito"> = stochasticRungeKutta({
  name: "eulerMaruyama",
  calculus: "ito",
  c: [0],
  a: [[]],
  b: [1],
  w: { a: [[]], b: [1] },
  strongOrder: { general: 1 / 2, commutative: 1 / 2, additive: 1 },
  reference: "Maruyama 1955, doi:10.1007/BF02846028",
});
