import { explicitRungeKutta, type ExplicitSolver } from "../tableau";

/** Heun's rule of order 3, three stages. Heun 1900, Zeitschrift für Mathematik und Physik 45, 23–38. */
export const heun3: ExplicitSolver = explicitRungeKutta({
  name: "heun3",
  order: 3,
  c: [0, 1 / 3, 2 / 3],
  a: [[], [1 / 3], [0, 2 / 3]],
  b: [1 / 4, 0, 3 / 4],
  reference: "Heun 1900, Zeitschrift für Mathematik und Physik 45, 23–38",
});
