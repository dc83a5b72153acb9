import type { LogOdeSolver } from "../solver";
import { deepFreeze } from "../tableau";

/**
 * The log-ODE method with the midpoint rule, for Stratonovich equations: strong order 1/2, and 1 for commutative noise. The area between noises is
 * its mean given W and the space–time area H, the best that these tell: for noise that does not commute the error is a fraction of `midpointStratonovich`'s.
 * Two evaluations of drift and diffusion a step, and m derivatives of a matrix of m columns.
 * Castell and Gaines 1995; Foster 2020 (thesis, Oxford), chapter 4.
 */
export const logOde: LogOdeSolver = deepFreeze<LogOdeSolver>({
  kind: "logOde",
  name: "logOde",
  calculus: "stratonovich",
  noise: ["diagonal", "scalar", "general", "additive"],
  levyArea: "space-time",
  strongOrder: { general: 1 / 2, commutative: 1, additive: 1 },
  reference: "Castell and Gaines 1995, Mathematics and Computers in Simulation 38, 13–19",
});
