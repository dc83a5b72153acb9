import { diagonallyImplicit } from "../implicit/dirk";
import type { DiagonallyImplicitSolver } from "../implicit/tableau";

/**
 * TR-BDF2: half a step, or so, of the trapezoidal rule and then BDF2, of order 2, L-stable: for stiff problems at loose tolerances. The embedded
 * weights have order 3 and grow without bound where the field is stiff, so the estimate is filtered.
 * Bank et al. 1985, doi:10.1109/TCAD.1985.1270142; Hosea and Shampine 1996, doi:10.1016/0168-9274(95)00115-8.
 */
export const trbdf2: DiagonallyImplicitSolver = diagonallyImplicit({
  name: "trbdf2",
  order: 2,
  c: [0, 0.585786437626905, 1],
  a: [[0], [0.2928932188134525, 0.2928932188134525], [0.3535533905932738, 0.3535533905932738, 0.2928932188134525]],
  bError: [0.13807118745769836, -0.3333333333333333, 0.19526214587563498],
  embeddedOrder: 3,
  filtered: true,
  reference: "Hosea and Shampine 1996, doi:10.1016/0168-9274(95)00115-8",
});
