import { additive } from "../implicit/dirk";
import type { ImexSolver } from "../implicit/tableau";

/**
 * Kennedy and Carpenter's additive method 4(3), six stages, ARK4(3)6L[2]SA: for fields with a stiff part and one that is not, made by `imex` or
 * `semilinear`; only the stiff part is solved with. A plain field is all stiff. Its error estimate
 * is damped where the field is stiff and counts five times: see kencarp5.
 * Kennedy and Carpenter 2003, doi:10.1016/S0168-9274(02)00138-1.
 */
export const kencarp4: ImexSolver = additive({
  name: "kencarp4",
  order: 4,
  c: [0, 0.5, 0.332, 0.62, 0.85, 1],
  explicit: [
    [],
    [0.5],
    [0.221776, 0.110224],
    [-0.04884659515311858, -0.177720652326401, 0.8465672474795196],
    [-0.15541685842491548, -0.3567050098221991, 1.0587258798684427, 0.30339598837867193],
    [0.20142435067267633, 0.008742057842904185, 0.15993995707168115, 0.4038290605220775, 0.22606457389066084],
  ],
  implicit: [
    [0],
    [0.25, 0.25],
    [0.137776, -0.055776, 0.25],
    [0.14463686602698217, -0.22393190761334475, 0.4492950415863626, 0.25],
    [0.09825878328356477, -0.5915442428196704, 0.8101210538282996, 0.283164405707806, 0.25],
    [0.15791629516167136, 0, 0.18675894052400077, 0.6805652953093346, -0.27524053099500667, 0.25],
  ],
  bError: [
    0.0032044943984591762, 0, -0.0024462511366794577, -0.02148007591958727, 0.043946868068572426, -0.02322503541076487,
  ],
  embeddedOrder: 3,
  filtered: true,
  caution: 5,
  reference: "Kennedy and Carpenter 2003, doi:10.1016/S0168-9274(02)00138-1",
});
