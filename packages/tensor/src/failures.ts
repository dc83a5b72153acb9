import { invariant } from "./errors";

/** Makes the error of a failure. @param facts the numbers that were noted with it, if any */
export type FailureMaker = (facts: ArrayLike<number>) => Error;

const makers: FailureMaker[] = [];

/** The most numbers that may be noted with a failure. */
export const mostFacts = 12;

/**
 * A number (positive) for a way in which a running program can fail. A program cannot throw; the primitive `check` notes such a number, and
 * the target throws the error when the program returns. To be called once for each failure, while a module loads.
 */
export function registerFailure(make: FailureMaker): number {
  return makers.push(make);
}

/** The error of a number that `registerFailure` gave. @param facts what was noted with it */
export function failureOf(code: number, facts: ArrayLike<number> = []): Error {
  const make = makers[code - 1];
  invariant(make, `failure ${code} is not registered`);
  return make(facts);
}
