import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Symplectic Euler, drift first: order 1, one force per step, the adjoint of `symplecticEuler`.
 * Hairer, Lubich and Wanner 2006, doi:10.1007/3-540-30666-8, VI.3.
 */
export const symplecticEulerDriftFirst: SymplecticSolver = symplecticSplitting({
  name: "symplecticEulerDriftFirst",
  order: 1,
  sequence: [
    ["drift", 1],
    ["kick", 1],
  ],
  reference: "Hairer, Lubich and Wanner 2006, doi:10.1007/3-540-30666-8",
});
