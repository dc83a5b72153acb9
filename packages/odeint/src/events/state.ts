import type { Tensor } from "@dzdt/tensor";

/** What a solve knows of its events from iteration to iteration. Lists have one scalar for each trigger; times and sides are constants of derivatives. */
export interface EventState {
  /** Up to when the trigger has been looked after. */
  readonly left: readonly Tensor[];
  /** When it fired last; NaN before. */
  readonly last: readonly Tensor[];
  /** Sign of the condition just after `left`: −1, 1, or 0 for unknown. */
  readonly side: readonly Tensor[];
  /** When it fires next, as far as steps have been taken; else infinitely late. */
  readonly next: readonly Tensor[];
  /** The side to which it turns then, or at the end of the last step: just after it, where it is known. */
  readonly turn: readonly Tensor[];
  /** How often each event fired, int32. */
  readonly counts: readonly Tensor[];
  /** When a terminal event ended the solve; not a constant. Empty where none can. */
  readonly until: readonly Tensor[];
  /** Field evaluations for all this, int32. */
  readonly evaluations: Tensor;
}

/** The time of the next event and the trigger's number, int32; −1 if there is none as far as steps have been taken. */
export interface Upcoming {
  readonly time: Tensor;
  readonly trigger: Tensor;
}
