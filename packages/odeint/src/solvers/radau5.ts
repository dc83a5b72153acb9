import { radauIIA } from "../implicit/radau";
import type { RadauSolver } from "../implicit/tableau";

/**
 * Radau IIA of order 5, three stages, L-stable, stiffly accurate, with dense output of order 3 by collocation: for stiff problems at tolerances
 * of 1e-6 and below, and for those that are hardest. Simplified Newton iteration in the variables in which one system of n and one of 2 n unknowns
 * take the place of one of 3 n. Hairer and Wanner 1996, Solving Ordinary Differential Equations II, IV.8, doi:10.1007/978-3-642-05221-7.
 */
export const radau5: RadauSolver = radauIIA({
  name: "radau5",
  order: 5,
  embeddedOrder: 3,
  denseOrder: 3,
  c: [0.1550510257216822, 0.6449489742783178, 1],
  a: [
    [0.1968154772236604, -0.06553542585019839, 0.02377097434822015],
    [0.3944243147390873, 0.2920734116652285, -0.04154875212599793],
    [0.37640306270046725, 0.5124858261884216, 0.1111111111111111],
  ],
  transform: [
    [0.09443876248897524, -0.14125529502095421, 0.03002919410514742],
    [0.25021312296533332, 0.20412935229379994, -0.38294211275726192],
    [1, 1, 0],
  ],
  inverseTransform: [
    [4.17871859155190428, 0.32768282076106237, 0.52337644549944951],
    [-4.17871859155190428, -0.32768282076106237, 0.47662355450055044],
    [0.50287263494578682, -2.57192694985560522, 0.59603920482822492],
  ],
  eigenvalues: {
    gamma: 3 + 3 ** (2 / 3) - 3 ** (1 / 3),
    alpha: 3 + (3 ** (1 / 3) - 3 ** (2 / 3)) / 2,
    beta: (3 ** (5 / 6) + 3 ** (7 / 6)) / 2,
  },
  e: [(-13 - 7 * Math.sqrt(6)) / 3, (-13 + 7 * Math.sqrt(6)) / 3, -1 / 3],
  reference: "Hairer and Wanner 1996, doi:10.1007/978-3-642-05221-7",
});
