import { type Target, Tensor } from "@dzdt/tensor";
import { atHand, timeType } from "./at-hand";
import { stepsOver } from "./fixed-steps";
import type { KnownTimes } from "./saveAt";
import type { Request } from "./solve";

/** Programs count steps, outputs and events together, as int32. */
const most = 2 ** 30;

/**
 * The most steps of a solve: as given, else as many as the target takes in a reasonable time.
 * @throws RangeError for what is no such number
 */
export function readMaxSteps(where: string, given: number | undefined, target: Target): number {
  const maxSteps = given ?? (timeType(target) === "float64" ? 1_000_000 : 16_384);
  if (!Number.isInteger(maxSteps) || maxSteps < 1 || maxSteps > most)
    throw new RangeError(`${where}: maxSteps is ${maxSteps}; give a positive integer, at most 2^30 = ${most}`);
  return maxSteps;
}

/** How many steps of one length there are from the first time to the last, where both are known. */
export function stepsNeeded({ controller, dt, target }: Request, { values }: KnownTimes): Tensor | undefined {
  const length = controller.kind === "constant" && dt ? atHand(dt)?.[0] : undefined;
  if (!values || !length) return undefined;
  return Tensor.scalar(stepsOver(values[values.length - 1]! - values[0]!, length), timeType(target), target);
}
