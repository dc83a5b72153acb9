import { explicitRungeKutta, type ExplicitSolver } from "../tableau";

/**
 * Ralston's rule 2(1), two stages, with the least bound of the truncation error: its node is 2/3, not the 3/4 that some
 * sources print. Ralston 1962, doi:10.1090/S0025-5718-1962-0150954-0.
 */
export const ralston: ExplicitSolver = explicitRungeKutta({
  name: "ralston",
  order: 2,
  c: [0, 2 / 3],
  a: [[], [2 / 3]],
  b: [1 / 4, 3 / 4],
  bError: [-3 / 4, 3 / 4],
  embeddedOrder: 1,
  reference: "Ralston 1962, doi:10.1090/S0025-5718-1962-0150954-0",
});
