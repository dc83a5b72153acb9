import type { Contender } from "../../contenders";

/** Loops over numbers and typed arrays, as one writes them without a library. */
export const hand: Contender = {
  name: "handjs",
  attempts: {
    W7: () => import("./w7-ode"),
    W8: () => import("./w8-sde"),
    W10: () => import("./w10-overhead"),
  },
};
