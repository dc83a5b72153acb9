import { explicitRungeKutta, type ExplicitSolver } from "../tableau";

/**
 * Euler's rule, one stage, order 1. Euler 1768; Hairer, Nørsett and Wanner 1993, doi:10.1007/978-3-540-78862-1, I.7.
 */
export const euler: ExplicitSolver = explicitRungeKutta({
  name: "euler",
  order: 1,
  c: [0],
  a: [[]],
  b: [1],
  reference: "Euler 1768, Institutiones calculi integralis",
});
