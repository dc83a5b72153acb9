import type { Figures, Verdict } from "./case";
import type { Round } from "./timing";

/** What the measuring process asks of the process of a contender; each request has one answer. */
export type Request =
  | { readonly kind: "prepare"; readonly contender: string; readonly name: string }
  | { readonly kind: "round"; readonly milliseconds: number };

/** A contender that does not do the case. */
export interface Absent {
  readonly kind: "absent";
}

/** A case that ran and can be timed, if the check holds. */
export interface Prepared {
  readonly kind: "prepared";
  readonly verdict: Verdict;
  readonly note: string;
  readonly dtype: string | undefined;
  readonly figures: Figures;
  /** Of the first unit, with tracing and compiling, in milliseconds. */
  readonly firstCall: number;
  /** Of the next one. */
  readonly secondCall: number;
  /** On a device that has a clock of its own, in milliseconds. */
  readonly onDevice: number | undefined;
}

export interface Failed {
  readonly kind: "failed";
  readonly message: string;
}

export interface Timed {
  readonly kind: "timed";
  readonly round: Round;
}

export type Answer = Absent | Prepared | Failed | Timed;
