import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Symplectic Euler, kick first: order 1, one force per step. Hairer, Lubich and Wanner 2006, doi:10.1007/3-540-30666-8, VI.3.
 */
export const symplecticEuler: SymplecticSolver = symplecticSplitting({
  name: "symplecticEuler",
  order: 1,
  sequence: [
    ["kick", 1],
    ["drift", 1],
  ],
  reference: "Hairer, Lubich and Wanner 2006, doi:10.1007/3-540-30666-8",
});
