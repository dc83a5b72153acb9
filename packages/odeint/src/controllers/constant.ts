import type { Tensor } from "@dzdt/tensor";
import { checkOptions } from "../options";
import { checkLength } from "../step-length";
import { compensation } from "../structure/compensated";
import type { ConstantController } from "./controller";

/**
 * Steps of one length from t0 on, the last one cut to end at the last time. Where (t1 − t0)/dt is within 1e-9 of an integer, just so many.
 * They are counted before the first is taken: a solve of more than `maxSteps` does not begin. Where a state is no longer finite is found when all
 * have been taken. Without `dt`, one step from each output time to the next.
 * @param options.dt positive; the direction is that of ts
 * @param options.compensated carry what the sums of the state round away: for some 10⁵ steps and more, where rounding adds up. For explicit and
 * symplectic solvers, Gauss's and tao; some ten additions more for each component and step. @defaultValue false
 */
export function constant(
  options: { readonly dt?: number | Tensor; readonly compensated?: boolean } = {},
): ConstantController {
  checkOptions("constant", options, ["dt", "compensated"]);
  const { dt, compensated = false } = options;
  if (typeof compensated !== "boolean")
    throw new TypeError(`constant: compensated is ${String(compensated)}; give true or false`);
  if (dt !== undefined) checkLength("constant", "dt", dt);
  return Object.freeze<ConstantController>({
    kind: "constant",
    dt,
    compensated: compensated ? compensation : undefined,
  });
}

/** `constant({ dt })` for solves that are not told: it brings no compensated sums. */
export const usualConstant = (dt: number | Tensor): ConstantController => ({ kind: "constant", dt });
