import type { StochasticSolver } from "../solver";
import { stochasticRungeKutta } from "../tableau";

const outer = (3 - Math.sqrt(3)) / 6;
const inner = Math.sqrt(3) / 3;

/**
 * SPaRK (splitting path Runge–Kutta) for Stratonovich equations: strong order 1/2, 1 for commutative and 3/2 for additive noise. Three evaluations of
 * drift and diffusion a step, and the path's space–time Lévy area; for noise without structure as precise as three steps of `heunStratonovich`.
 * Foster 2023, definition 1.6, arXiv:2311.14201.
 */
export const spark: StochasticSolver<"stratonovich"> = stochasticRungeKutta({
  name: "spark",
  calculus: "stratonovich",
  c: [0, 1 / 2, 1],
  a: [[], [1 / 2], [0, 1]],
  b: [outer, inner, outer],
  w: { a: [[], [1 / 2], [0, 1]], b: [outer, inner, outer] },
  levy: { a: [[], [Math.sqrt(3)], [0, 0]], b: [1, 0, -1] },
  strongOrder: { general: 1 / 2, commutative: 1, additive: 3 / 2 },
  reference: "Foster 2023, arXiv:2311.14201",
});
