import { explicitRungeKutta, type ExplicitSolver } from "../tableau";

/** Explicit midpoint rule 2(1), two stages; Euler's rule estimates the error. Runge 1895, doi:10.1007/BF01446807. */
export const midpoint: ExplicitSolver = explicitRungeKutta({
  name: "midpoint",
  order: 2,
  c: [0, 1 / 2],
  a: [[], [1 / 2]],
  b: [0, 1],
  bError: [-1, 1],
  embeddedOrder: 1,
  reference: "Runge 1895, doi:10.1007/BF01446807",
});
