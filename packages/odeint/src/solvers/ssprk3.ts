import { explicitRungeKutta, type ExplicitSolver } from "../tableau";

/**
 * Strong-stability-preserving rule of order 3, three stages: a convex combination of Euler steps, for hyperbolic
 * problems with limiters. Shu and Osher 1988, doi:10.1016/0021-9991(88)90177-5.
 */
export const ssprk3: ExplicitSolver = explicitRungeKutta({
  name: "ssprk3",
  order: 3,
  c: [0, 1, 1 / 2],
  a: [[], [1], [1 / 4, 1 / 4]],
  b: [1 / 6, 1 / 6, 2 / 3],
  reference: "Shu and Osher 1988, doi:10.1016/0021-9991(88)90177-5",
});
