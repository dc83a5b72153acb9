import type { AdaptiveController } from "./controllers/controller";
import { usualPid } from "./controllers/pid";
import type { ImexField } from "./implicit/imex";
import { estimatesErrors, implicitKinds, type ImplicitSolver } from "./implicit/method";
import { explicitMethod, type Method } from "./step";
import type { Advice } from "./status";
import type { Parts, StepperSolver } from "./stepper";
import type { ExplicitSolver, SymplecticSolver } from "./tableau";
import { traceField, type VectorField } from "./vectorField";

/** A method that `odeint` steps with. */
export type Solver = ExplicitSolver | ImplicitSolver | SymplecticSolver | StepperSolver;

const kinds: readonly unknown[] = ["explicit", "symplectic", "stepper", ...implicitKinds];

/** @throws TypeError for what is no solver */
export function checkSolver(solver: unknown, where = "odeint"): void {
  const { kind } = (solver ?? {}) as { readonly kind?: unknown };
  if (kinds.includes(kind)) return;
  throw new TypeError(`${where}: solver is ${strange(solver)}; give a solver such as tsit5, rk4 or leapfrog`);
}

/** Something that was given in place of a solver, for an error. */
export function strange(given: unknown): string {
  if (typeof given === "function") return `the function ${given.name}`;
  if (typeof given !== "object" || given === null) return String(given);
  const { name } = given as { readonly name?: unknown };
  return typeof name === "string" ? `${name}, which is of another kind` : "an object of another kind";
}

/** Does a solver estimate the errors of its steps? */
export function isAdaptive(solver: Solver): boolean {
  switch (solver.kind) {
    case "explicit":
      return solver.bError !== undefined;
    case "symplectic":
      return false;
    case "stepper":
      return solver.adaptive;
    default:
      return estimatesErrors(solver);
  }
}

/** What chooses a solver's steps by their errors unless the solve is told. */
export function usualController(solver: Solver): AdaptiveController {
  if ("controller" in solver && solver.controller) return solver.controller;
  // Rejected steps of implicit solvers cost more than somewhat shorter ones: the stiff test problems take the same work, with half the rejections.
  return usualPid(isImplicit(solver) ? 0.85 : undefined);
}

/** Does a solver solve with the field's Jacobian, so that it takes a mass matrix? */
export const isImplicit = (solver: Solver): boolean =>
  solver.kind === "stepper" ? solver.implicit : solver.kind !== "explicit" && solver.kind !== "symplectic";

/** Is a solver for Hamiltonian fields alone? */
export const isHamiltonian = (solver: Solver): boolean =>
  solver.kind === "stepper" ? solver.hamiltonian === true : solver.kind === "symplectic";

/** What a solver has to say of states that are not finite. */
export const adviceOf = (solver: Solver | undefined): Advice | undefined =>
  solver?.kind === "stepper" ? solver.advice : undefined;

/** The two parts of a field that was made with `imex`. */
export const imexOf = (field: VectorField<never, never>): ImexField<never, never>["imex"] | undefined =>
  "imex" in field ? (field as ImexField<never, never>).imex : undefined;

/** Records the steps of a solver. To be called while tracing. */
export function methodOf(solver: Solver, parts: Parts): Method {
  const { given, args, state, jacobian, mass, rtol, atol, exact } = parts;
  switch (solver.kind) {
    case "symplectic":
      return solver.method(solver, given, args, state);
    case "explicit":
      return explicitMethod(solver, parts.field, state, exact);
    case "stepper":
      return solver.method(parts);
    default: {
      const halves = solver.kind === "imex" ? imexOf(given) : undefined;
      const half = (f: VectorField<never, never>): Parts["field"] =>
        traceField("odeint", (t, y) => f(t, y as never, args as never), state);
      const field = halves ? half(halves.implicit) : parts.field;
      const easy = halves && half(halves.explicit);
      return solver.method({ field, state, jacobian, mass }, { rtol, atol, exact }, easy);
    }
  }
}
