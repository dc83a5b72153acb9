import { checkOptions } from "./options";

/** What `solution.at` may be told. */
export interface AtOptions {
  /**
   * So many times the dense output is differentiated by t: a whole number. Orders are lost: that of an interpolant of order q is about q + 1 − derivative.
   * In `at` derivatives are those of the interpolant, not the field's, whatever their order; at the ends of the solve they are of the inside, and
   * from a terminal event on 0. @defaultValue 0
   */
  readonly derivative?: number;
  /**
   * Where the state or its derivatives jump — at resets by events, at `jumpTs`, and for derivatives at any end of a step — `left` is what was before, along
   * the solve, and `right` what comes after. @defaultValue "left"
   */
  readonly side?: "left" | "right";
}

/** The same, settled; nothing where the state before jumps is asked for, as outputs are. */
export interface Asked {
  readonly derivative: number;
  readonly after: boolean;
}

/** @throws TypeError, RangeError for options that are none */
export function readAsked(options: AtOptions): Asked | undefined {
  const index: unknown = options;
  if (typeof index === "number")
    throw new TypeError(
      `at: options are ${index}, as in ts.map(solution.at), where the index takes their place; give all times at once, solution.at(ts), or write ts.map((t) => solution.at(t))`,
    );
  checkOptions("at", options, ["derivative", "side"]);
  const { derivative = 0, side = "left" } = options;
  if (!Number.isInteger(derivative) || derivative < 0)
    throw new RangeError(`at: derivative is ${String(derivative)}; give a whole number of times, 0 for the state`);
  if ((side as unknown) !== "left" && (side as unknown) !== "right")
    throw new TypeError(
      `at: side is ${typeof side === "string" ? JSON.stringify(side) : String(side)}; give "left" or "right"`,
    );
  return derivative === 0 && side === "left" ? undefined : { derivative, after: side === "right" };
}
