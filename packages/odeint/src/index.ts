export { discretize, type Adjoint } from "./adjoints/discretize";
export { constant } from "./controllers/constant";
export type {
  AdaptiveController,
  ConstantController,
  Controller,
  Decision,
  ErrorNorm,
  Tolerance,
} from "./controllers/controller";
export { pid, type PidOptions } from "./controllers/pid";
export { imex, type ImexField, type ImexParts, semilinear } from "./implicit/imex";
export type { ImplicitSolver } from "./implicit/method";
export { additive, diagonallyImplicit } from "./implicit/dirk";
export { rosenbrock } from "./implicit/rosenbrock";
export type {
  DiagonallyImplicitOptions,
  DiagonallyImplicitSolver,
  ImexOptions,
  ImexSolver,
  RadauOptions,
  RadauSolver,
  RosenbrockOptions,
  RosenbrockSolver,
} from "./implicit/tableau";
export type { JacobianFunction } from "./implicit/vector";
export { odeint, type OdeintOptions } from "./odeint";
export type { Times } from "./saveAt";
export type { Solution, Stats } from "./solution";
export * from "./solvers";
export type { Solver } from "./solver";
export type { StepperSolver } from "./stepper";
export { SolveError, Status, type StatusName } from "./status";
export {
  explicitRungeKutta,
  type ExplicitRungeKuttaOptions,
  type ExplicitSolver,
  symplecticSplitting,
  type SymplecticSolver,
  type SymplecticSplittingOptions,
} from "./tableau";
export type { VectorField } from "./vectorField";
export {
  hamiltonian,
  type Energy,
  type HamiltonianField,
  lagrangian,
  separable,
  type SeparableField,
  type SeparableParts,
} from "./hamiltonian";
export * from "./sde";
