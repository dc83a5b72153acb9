/** Numbers that a check can look at. */
export type Numbers = ArrayLike<number>;

/** What a solve reports beside its result: evaluations, steps, errors. */
export type Figures = Readonly<Record<string, number>>;

/** How one contender does one case. */
export interface Attempt {
  /** How, where the case leaves a choice. */
  readonly note?: string;
  /** Of the numbers it computes with, if not the case's. */
  readonly dtype?: string;
  /** The work is another process's: the time of this one's processor says nothing. */
  readonly elsewhere?: boolean;
  /** `run` gives the milliseconds that count; the rest of it prepares, or waits for what is not measured. */
  readonly clock?: "own";
  /** The unit that is timed, its result ready in memory at the end. */
  run(): unknown;
  /** What the check looks at, from a fresh start. */
  result(): Numbers | Promise<Numbers>;
  /** Asked for after `result`. */
  figures?(): Figures | Promise<Figures>;
  /** Milliseconds of one unit on a device that has a clock of its own. */
  onDevice?(): Promise<number | undefined>;
}

/** Sets an attempt up: inputs, compiled functions. Not timed. */
export type Prepare = () => Attempt | Promise<Attempt>;

/** The distance from the reference, and how far it may be. */
export interface Verdict {
  readonly error: number;
  readonly tolerance: number;
  readonly figures?: Figures;
}

/** One row of the table. */
export interface Case {
  /** Unique, such as `W1.512`; starts with the name of the workload. */
  readonly name: string;
  /** Name in the lines of `--json`, @defaultValue `name` */
  readonly workload?: string;
  readonly n: number;
  /** Has no row for other targets. */
  readonly only?: "webgpu";
  /** It runs where its whole name is asked for: too much for software adapters, or not of the table. */
  readonly onlyAsked?: true;
  readonly dtype: "f32" | "f64";
  readonly check: (result: Numbers) => Verdict;
  /** Floating-point operations of the unit, if they are worth a rate. */
  readonly operations?: number;
  /** How dzdt does it, or why it cannot yet. */
  readonly dzdt: Prepare | { readonly notYet: string };
}

/** What peers do of one workload, by the name of the case. */
export type Attempts = Readonly<Record<string, Prepare>>;

/** Updates of one training: its check looks at the first and at the last; timed are these, again and again, so that no field grows stiffer than another's. */
export const updates = 11;
