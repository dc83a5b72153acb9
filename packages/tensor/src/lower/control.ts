import type { Attributes } from "../primitive";
import type { Tape } from "../tape";

/** A branching. Inputs: (predicate: bool scalar, operands…); each branch is a tape of all operands. */
export type CondAttributes = Attributes & { readonly onTrue: Tape; readonly onFalse: Tape };

/** A tape as one node. */
export type CallAttributes = Attributes & {
  readonly tape: Tape;
  /** Reverse mode computes the forward values again instead of saving them. */
  readonly remat?: boolean;
};

/**
 * Which carries reverse mode of a loop keeps, of n iterations at most; those between are computed again when their turn comes. Gradients are the
 * same to the bit.
 * - `"all"`: n carries. No iteration is repeated.
 * - `"sqrt"`: 2√n carries; each iteration is repeated once.
 * - `"log"`: 16 log₁₆ n carries; each iteration is repeated log₁₆ n times.
 * - a number k: every k-th, n/k + k carries; each iteration is repeated once.
 */
export type Checkpoints = "all" | "sqrt" | "log" | number;

/**
 * A bounded loop. Inputs: (count?, carries…, xs…, constants…, constants of the condition…). Each iteration runs
 * `body`: (i, carries…, row of each x…, constants…) → (carries…, row?, ys…).
 * Outputs: (carries…, ys…, steps?). Constants come last, so what a trace captured simply joins them.
 */
export type LoopAttributes = {
  readonly body: Tape;
  /** (carries…, constants of the condition…) → bool: asked before each iteration; the loop ends when it is false. Adds the output `steps` (int32). */
  readonly condition: Tape | undefined;
  readonly carries: number;
  readonly xs: number;
  /** The most iterations there can be; without `condition` and `counted`, the number of iterations. */
  readonly length: number;
  /** The first input is an int32 scalar: the number of iterations. */
  readonly counted: boolean;
  /** i runs from the last to 0. */
  readonly reverse: boolean;
  /**
   * Where each y goes: `each`: row i, result `[length, …]` (only as many rows as iterations when that number is known at run time);
   * `row`: the row of a result `[rows, …]` that the body names (int32; -1: nowhere), other rows being 0.
   */
  readonly ys: readonly ("each" | "row")[];
  readonly rows: number;
  /** With lanes, the body names a row for each lane (`[lanes]`), `row` ys are `[lanes, …]` and their results `[rows, lanes, …]`. 0: none. */
  readonly lanes: number;
  /** What reverse mode keeps. Absent: all. */
  readonly checkpoints?: Checkpoints | undefined;
  /** Of a loop over a batch: what each element does on its own. */
  readonly single?: SingleLoop | undefined;
};

/**
 * A loop of which another is the batch, so that lowering may run them one by one, or side by side, instead of in lock step. All carries and ys
 * are batched; the batch's constants begin with this one's, and so do those of its condition. Where it has one more carry than this one, that is
 * the number of iterations of each.
 *
 * A loop that reads rows of unknown number has them from the batch of another loop, whose `steps` may be its count: each element reads the
 * rows of its own, and counts its own steps. Carries and ys that are not batched are sums over the elements; whole numbers the most of them.
 */
export type SingleLoop = {
  readonly loop: LoopAttributes;
  readonly size: number;
  /** Where each has its own number of iterations: which constant of the batch holds them. */
  readonly count: number | undefined;
  /** Which inputs are batched: along axis 0; xs, and constants that are marked `rows`, along axis 1. */
  readonly xs: readonly boolean[];
  readonly constants: readonly (boolean | "rows")[];
  readonly conditionConstants: readonly boolean[];
  /** Each reads as many rows as were kept of it, which may be fewer than the batch counts. */
  readonly ragged?: boolean;
};

/** Something for each group of a loop's inputs. */
export interface LoopInputs<T> {
  readonly count: readonly T[];
  readonly carries: readonly T[];
  readonly xs: readonly T[];
  readonly constants: readonly T[];
  readonly conditionConstants: readonly T[];
}

/** Takes apart a list that follows the loop's inputs. */
export function splitInputs<T>(a: LoopAttributes, list: readonly T[]): LoopInputs<T> {
  const carries = a.counted ? 1 : 0;
  const xs = carries + a.carries;
  const constants = xs + a.xs;
  const condition = constants + a.body.inputs.length - 1 - a.carries - a.xs;
  return {
    count: list.slice(0, carries),
    carries: list.slice(carries, xs),
    xs: list.slice(xs, constants),
    constants: list.slice(constants, condition),
    conditionConstants: list.slice(condition),
  };
}

/** Something for each group of a loop's outputs, or of its body's (where `row` stands before the ys). */
export interface LoopOutputs<T> {
  readonly carries: readonly T[];
  readonly row: readonly T[];
  readonly ys: readonly T[];
  readonly steps: readonly T[];
}

export function splitOutputs<T>(a: LoopAttributes, list: readonly T[], of: "loop" | "body"): LoopOutputs<T> {
  const row = of === "body" && hasRow(a) ? 1 : 0;
  const ys = a.carries + row;
  return {
    carries: list.slice(0, a.carries),
    row: list.slice(a.carries, ys),
    ys: list.slice(ys, ys + a.ys.length),
    steps: list.slice(ys + a.ys.length),
  };
}

/** The body names rows. */
export const hasRow = (a: LoopAttributes): boolean => a.ys.includes("row");

/** The number of iterations is known only at run time. */
export const isDynamic = (a: LoopAttributes): boolean => a.counted || a.condition !== undefined;
