import type { Tensor } from "@dzdt/tensor";
import type { Times } from "./saveAt";

/** Work of a solve, int32 `[]`, or `[batch]` for independent trajectories. */
export interface Stats {
  /** Attempts at steps: accepted + rejected. */
  readonly steps: Tensor;
  readonly accepted: Tensor;
  readonly rejected: Tensor;
  /** Calls of the vector field. */
  readonly evaluations: Tensor;
}

/**
 * A solve's result: a tree, so that compiled and transformed functions may return it or any part of it (`at` is no part of the tree, and is
 * lost there).
 */
export interface Solution<Y> {
  /** The times, float64 `[T]`. */
  readonly ts: Tensor;
  /** The states at the times: each leaf `[T, …leaf]`, or `[T, batch, …]` for independent trajectories; NaN where a failed solve did not get. */
  readonly ys: Y;
  /** A number of `Status`: int32 `[]`, or `[batch]`. */
  readonly status: Tensor;
  readonly stats: Stats;
  /**
   * The state at any times within the solve, in any order: leaves `[…leaf]` for one time, `[times, …leaf]` for several. It is the dense output
   * of the same steps, to which the order of the solver's interpolant applies, and is differentiable like `ys`.
   * Cost: the solve again up to the last of these times, and no memory; ask for many at once, or name them in `ts`.
   */
  at(this: void, t: number): Y;
  at(this: void, t: Times): Y;
}

/** A solution: `at` is hidden from what takes trees apart. */
export function solution<Y>(parts: Omit<Solution<Y>, "at">, at: (t: number | Times) => Y): Solution<Y> {
  return Object.defineProperty({ ...parts }, "at", { value: at, enumerable: false }) as Solution<Y>;
}
