import type { Tensor } from "@dzdt/tensor";
import type { LevyArea } from "./brownian/brownian";
import type { ReversibleHeunSolver } from "../solvers/reversible-heun";
import type { Phi } from "./methods/phi";
import type { Calculus, Noise } from "./sde";
import type { AdditiveTableau, RosslerTableau, StochasticTableau } from "./tableau";

/** Strong orders of convergence by kind of noise: the mean error of a path shrinks as dt to this power. */
export interface StrongOrder {
  /** Of noise without structure. */
  readonly general?: number;
  /** Of noise whose fields commute: scalar and diagonal noise, and matrices with ∂gᵢ gⱼ = ∂gⱼ gᵢ. */
  readonly commutative?: number;
  readonly additive?: number;
}

/** What a solver takes equations to be; `either` follows the equation. */
export type SolverCalculus = Calculus | "either";

/** What every SDE solver says of itself. */
export interface SdeSolverTraits<C extends SolverCalculus = SolverCalculus> {
  readonly name: string;
  /** What it takes equations to be; `either` follows the equation. Additive noise is the same in both. */
  readonly calculus: C;
  readonly noise: readonly Noise[];
  readonly levyArea: LevyArea;
  readonly strongOrder: StrongOrder;
  /** Author, year and where. */
  readonly reference: string;
}

/** A stochastic Runge–Kutta method whose stages use one state for drift and diffusion. */
export type StochasticSolver<C extends SolverCalculus = SolverCalculus> = SdeSolverTraits<C> &
  StochasticTableau & { readonly kind: "stochastic" };
/** A stochastic Runge–Kutta method for additive noise. */
export type AdditiveSolver = SdeSolverTraits<"either"> & AdditiveTableau & { readonly kind: "additive" };
/** A method of Rößler's class SRI, with separate states for drift and diffusion. */
export type RosslerSolver = SdeSolverTraits<"ito"> & RosslerTableau & { readonly kind: "rossler" };

/** Milstein's method. */
export interface MilsteinSolver extends SdeSolverTraits<"either"> {
  readonly kind: "milstein";
  /** Refuse noise that does not commute, for which the order is only 1/2. */
  readonly commutative: boolean;
  with(options: { readonly commutative: boolean }): MilsteinSolver;
}

/** The log-ODE method. */
export interface LogOdeSolver extends SdeSolverTraits<"stratonovich"> {
  readonly kind: "logOde";
}

/** What a Langevin step is made of: vectors of one shape, and scalars or vectors of coefficients. */
export interface LangevinStep {
  readonly q: Tensor;
  readonly p: Tensor;
  /** The force at q, for methods that keep it. */
  readonly f: Tensor | undefined;
  readonly force: (q: Tensor) => Tensor;
  readonly h: Tensor;
  readonly gamma: Tensor;
  /** √(2γT). */
  readonly rho: Tensor;
  readonly W: Tensor;
  readonly H: Tensor;
  readonly K: Tensor;
  /** φ₀ … φ₅ at −γ times a part of the step. */
  readonly phi: (part: number) => Phi;
}

/** A method for {@link langevin} fields. */
export interface LangevinSolver extends SdeSolverTraits {
  readonly kind: "langevin";
  /** The last force of a step is the first of the next. */
  readonly fsal: boolean;
  /** Forces in each step. */
  readonly evaluations: number;
  readonly step: (step: LangevinStep) => { readonly q: Tensor; readonly p: Tensor; readonly f?: Tensor };
}

/** A method that `sdeint` steps with: data. */
export type SdeSolver =
  | StochasticSolver
  | AdditiveSolver
  | RosslerSolver
  | MilsteinSolver
  | ReversibleHeunSolver
  | LogOdeSolver
  | LangevinSolver;

/** Solvers for equations of a calculus and a kind of noise: additive noise is the same in both calculi. */
export type SolverFor<C extends Calculus, N extends Noise> = [N] extends ["additive"]
  ? SdeSolver
  : SdeSolver & { readonly calculus: C | "either" };
