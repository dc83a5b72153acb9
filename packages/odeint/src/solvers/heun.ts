import { explicitRungeKutta, type ExplicitSolver } from "../tableau";

/**
 * Explicit trapezoidal rule 2(1), two stages; Euler's rule estimates the error. Some texts call it improved Euler and
 * keep Heun's name for order 3 (`heun3`). Runge 1895, doi:10.1007/BF01446807; Heun 1900.
 */
export const heun: ExplicitSolver = explicitRungeKutta({
  name: "heun",
  order: 2,
  c: [0, 1],
  a: [[], [1]],
  b: [1 / 2, 1 / 2],
  bError: [-1 / 2, 1 / 2],
  embeddedOrder: 1,
  reference: "Heun 1900, Zeitschrift für Mathematik und Physik 45, 23–38",
});
