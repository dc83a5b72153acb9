import { explicitRungeKutta, type ExplicitSolver } from "../tableau";

/**
 * The 3/8 rule of order 4, four stages, with smaller error constants than `rk4`.
 * Kutta 1901, Zeitschrift für Mathematik und Physik 46, 435–453.
 */
export const rk38: ExplicitSolver = explicitRungeKutta({
  name: "rk38",
  order: 4,
  c: [0, 1 / 3, 2 / 3, 1],
  a: [[], [1 / 3], [-1 / 3, 1], [1, -1, 1]],
  b: [1 / 8, 3 / 8, 3 / 8, 1 / 8],
  reference: "Kutta 1901, Zeitschrift für Mathematik und Physik 46, 435–453",
});
