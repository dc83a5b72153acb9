import { additive } from "../implicit/dirk";
import type { ImexSolver } from "../implicit/tableau";

/**
 * Kennedy and Carpenter's additive method 3(2), four stages, ARK3(2)4L[2]SA: for fields with a stiff part and one that is not, made by `imex` or
 * `semilinear`; only the stiff part is solved with. A plain field is all stiff. Its error estimate
 * is damped where the field is stiff and counts five times: see kencarp5.
 * Kennedy and Carpenter 2003, doi:10.1016/S0168-9274(02)00138-1.
 */
export const kencarp3: ImexSolver = additive({
  name: "kencarp3",
  order: 3,
  c: [0, 0.871733043016918, 0.6, 1],
  explicit: [
    [],
    [0.871733043016918],
    [0.5275890119763004, 0.0724109880236996],
    [0.3990960076760701, -0.4375576546135194, 1.0384616469374492],
  ],
  implicit: [
    [0],
    [0.435866521508459, 0.435866521508459],
    [0.2576482460664272, -0.09351476757488625, 0.435866521508459],
    [0.18764102434672383, -0.595297473576955, 0.9717899277217721, 0.435866521508459],
  ],
  bError: [-0.027099261876665316, -0.11013520969201586, 0.10306492520138458, 0.0341695463672966],
  embeddedOrder: 2,
  filtered: true,
  caution: 5,
  reference: "Kennedy and Carpenter 2003, doi:10.1016/S0168-9274(02)00138-1",
});
