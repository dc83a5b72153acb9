import type { Contender } from "../../contenders";

/** The package's Cash–Karp pair. */
export const cashKarp: Contender = {
  name: "ode45-cash-karp",
  package: "ode45-cash-karp",
  attempts: { W7: () => import("./w7-ode") },
};
