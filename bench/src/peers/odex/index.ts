import type { Contender } from "../../contenders";

/** Hairer's extrapolation code in JavaScript. */
export const odex: Contender = {
  name: "odex",
  package: "odex",
  attempts: { W7: () => import("./w7-ode") },
};
