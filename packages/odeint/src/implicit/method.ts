import type { DiagonallyImplicitSolver, ImexSolver, RadauSolver, RosenbrockSolver } from "./tableau";

/** A solver for stiff problems: each of its steps solves linear systems with the field's Jacobian. */
export type ImplicitSolver = RosenbrockSolver | DiagonallyImplicitSolver | ImexSolver | RadauSolver;

/** The kinds of such solvers. */
export const implicitKinds: readonly ImplicitSolver["kind"][] = ["rosenbrock", "diagonallyImplicit", "imex", "radau"];

/** Does a solver estimate the errors of its steps? */
export const estimatesErrors = (solver: ImplicitSolver): boolean =>
  (solver.kind === "rosenbrock" || solver.kind === "radau" ? solver.e : solver.bError) !== undefined;
