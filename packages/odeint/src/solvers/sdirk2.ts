import { diagonallyImplicit } from "../implicit/dirk";
import type { DiagonallyImplicitSolver } from "../implicit/tableau";

/**
 * Alexander's SDIRK method of order 2, two stages, L-stable, γ = 1 − 1/√2: for steps of given lengths, as it has no error estimate.
 * Alexander 1977, doi:10.1137/0714068.
 */
export const sdirk2: DiagonallyImplicitSolver = diagonallyImplicit({
  name: "sdirk2",
  order: 2,
  c: [0.2928932188134525, 1],
  a: [[0.2928932188134525], [0.7071067811865476, 0.2928932188134525]],
  reference: "Alexander 1977, doi:10.1137/0714068",
});
