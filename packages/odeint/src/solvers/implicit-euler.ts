import { diagonallyImplicit } from "../implicit/dirk";
import type { DiagonallyImplicitSolver } from "../implicit/tableau";

/**
 * The implicit Euler method, of order 1, L-stable: the most robust there is, at low accuracy. Its error is estimated by comparison with the
 * trapezoidal rule. Hairer and Wanner 1996, Solving Ordinary Differential Equations II, IV.3, doi:10.1007/978-3-642-05221-7.
 */
export const implicitEuler: DiagonallyImplicitSolver = diagonallyImplicit({
  name: "implicitEuler",
  order: 1,
  c: [1],
  a: [[1]],
  bError: [1 / 2],
  startError: -1 / 2,
  embeddedOrder: 1,
  reference: "Hairer and Wanner 1996, doi:10.1007/978-3-642-05221-7",
});
