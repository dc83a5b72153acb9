import type { MathFunction } from "../emitter";
import type { ByFloat } from "./floats";

/**
 * Largest error of each elementary function, in units in the last place of the exact result, over all arguments: what tests hold the
 * targets to and the documentation prints.
 */
export const accuracy: Readonly<Record<MathFunction, ByFloat<number>>> = {} as never;
