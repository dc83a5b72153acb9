import { gaussLegendre, type GaussSolver } from "../structure/gauss-tableau";

/**
 * The implicit midpoint rule, Gauss–Legendre with one stage, order 2: symplectic for every Hamiltonian, symmetric, A-stable, and exact for quadratic
 * invariants of any field. Between its ends a step is a line. Hairer, Lubich and Wanner 2006, Geometric Numerical Integration, II.1 and VI.4,
 * doi:10.1007/3-540-30666-8.
 */
export const implicitMidpoint: GaussSolver = gaussLegendre({
  name: "implicitMidpoint",
  order: 2,
  c: [1 / 2],
  a: [[1 / 2]],
  b: [1],
  reference: "Hairer, Lubich and Wanner 2006, doi:10.1007/3-540-30666-8",
});
