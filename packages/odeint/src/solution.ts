import { Tensor } from "@dzdt/tensor";
import type { AtOptions } from "./asked";
import type { Times } from "./saveAt";
import type { Saved } from "./saves/save";

/** Work of a solve, int32 `[]`, or `[batch]` for independent trajectories. */
export interface Stats {
  /** Attempts at steps: accepted + rejected. */
  readonly steps: Tensor;
  readonly accepted: Tensor;
  readonly rejected: Tensor;
  /** Calls of the vector field. */
  readonly evaluations: Tensor;
}

/** What was recorded of one event. With independent trajectories, they are axis 1 of `t` and `y` and axis 0 of `count`. */
export interface EventRecord<Y> {
  /** The times at which it fired, in order: `[maxEvents]`, float64 where the target has it, NaN beyond `count`. */
  readonly t: Tensor;
  /** The states then, before any reset: leaves `[maxEvents, …leaf]`, NaN beyond `count`. */
  readonly y: Y;
  /** How often it fired, int32. */
  readonly count: Tensor;
}

/**
 * A solve's result: a tree, so that compiled and transformed functions may return it or any part of it (`at` is no part of the tree, and is
 * lost there).
 */
export interface Solution<Y, S = Record<never, never>> {
  /**
   * The times `[T]`, float64 where the target has it; from a terminal event on, its time. `[T, batch]` for independent trajectories of which each may end by an event.
   */
  readonly ts: Tensor;
  /** The states at the times: each leaf `[T, …leaf]`, or `[T, batch, …]` for independent trajectories; NaN where a failed solve did not get. */
  readonly ys: Y;
  /** A number of `Status`: int32 `[]`, or `[batch]`. */
  readonly status: Tensor;
  readonly stats: Stats;
  /** What was recorded of each event, in the order of `options.events`. */
  readonly events: readonly EventRecord<Y>[];
  /** What was saved beside, by the names of `options.saves`. */
  readonly saves: Saved<Y, S>;
  /**
   * bool, shaped like `ts`: false from a terminal event on, where rows hold the time and the state of the event. Where a single solve is not within a
   * compiled or transformed function, such rows are left out.
   */
  readonly valid: Tensor;
  /**
   * The state at any times within the solve, in any order: leaves `[…leaf]` for one time, `[times, …leaf]` for several. It is the dense output
   * of the same steps, to which the order of the solver's interpolant applies, and is differentiable like `ys`.
   * Cost: the solve again up to the last of these times, and no memory; ask for many at once, or name them in `ts`.
   * With `derivative` its derivatives by t of any order, those of the interpolant; with `side: "right"` what comes after a jump, in place of what was before.
   * Gradients of these two are those of `discretize()`, whatever the solve's adjoint.
   * @throws RangeError for times outside the solve, and a derivative that is no whole number; TypeError for a side that is none; UnsupportedError with
   * `dense: false`
   * @example odeint(field, y0, [0, 1]).at([0, 0.5, 1], { derivative: 1 }) // dy/dt then
   */
  at(this: void, t: number, options?: AtOptions): Y;
  at(this: void, t: Times, options?: AtOptions): Y;
}

/** What a solution is made of. */
export type SolutionParts<Y, S = Record<never, never>> = Omit<Solution<Y, S>, "at" | "valid" | "events" | "saves"> &
  Partial<Pick<Solution<Y, S>, "valid" | "events" | "saves">>;

/** A solution: `at` is hidden from what takes trees apart, and so is `valid` where nothing can end the solve. */
export function solution<Y, S = Record<never, never>>(
  parts: SolutionParts<Y, S>,
  at: (t: number | Times, options?: AtOptions) => Y,
): Solution<Y, S> {
  const all = { events: [], saves: {}, ...parts };
  Object.defineProperty(all, "at", { value: at, enumerable: false });
  if (!parts.valid) Object.defineProperty(all, "valid", { get: () => allOf(parts.ts), enumerable: false });
  return all as Omit<typeof all, "valid" | "saves"> as Solution<Y, S>;
}

const allOf = ({ size, target }: Tensor): Tensor => Tensor.scalar(1, "bool", target).broadcastTo([size]);
