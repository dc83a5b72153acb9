import { rosenbrock } from "../implicit/rosenbrock";
import type { RosenbrockSolver } from "../implicit/tableau";

const d = 1 / (2 + Math.SQRT2);
const e32 = 6 + Math.SQRT2;

/**
 * Shampine and Reichelt's Rosenbrock 2(3) of three stages, the `ode23s` of MATLAB, L-stable, with dense output of order 2: for stiff problems at
 * loose tolerances, and where others fail. Written in the variables U₁ = d h k₁, U₂ = d h (k₂ − k₁) and
 * U₃ = d h (k₃ − e₃₂ (k₂ − k₁) − 2 k₁) of its stages k. Shampine and Reichelt 1997, doi:10.1137/S1064827594276424.
 */
export const rosenbrock23: RosenbrockSolver = rosenbrock({
  name: "rosenbrock23",
  order: 2,
  gamma: d,
  c: [0, 1 / 2, 1],
  a: [[], [1 / (2 * d)], [1 / d, 1 / d]],
  coupling: [[], [-1 / d], [-2 / d, -e32 / d]],
  d: [d, 0, -d],
  m: [1 / d, 1 / d, 0],
  e: [-1 / (6 * d), (2 - e32) / (6 * d), -1 / (6 * d)],
  embeddedOrder: 3,
  dense: [[0, -1 / (d * (1 - 2 * d)), 0]],
  denseOrder: 2,
  reference: "Shampine and Reichelt 1997, doi:10.1137/S1064827594276424",
});
