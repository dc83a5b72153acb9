import { diagonallyImplicit } from "../implicit/dirk";
import type { DiagonallyImplicitSolver } from "../implicit/tableau";

/**
 * Kværnø 3(2), an ESDIRK method of four stages, L-stable, stiffly accurate: for stiff problems at loose tolerances. Its γ is the root
 * 0.43586652150845899942 of 6γ³ − 18γ² + 9γ − 1, which other codes cut to 10 digits. Kværnø 2004, doi:10.1023/B:BITN.0000046811.70614.38.
 */
export const kvaerno3: DiagonallyImplicitSolver = diagonallyImplicit({
  name: "kvaerno3",
  order: 3,
  c: [0, 0.871733043016918, 1, 1],
  a: [
    [0],
    [0.435866521508459, 0.435866521508459],
    [0.49056338842178054, 0.07357009006976042, 0.435866521508459],
    [0.30880996997674653, 1.4905633884217806, -1.2352398799069861, 0.435866521508459],
  ],
  bError: [-0.18175341844503404, 1.4169932983520201, -1.671106401415445, 0.435866521508459],
  embeddedOrder: 2,
  reference: "Kværnø 2004, doi:10.1023/B:BITN.0000046811.70614.38",
});
