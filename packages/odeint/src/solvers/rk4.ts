import { explicitRungeKutta, type ExplicitSolver } from "../tableau";

/**
 * The classical Runge–Kutta rule of order 4, four stages, for fixed steps (`rk38` is what torchdiffeq calls rk4).
 * Kutta 1901, Zeitschrift für Mathematik und Physik 46, 435–453.
 */
export const rk4: ExplicitSolver = explicitRungeKutta({
  name: "rk4",
  order: 4,
  c: [0, 1 / 2, 1 / 2, 1],
  a: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
  b: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
  reference: "Kutta 1901, Zeitschrift für Mathematik und Physik 46, 435–453",
});
