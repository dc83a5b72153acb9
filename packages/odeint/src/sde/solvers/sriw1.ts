import type { RosslerSolver } from "../solver";
import { rosslerRungeKutta } from "../tableau";

/**
 * SRIW1 for Itô equations with scalar or diagonal noise: strong order 3/2; order 2 without noise. Two evaluations of the drift a step, four of the
 * diffusion, and the path's space–time Lévy area. Rößler 2010, doi:10.1137/09076636X.
 */
export const sriw1: RosslerSolver = rosslerRungeKutta({
  name: "sriw1",
  c0: [0, 3 / 4, 0, 0],
  c1: [0, 1 / 4, 1, 1 / 4],
  a0: [[], [3 / 4], [0, 0], [0, 0, 0]],
  a1: [[], [1 / 4], [1, 0], [0, 0, 1 / 4]],
  b0: [[], [3 / 2], [0, 0], [0, 0, 0]],
  b1: [[], [1 / 2], [-1, 0], [-5, 3, 1 / 2]],
  alpha: [1 / 3, 2 / 3, 0, 0],
  beta1: [-1, 4 / 3, 2 / 3, 0],
  beta2: [-1, 4 / 3, -1 / 3, 0],
  beta3: [2, -4 / 3, -2 / 3, 0],
  beta4: [-2, 5 / 3, -2 / 3, 1],
  strongOrder: { commutative: 3 / 2 },
  reference: "Rößler 2010, doi:10.1137/09076636X",
});
