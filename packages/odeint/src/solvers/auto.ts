import { type AutoSolver, switching } from "../implicit/auto";
import { rodas5p } from "./rodas5p";
import { tsit5 } from "./tsit5";

/**
 * tsit5 where the problem is not stiff, and rodas5p where it is: for problems of which that is not known, or changes. Explicit steps estimate the
 * field's steepest rate ρ from their last two stages, at no cost; implicit ones by a step of the power method, of one evaluation. The implicit method
 * takes over after 10 steps with h ρ beyond half of what stability allows, which is where error control then holds them, and gives back after 5 that an
 * explicit one could have taken. `auto.with({ explicit: dop853, implicit: radau5 })` for tight tolerances. With a mass matrix all steps are implicit.
 * Hairer and Wanner 1996, IV.2, doi:10.1007/978-3-642-05221-7.
 */
export const auto: AutoSolver = switching({ name: "auto", explicit: tsit5, implicit: rodas5p });
