import { diagonallyImplicit } from "../implicit/dirk";
import type { DiagonallyImplicitSolver } from "../implicit/tableau";

/**
 * Kværnø 5(4), an ESDIRK method of seven stages, L-stable, stiffly accurate: for stiff problems whose Jacobian is dear, or not exact. Its third
 * stage evaluates the field beyond the step, at t + 1.23 h: a field that is not defined after the last time needs another method. Kværnø 2004, doi:10.1023/B:BITN.0000046811.70614.38.
 */
export const kvaerno5: DiagonallyImplicitSolver = diagonallyImplicit({
  name: "kvaerno5",
  order: 5,
  c: [0, 0.52, 1.230333209967908, 0.8957659843500759, 0.43639360985864756, 1, 1],
  a: [
    [0],
    [0.26, 0.26],
    [0.13, 0.8403332099679081, 0.26],
    [0.22371961478320504, 0.476755323197997, -0.06470895363112615, 0.26],
    [0.16648564323248322, 0.1045001884159172, 0.03631482272098715, -0.13090704451073998, 0.26],
    [0.13855640231268224, 0, -0.04245337201752043, 0.02446657898003141, 0.6194303907248068, 0.26],
    [0.13659751177640292, 0, -0.05496908796538376, -0.04118626728321046, 0.629933048990164, 0.06962479448202728, 0.26],
  ],
  bError: [
    -0.00195889053627933, 0, -0.01251571594786333, -0.06565284626324187, 0.01050265826535727, -0.1903752055179727, 0.26,
  ],
  embeddedOrder: 4,
  // Continuous conditions of order 4; of order 3 where the field is infinitely stiff, at equal steps; the least residual of order 5.
  dense: {
    kind: "polynomial",
    order: 4,
    coefficients: [
      [0.9922464241714941, -2.1198226893822505, 1.820463586265835, -0.5562898092786754],
      [0, 0, 0, 0],
      [-0.04953903796691762, 0.5374164244115515, -1.0747412810177737, 0.5318948066077578],
      [-0.25986358728654857, -2.2681187265291367, 5.525363250993017, -3.0385672044605396],
      [0.04157106063509827, 3.5131302571760266, -4.691116071838871, 1.766347803017912],
      [-2.9523246775608007, 7.7254312505749105, -3.03128816528899, -1.6721936132430877],
      [3.227909818007595, -7.388036516251147, 1.4513186808868164, 2.9688080173567295],
    ],
  },
  reference: "Kværnø 2004, doi:10.1023/B:BITN.0000046811.70614.38",
});
