import { gaussLegendre, type GaussSolver } from "../structure/gauss-tableau";

/**
 * Gauss–Legendre with three stages, order 6: symplectic for every Hamiltonian, symmetric, A-stable, and exact for quadratic invariants of any field.
 * Dense output of order 3 by collocation. Hairer, Lubich and Wanner 2006, II.1.3 and VI.4, doi:10.1007/3-540-30666-8.
 */
export const gauss6: GaussSolver = gaussLegendre({
  name: "gauss6",
  order: 6,
  c: [0.11270166537925831, 0.5, 0.8872983346207417],
  a: [
    [5 / 36, -0.0359766675249389, 0.009789444015308325],
    [0.30026319498086457, 2 / 9, -0.022485417203086815],
    [0.26798833376246944, 0.48042111196938336, 5 / 36],
  ],
  b: [5 / 18, 4 / 9, 5 / 18],
  reference: "Hairer, Lubich and Wanner 2006, doi:10.1007/3-540-30666-8",
});
