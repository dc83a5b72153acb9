export { brownian, type BrownianOptions, type BrownianPath, type Increment, type LevyArea } from "./brownian/brownian";
export { brownianSteps, type BrownianSteps } from "./brownian/steps";
export { toIto, toStratonovich } from "./convert";
export { langevin, type LangevinField, type LangevinParts, type Phase } from "./langevin";
export { logqp, type LogqpOptions, type LogqpSolution } from "./logqp";
export type { Calculus, Noise, Sde } from "./sde";
export type { ReversibleHeunSolver } from "../solvers/reversible-heun";
export { sdeint, type SdeintOptions, type SdeSolution } from "./sdeint";
export type {
  AdditiveSolver,
  LangevinSolver,
  LangevinStep,
  LogOdeSolver,
  MilsteinSolver,
  RosslerSolver,
  SdeSolver,
  SdeSolverTraits,
  SolverCalculus,
  SolverFor,
  StochasticSolver,
  StrongOrder,
} from "./solver";
export * from "./solvers";
export {
  additiveRungeKutta,
  type AdditiveTableau,
  rosslerRungeKutta,
  type RosslerTableau,
  stochasticRungeKutta,
  type StochasticTableau,
  type StochasticWeights,
} from "./tableau";
