import type { Storage } from "@dzdt/tensor";

/** Where an integrator is: a value that steps make another one of. */
export interface Place {
  readonly t: number;
  readonly carry: readonly Storage[];
  /** When the last step began; `t` where there is none. */
  readonly before: number;
  /** The carry at the end of that step, before what events made of it. */
  readonly dense: readonly Storage[];
  /** Of steps of one length: where their grid begins, and how many of its points have been passed. */
  readonly origin: number;
  readonly passed: number;
  /** A terminal event has happened. */
  readonly ended: boolean;
  readonly accepted: number;
  readonly rejected: number;
  readonly evaluations: number;
}
