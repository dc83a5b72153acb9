import type { Checkpoints, Target, Tensor } from "@dzdt/tensor";
import type { Controller } from "../controllers/controller";
import type { Outcome, Problem } from "../problem";
import type { Solver } from "../solver";
import type { Parts } from "../stepper";

/** All about a solve but its times, for adjoints that bring their own way back. */
export interface AdjointParts {
  readonly solver: Solver;
  readonly controller: Controller;
  /** The first or the only length of steps, if given. */
  readonly dt: Tensor | undefined;
  readonly parts: Parts;
  readonly target: Target;
  /** Failures of the way back throw; otherwise gradients are NaN. */
  readonly raise: boolean;
}

/** Gradients of the steps that were taken. */
export interface DiscreteAdjoint {
  readonly kind: "discretize";
  readonly checkpoints: Checkpoints;
}

/** Gradients by another computation than the steps' own derivatives. */
export interface CustomAdjoint {
  readonly kind: "custom";
  readonly name: string;
  /** Records the solve, with derivative rules of its own. To be called while tracing. */
  readonly solve: (parts: AdjointParts, problem: Problem) => Outcome;
  /** Of adjoints that `sdeint` takes too. */
  readonly stochastic?: StochasticAdjoint;
}

/** A continuous adjoint as it is for stochastic equations. */
export interface StochasticAdjoint {
  /** How far the state, solved backwards, may be from where the forward solve was, in tolerances. */
  readonly drift: number;
  /** Options that it was given, and that are for `odeint` only. */
  readonly refused: readonly string[];
}

/** How gradients go through a solve. */
export type Adjoint = DiscreteAdjoint | CustomAdjoint;
