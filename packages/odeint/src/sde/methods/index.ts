import type { SdeFields } from "../fields";
import type { Calculus } from "../sde";
import type { LangevinSolver, SdeSolver } from "../solver";
import { additiveMethod } from "./additive";
import { logOdeMethod } from "./log-ode";
import type { SdeMethod } from "./method";
import { milsteinMethod } from "./milstein";
import { reversibleHeunMethod } from "./reversible-heun";
import { rosslerMethod } from "./rossler";
import { stochasticMethod } from "./stochastic";

/** How a solver steps an equation. */
export function methodOf(solver: Exclude<SdeSolver, LangevinSolver>, fields: SdeFields, calculus: Calculus): SdeMethod {
  switch (solver.kind) {
    case "stochastic":
      return stochasticMethod(solver, fields);
    case "additive":
      return additiveMethod(solver, fields);
    case "rossler":
      return rosslerMethod(solver, fields);
    case "milstein":
      return milsteinMethod(fields, calculus);
    case "stepper":
      return reversibleHeunMethod(fields);
    case "logOde":
      return logOdeMethod(fields);
  }
}
