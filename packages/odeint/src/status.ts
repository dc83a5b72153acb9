import type { Tensor, Tree } from "@dzdt/tensor";
import type { EventOutcome } from "./events/collect";
import type { Solution } from "./solution";

/** How a solve ended: the numbers that `solution.status` holds, by name. */
export const Status: Readonly<{
  success: 0;
  maxStepsReached: 1;
  stepUnderflow: 2;
  nonFinite: 3;
  eventTerminated: 4;
  maxEventsReached: 5;
  historyTooShort: 6;
  maxSavesReached: 7;
}> = Object.freeze({
  success: 0,
  maxStepsReached: 1,
  stepUnderflow: 2,
  nonFinite: 3,
  eventTerminated: 4,
  maxEventsReached: 5,
  historyTooShort: 6,
  maxSavesReached: 7,
} as const);

/** The name of a way in which a solve ends. */
export type StatusName = keyof typeof Status;

/** The name of a status number. */
export const statusName = (status: number): StatusName =>
  (Object.keys(Status) as StatusName[]).find((name) => Status[name] === status) ?? "nonFinite";

/** Where a solve ended, of its first trajectory that failed. */
export interface FailureDetails {
  readonly t: number;
  /** The step that was to be next, with its sign. */
  readonly h: number;
  /** The component that is not finite, or else moves most: as in `y.q[0]`. */
  readonly component: string;
  readonly accepted: number;
  readonly rejected: number;
  /** What there is of the solution: NaN where the solve did not get. */
  readonly solution?: PartialSolution;
}

/** A solution as far as it goes; that of a stochastic equation is not known between its times. */
export type PartialSolution = Pick<Solution<Tree>, "ts" | "ys" | "status" | "stats"> & Partial<Solution<Tree>>;

/** A solve that did not reach the last time. */
export class SolveError extends Error implements Partial<FailureDetails> {
  override readonly name: string = "SolveError";
  /** How it ended. */
  readonly status: StatusName;
  /**
   * These are known where the solve's own call throws; where a program does that it is part of, all but what there is of the solution, and of steps of one
   * length that led to what is not finite the component alone. There a stochastic solve names a component only where that is not finite.
   */
  declare readonly t?: number;
  declare readonly h?: number;
  declare readonly component?: string;
  declare readonly accepted?: number;
  declare readonly rejected?: number;
  declare readonly solution?: PartialSolution;

  constructor(status: StatusName, message: string, details: Partial<FailureDetails> = {}) {
    super(message);
    this.status = status;
    Object.assign(this, details);
  }
}

/** What is known of a solve where it ended. With independent trajectories, each has an axis 0 more. */
export interface End {
  readonly status: Tensor;
  readonly t: Tensor;
  readonly h: Tensor;
  readonly y: readonly Tensor[];
  /** The derivative there; absent for methods that do not keep it. */
  readonly derivative: readonly Tensor[];
  readonly steps: Tensor;
  readonly rejected: Tensor;
  /** Of a solve with events, how often each fired. */
  readonly events?: EventOutcome;
}

/** Why states may not be finite with some solver, and what to do. */
export interface Advice {
  readonly text: string;
}

/** Advice of a text. */
export const advice = (text: string): Advice => Object.freeze({ text });
