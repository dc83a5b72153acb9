import { explicitRungeKutta, type ExplicitSolver } from "../tableau";

/**
 * Dormand–Prince 5(4), seven stages, FSAL: MATLAB's ode45 and SciPy's RK45, with Hairer's error weights (torchdiffeq and
 * diffrax have Shampine's, hence other step counts) and Shampine's dense output of order 4.
 * Dormand and Prince 1980, doi:10.1016/0771-050X(80)90013-3; Hairer, Nørsett and Wanner 1993,
 * doi:10.1007/978-3-540-78862-1, II.5 table 5.2 and II.6.
 */
export const dopri5: ExplicitSolver = explicitRungeKutta({
  name: "dopri5",
  order: 5,
  c: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  a: [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  b: [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],
  bError: [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40],
  embeddedOrder: 4,
  dense: {
    kind: "polynomial",
    order: 4,
    coefficients: [
      [1, -8048581381 / 2820520608, 8663915743 / 2820520608, -12715105075 / 11282082432],
      [0, 0, 0, 0],
      [0, 131558114200 / 32700410799, -68118460800 / 10900136933, 87487479700 / 32700410799],
      [0, -1754552775 / 470086768, 14199869525 / 1410260304, -10690763975 / 1880347072],
      [0, 127303824393 / 49829197408, -318862633887 / 49829197408, 701980252875 / 199316789632],
      [0, -282668133 / 205662961, 2019193451 / 616988883, -1453857185 / 822651844],
      [0, 40617522 / 29380423, -110615467 / 29380423, 69997945 / 29380423],
    ],
  },
  reference: "Dormand and Prince 1980, doi:10.1016/0771-050X(80)90013-3",
});
