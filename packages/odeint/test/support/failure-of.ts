import { SolveError } from "../../src/index";

/** What a solve throws. */
export function failureOf(run: () => unknown): SolveError {
  try {
    run();
  } catch (error) {
    if (error instanceof SolveError) return error;
    throw error;
  }
  throw new Error("failureOf: there was no failure");
}
