import { radau5 } from "./radau5";
import { backwardDifferentiation, type BdfSolver } from "../implicit/bdf";

/**
 * Numerical differentiation formulas of orders 1 to 5, with steps and orders of their own choice: for stiff problems that are large or whose field is
 * dear, as a step costs one factorisation and one or two evaluations; orders above 2 are not A-stable, so oscillations with little damping want
 * radau5. Backward differences of quasi-constant spacing, dense output of the order of each step. `maxOrder` bounds the order; with `kappa` all 0 the
 * classical formulas. Of a controller only tolerances, norm and bounds of the step count. Steps of given lengths are all of order `maxOrder`, after as
 * many of radau5's.
 * Shampine and Reichelt 1997, doi:10.1137/S1064827594276424.
 */
export const bdf: BdfSolver = backwardDifferentiation({
  name: "bdf",
  maxOrder: 5,
  starter: radau5,
  kappa: [-0.185, -1 / 9, -0.0823, -0.0415, 0],
  reference: "Shampine and Reichelt 1997, doi:10.1137/S1064827594276424",
});
