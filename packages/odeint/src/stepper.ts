import type { Tensor } from "@dzdt/tensor";
import type { AdaptiveController, ErrorNorm } from "./controllers/controller";
import type { SystemOptions } from "./implicit/vector";
import type { Solver } from "./solver";
import type { Advice } from "./status";
import type { Method } from "./step";
import type { VectorField } from "./vectorField";

/** All about a solve but its times. */
export interface Parts extends SystemOptions {
  /** The field as it was given, for methods that need to know how it is made, and what to call it with. */
  readonly given: VectorField<never, never>;
  readonly args: unknown;
  /** Tolerances by leaves; none where steps are of one length. */
  readonly rtol: readonly Tensor[];
  readonly atol: readonly Tensor[];
  readonly norm: ErrorNorm;
  /** Nothing chooses the steps by their errors. */
  readonly exact: boolean;
  /** The state that this problem's states are measured from, by leaves, so that methods know how large they are; absent: 0. */
  readonly about?: readonly Tensor[];
  /** Steps of another solver for the same problem. */
  readonly methodOf: (solver: Solver) => Method;
}

/** A solver that is no tableau: it says itself how to step. */
export interface StepperSolver {
  readonly kind: "stepper";
  readonly name: string;
  readonly order: number;
  /** Does it estimate the errors of its steps? */
  readonly adaptive: boolean;
  /** What chooses steps unless the solve is told. @defaultValue `pid()`, with `safety: 0.85` if it is implicit */
  readonly controller?: AdaptiveController;
  /** Does it take a mass matrix and a Jacobian? */
  readonly implicit: boolean;
  /** Author, year and DOI. */
  readonly reference: string;
  /** Steps are the same wherever the state's origin is, memory included: so they can be taken in what the state changes by. */
  readonly translatable?: boolean;
  /** Is it for Hamiltonian fields alone? */
  readonly hamiltonian?: boolean;
  /** Why its states may not be finite, where there is more to say than of other solvers. */
  readonly advice?: Advice;
  /** Steps of the method. To be called while tracing. */
  readonly method: (parts: Parts) => Method;
}
