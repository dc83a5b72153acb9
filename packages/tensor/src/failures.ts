import { invariant } from "./errors";

const makers: (() => Error)[] = [];

/**
 * A number (positive) for a way in which a running program can fail. A program cannot throw; the primitive `check` notes such a number, and
 * the target throws the error when the program returns. To be called once for each failure, while a module loads.
 */
export function registerFailure(make: () => Error): number {
  return makers.push(make);
}

/** The error of a number that `registerFailure` gave. */
export function failureOf(code: number): Error {
  const make = makers[code - 1];
  invariant(make, `failure ${code} is not registered`);
  return make();
}
