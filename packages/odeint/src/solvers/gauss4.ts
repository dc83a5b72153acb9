import { gaussLegendre, type GaussSolver } from "../structure/gauss-tableau";

/**
 * Gauss–Legendre with two stages, order 4: symplectic for every Hamiltonian, symmetric, A-stable, and exact for quadratic invariants of any field.
 * Dense output of order 2 by collocation. The choice for Hamiltonians that are no sum T(p) + V(q). Hairer, Lubich and Wanner 2006, II.1.3 and VI.4,
 * doi:10.1007/3-540-30666-8.
 */
export const gauss4: GaussSolver = gaussLegendre({
  name: "gauss4",
  order: 4,
  c: [0.2113248654051871, 0.7886751345948129],
  // a₁₂ + a₂₁ = 1/2 without rounding, so that the method is symplectic without rounding.
  a: [
    [1 / 4, 1 / 2 - 0.5386751345948129],
    [0.5386751345948129, 1 / 4],
  ],
  b: [1 / 2, 1 / 2],
  reference: "Hairer, Lubich and Wanner 2006, doi:10.1007/3-540-30666-8",
});
