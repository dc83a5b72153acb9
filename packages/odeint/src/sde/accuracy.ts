import { type Target, Tensor } from "@dzdt/tensor";
import { timeType } from "../at-hand";
import type { SdeRequest } from "./integrate";
import type { Problem } from "./problem";

/** Tolerances, where steps are to be chosen by their errors. */
export function readAccuracy(
  { rtol, atol }: { readonly rtol?: number; readonly atol?: number },
  { solver, order, noise }: Problem,
  target: Target,
): SdeRequest["accuracy"] {
  if (rtol === undefined && atol === undefined) return undefined;
  const bound = (name: string, value: unknown): Tensor => {
    if (typeof value !== "number" || !(value >= 0 && value < Infinity))
      throw new RangeError(`sdeint: ${name} is ${String(value)}; give a number that is 0 or positive`);
    return Tensor.scalar(value, timeType(target), target);
  };
  if (solver.name === "eulerMaruyama" && noise !== "additive noise")
    throw new TypeError(
      "sdeint: eulerMaruyama converges to another equation with steps that are chosen by their errors; use milstein or, after toStratonovich, spark",
    );
  return { rtol: bound("rtol", rtol ?? 1e-3), atol: bound("atol", atol ?? 1e-5), order };
}
