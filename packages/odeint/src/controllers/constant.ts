import { Tensor } from "@dzdt/tensor";
import { checkOptions } from "../options";
import type { ConstantController } from "./controller";

/**
 * Steps of one length from t0 on, the last one cut to end at the last time. Where (t1 − t0)/dt is within 1e-9 of an integer, just so many.
 * They are counted before the first is taken: a solve of more than `maxSteps` does not begin. Where a state is no longer finite is found when all
 * have been taken. Without `dt`, one step from each output time to the next.
 * @param options.dt positive; the direction is that of ts
 */
export function constant(options: { readonly dt?: number | Tensor } = {}): ConstantController {
  checkOptions("constant", options, ["dt"]);
  const { dt } = options;
  if (typeof dt === "number" && !(dt > 0 && dt < Infinity))
    throw new RangeError(`constant: dt is ${dt}; give a positive step: its direction is that of ts`);
  return Object.freeze<ConstantController>({ kind: "constant", dt });
}
