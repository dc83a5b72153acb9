import { diagonallyImplicit } from "../implicit/dirk";
import type { DiagonallyImplicitSolver } from "../implicit/tableau";

/**
 * The trapezoidal rule (Crank–Nicolson), of order 2, A-stable but not L-stable: stiff components ring, they are not damped. For steps of given
 * lengths, as it has no error estimate. Crank and Nicolson 1947, doi:10.1017/S0305004100023197.
 */
export const trapezoid: DiagonallyImplicitSolver = diagonallyImplicit({
  name: "trapezoid",
  order: 2,
  c: [0, 1],
  a: [[0], [0.5, 0.5]],
  reference: "Crank and Nicolson 1947, doi:10.1017/S0305004100023197",
});
