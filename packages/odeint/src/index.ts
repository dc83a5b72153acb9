export type { Adjoint, AdjointParts, CustomAdjoint, DiscreteAdjoint, StochasticAdjoint } from "./adjoints/adjoint";
export { backsolve, type BacksolveOptions } from "./adjoints/backsolve";
export { discretize } from "./adjoints/discretize";
export { forwardSensitivity } from "./adjoints/forward-sensitivity";
export { interpolating } from "./adjoints/interpolating";
export { reversible } from "./adjoints/reversible";
export { AdjointError } from "./adjoints/failures";
export type { ContinuousOptions } from "./adjoints/settings";
export { cdeint, type ControlledField } from "./cde";
export type { AtOptions } from "./asked";
export { constant } from "./controllers/constant";
export type {
  AdaptiveController,
  ConstantController,
  Controller,
  Decision,
  ErrorNorm,
  Tolerance,
} from "./controllers/controller";
export { gustafsson, type GustafssonOptions } from "./controllers/gustafsson";
export { pid, type PidOptions } from "./controllers/pid";
export {
  ddeint,
  type DdeintOptions,
  type Delay,
  type DelayedField,
  type Delays,
  type History,
  type StateDelay,
} from "./dde";
export { event, type EventCondition, type EventDirection, type EventOptions, type SolveEvent } from "./events/event";
export { peak, type PeakOptions } from "./events/peak";
export type { AdamsOptions, AdamsSolver } from "./explicit/adams";
export type { ExtrapolationOptions, ExtrapolationSolver } from "./explicit/extrapolation";
export { imex, type ImexField, type ImexParts, semilinear } from "./implicit/imex";
export type { ImplicitSolver } from "./implicit/method";
export type { AutoOptions, AutoSolver } from "./implicit/auto";
export type { BdfOptions, BdfSolver } from "./implicit/bdf";
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
export { makeReversible, type ReversibleOptions, type ReversibleSolver } from "./make-reversible";
export { odeint, type OdeintOptions } from "./odeint";
export {
  type Integrator,
  integrator,
  type IntegratorOptions,
  type IntegratorState,
  type IntegratorStats,
  type Step,
} from "./host/integrator";
export { solve } from "./host/solve";
export type { StepEvent } from "./host/stepper";
export type { HostOptions, StepReport } from "./host/watch";
export { steadyState, type SteadyStateOptions } from "./steady-state";
export { stepDoubling, type StepDoublingOptions, type StepDoublingSolver } from "./step-doubling";
export { cubicPath, hermitePath, linearPath, type Path, piecewisePath, type Pieces, rectilinearPath } from "./paths";
export {
  type Cost,
  quadrature,
  type QuadratureEvent,
  type QuadratureSolution,
  type QuadratureSolver,
} from "./quadrature";
export type { Times } from "./saveAt";
export { saveAt, type Save, type SaveOptions, type SaveRecord, type Saves } from "./saves/save";
export type { EventRecord, Solution, Stats } from "./solution";
export * from "./solvers";
export type { Solver } from "./solver";
export type { StepperSolver } from "./stepper";
export { gaussLegendre, type GaussOptions, type GaussSolver } from "./structure/gauss-tableau";
export type { TaoOptions, TaoSolver } from "./structure/tao-solver";
export { type FailureDetails, SolveError, Status, type StatusName } from "./status";
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
