import type { SdeSolverTraits } from "../sde/solver";
import type { StepperSolver } from "../stepper";
import { reversibleHeunSteps } from "../structure/reversible-heun";
import { deepFreeze } from "../tableau";

/** The reversible Heun method: for `odeint` and for `sdeint`. */
export interface ReversibleHeunSolver extends StepperSolver, SdeSolverTraits<"stratonovich"> {
  readonly name: "reversibleHeun";
}

/**
 * The reversible Heun method, for ODEs (order 2, with an error estimate) and for Stratonovich SDEs: its steps can be undone from the state and its
 * companion, exactly but for rounding. Of an SDE strong order 1/2, and 1 for commutative noise. One evaluation of field, or drift and diffusion, a step,
 * after one more. Not stable on decaying problems over long times. Kidger, Foster, Li and Lyons 2021, algorithm 1, arXiv:2105.13493.
 */
export const reversibleHeun: ReversibleHeunSolver = deepFreeze<ReversibleHeunSolver>({
  kind: "stepper",
  name: "reversibleHeun",
  order: 2,
  adaptive: true,
  implicit: false,
  method: reversibleHeunSteps,
  calculus: "stratonovich",
  noise: ["diagonal", "scalar", "general", "additive"],
  levyArea: "none",
  strongOrder: { general: 1 / 2, commutative: 1, additive: 1 },
  reference: "Kidger, Foster, Li and Lyons 2021, arXiv:2105.13493",
});
