import type { StochasticSolver } from "../solver";
import { stochasticRungeKutta } from "../tableau";

/**
 * ShARK for Stratonovich equations with any noise: strong order 1/2, 1 for commutative and 3/2 for additive noise. Two evaluations of the drift a step,
 * three of the diffusion, and the path's space–time Lévy area; for noise without structure as precise as three steps of `heunStratonovich`.
 * Foster, dos Reis and Strange 2023, (6.1), arXiv:2210.17543.
 */
export const generalShark: StochasticSolver<"stratonovich"> = stochasticRungeKutta({
  name: "generalShark",
  calculus: "stratonovich",
  c: [0, 0, 5 / 6],
  a: [[], [0], [0, 5 / 6]],
  b: [0, 2 / 5, 3 / 5],
  w: { a: [[], [0], [0, 5 / 6]], b: [0, 2 / 5, 3 / 5] },
  levy: { a: [[], [1], [1, 0]], b: [0, 6 / 5, -6 / 5] },
  strongOrder: { general: 1 / 2, commutative: 1, additive: 3 / 2 },
  reference: "Foster, dos Reis and Strange 2023, arXiv:2210.17543",
});
