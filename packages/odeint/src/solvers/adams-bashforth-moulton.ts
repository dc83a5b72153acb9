import { adams, type AdamsSolver } from "../explicit/adams";
import { tsit5 } from "./tsit5";
import { vern9 } from "./vern9";

/**
 * Adams–Bashforth predictors of orders 1 to 12 with Moulton correctors of one order more (PECE), with steps and orders of their own choice: for fields
 * that are dear and smooth, and many outputs, as a step costs two evaluations whatever its order, and dense output, of the order of each step, none.
 * Steps of one length need a fixed order, 2 to 10, as in `adamsBashforthMoulton.with({ order: 4 })`: the corrector's, after first steps by tsit5 (up to
 * order 5) or vern9. Called VCABM in OrdinaryDiffEq.
 * Shampine and Gordon 1975, Computer Solution of Ordinary Differential Equations; Hairer, Nørsett and Wanner 1993,
 * doi:10.1007/978-3-540-78862-1, III.5 and III.7.
 */
export const adamsBashforthMoulton: AdamsSolver = adams({
  name: "adamsBashforthMoulton",
  order: 13,
  starters: [tsit5, vern9],
  reference: "Shampine and Gordon 1975, Computer Solution of Ordinary Differential Equations",
});
