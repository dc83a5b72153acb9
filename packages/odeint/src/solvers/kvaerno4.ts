import { diagonallyImplicit } from "../implicit/dirk";
import type { DiagonallyImplicitSolver } from "../implicit/tableau";

/**
 * Kværnø 4(3), an ESDIRK method of five stages, L-stable, stiffly accurate. Its γ is the root 0.57281606248213485541 of
 * 24γ⁴ − 96γ³ + 72γ² − 16γ + 1: with that of the 3(4) pair, which other codes have here, it is not L-stable. Kværnø 2004, doi:10.1023/B:BITN.0000046811.70614.38.
 */
export const kvaerno4: DiagonallyImplicitSolver = diagonallyImplicit({
  name: "kvaerno4",
  order: 4,
  c: [0, 1.1456321249642698, 0.5971049876523115, 1, 1],
  a: [
    [0],
    [0.5728160624821349, 0.5728160624821349],
    [0.16723546202721076, -0.14294653685703412, 0.5728160624821349],
    [0.2626032902526958, -0.3119043274205632, 0.4764849746857325, 0.5728160624821349],
    [0.197216548312835, 0.17684378390637218, 0.8154421813508385, -0.7623185760521805, 0.5728160624821349],
  ],
  bError: [-0.06538674193986083, 0.48874811132693535, 0.338957206665106, -1.3351346385343152, 0.5728160624821349],
  embeddedOrder: 3,
  reference: "Kværnø 2004, doi:10.1023/B:BITN.0000046811.70614.38",
});
