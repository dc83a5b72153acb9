export { brownian, type BrownianOptions, type BrownianPath, type Increment, type LevyArea } from "./brownian/brownian";
export { toIto, toStratonovich } from "./convert";
export { langevin, type LangevinField, type LangevinParts, type Phase } from "./langevin";
export type { Calculus, Noise, Sde } from "./sde";
export { sdeint, type SdeintOptions, type SdeSolution } from "./sdeint";
export type {
  AdditiveSolver,
  LangevinSolver,
  LangevinStep,
  LogOdeSolver,
  MilsteinSolver,
  ReversibleHeunSolver,
  RosslerSolver,
  SdeSolver,
  SdeSolverTraits,
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
