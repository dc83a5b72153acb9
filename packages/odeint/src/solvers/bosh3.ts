import { explicitRungeKutta, type ExplicitSolver } from "../tableau";

/**
 * Bogacki–Shampine 3(2), four stages, FSAL, for low accuracy; cubic Hermite dense output.
 * Bogacki and Shampine 1989, doi:10.1016/0893-9659(89)90079-7.
 */
export const bosh3: ExplicitSolver = explicitRungeKutta({
  name: "bosh3",
  order: 3,
  c: [0, 1 / 2, 3 / 4, 1],
  a: [[], [1 / 2], [0, 3 / 4], [2 / 9, 1 / 3, 4 / 9]],
  b: [2 / 9, 1 / 3, 4 / 9, 0],
  bError: [-5 / 72, 1 / 12, 1 / 9, -1 / 8],
  embeddedOrder: 2,
  reference: "Bogacki and Shampine 1989, doi:10.1016/0893-9659(89)90079-7",
});
