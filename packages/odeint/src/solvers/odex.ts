import { extrapolation, type ExtrapolationSolver } from "../explicit/extrapolation";

/**
 * Extrapolated midpoint rule of Gragg, Bulirsch and Stoer with steps and orders of its own choice, 6 to 16: for smooth problems at small tolerances. Steps
 * of the rule 2, 4, 6, 10, 14 …, with Gragg's smoothing, without which a bend near a step's beginning goes unseen; order and step by work per unit
 * step, as in Hairer's program odex. Dense output without evaluations of its own: the polynomial of both ends and of the extrapolated middle, of three orders
 * less than the step. Steps are so short that it keeps to the tolerance too, unless `with({ between: false })`; `with({ order })` bounds the order, and steps
 * of one length have it.
 * Hairer, Nørsett and Wanner 1993, doi:10.1007/978-3-540-78862-1, II.9; Hairer and Ostermann 1990, doi:10.1007/BF01385634.
 */
export const odex: ExtrapolationSolver = extrapolation({
  name: "odex",
  order: 16,
  reference: "Hairer, Nørsett and Wanner 1993, doi:10.1007/978-3-540-78862-1",
});
