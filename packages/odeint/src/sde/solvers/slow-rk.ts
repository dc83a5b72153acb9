import type { StochasticSolver } from "../solver";
import { stochasticRungeKutta } from "../tableau";

/**
 * SLOW-RK for Stratonovich equations: strong order 3/2 for commutative noise (scalar and diagonal among it), for which it is the first choice; 1/2 for
 * other noise. Two evaluations of the drift a step, five of the diffusion, and the path's space–time Lévy area.
 * Foster, dos Reis and Strange 2023, (6.2), arXiv:2210.17543.
 */
export const slowRk: StochasticSolver<"stratonovich"> = stochasticRungeKutta({
  name: "slowRk",
  calculus: "stratonovich",
  c: [0, 1 / 2, 1 / 2, 1 / 2, 1 / 2, 3 / 4, 1],
  a: [[], [1 / 2], [1 / 2, 0], [1 / 2, 0, 0], [1 / 2, 0, 0, 0], [3 / 4, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]],
  b: [1 / 3, 0, 0, 0, 0, 2 / 3, 0],
  w: {
    a: [[], [0], [0, 1 / 2], [0, 0, 1 / 2], [0, 0, 0, 1], [0, 0, 0, 3 / 4, 0], [0, 0, 1 / 2, 0, 0, 0]],
    b: [0, 1 / 6, 1 / 3, 1 / 3, 1 / 6, 0, 0],
  },
  levy: {
    a: [[], [0], [0, 0], [0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 3 / 2, 0], [0, 0, 0, 0, 0, 0]],
    b: [0, 0, 0, 2, 0, 0, -2],
  },
  strongOrder: { general: 1 / 2, commutative: 3 / 2, additive: 3 / 2 },
  reference: "Foster, dos Reis and Strange 2023, arXiv:2210.17543",
});
