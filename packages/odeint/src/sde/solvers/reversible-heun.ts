import type { ReversibleHeunSolver } from "../solver";
import { deepFreeze } from "../tableau";

/**
 * The reversible Heun method for Stratonovich equations: its steps can be undone from the state and its companion, exactly but for rounding. Strong order
 * 1/2, and 1 for commutative noise. One evaluation of drift and diffusion a step, after one more. Not stable on decaying problems over long times.
 * Kidger, Foster, Li and Lyons 2021, algorithm 1, arXiv:2105.13493.
 */
export const reversibleHeun: ReversibleHeunSolver = deepFreeze<ReversibleHeunSolver>({
  kind: "reversibleHeun",
  name: "reversibleHeun",
  calculus: "stratonovich",
  noise: ["diagonal", "scalar", "general", "additive"],
  levyArea: "none",
  order: { general: 1 / 2, commutative: 1, additive: 1 },
  reference: "Kidger, Foster, Li and Lyons 2021, arXiv:2105.13493",
});
