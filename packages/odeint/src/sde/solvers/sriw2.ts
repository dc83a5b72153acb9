import type { RosslerSolver } from "../solver";
import { rosslerRungeKutta } from "../tableau";

/**
 * SRIW2 for Itô equations with scalar or diagonal noise: strong order 3/2; order 3 without noise. Three evaluations of the drift a step, four of the
 * diffusion, and the path's space–time Lévy area. Called srk or srid2 in torchsde. Rößler 2010, doi:10.1137/09076636X.
 */
export const sriw2: RosslerSolver = rosslerRungeKutta({
  name: "sriw2",
  c0: [0, 1, 1 / 2, 0],
  c1: [0, 1 / 4, 1, 1 / 4],
  a0: [[], [1], [1 / 4, 1 / 4], [0, 0, 0]],
  a1: [[], [1 / 4], [1, 0], [0, 0, 1 / 4]],
  b0: [[], [0], [1, 1 / 2], [0, 0, 0]],
  b1: [[], [-1 / 2], [1, 0], [2, -1, 1 / 2]],
  alpha: [1 / 6, 1 / 6, 2 / 3, 0],
  beta1: [-1, 4 / 3, 2 / 3, 0],
  beta2: [1, -4 / 3, 1 / 3, 0],
  beta3: [2, -4 / 3, -2 / 3, 0],
  beta4: [-2, 5 / 3, -2 / 3, 1],
  strongOrder: { commutative: 3 / 2 },
  reference: "Rößler 2010, doi:10.1137/09076636X",
});
