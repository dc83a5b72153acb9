import { type Checkpoints, stopGradient, type Tensor } from "@dzdt/tensor";
import type { Asked } from "./asked";
import type { AdaptiveController } from "./controllers/controller";
import type { EventOutcome } from "./events/collect";
import type { Events } from "./events/leaf-event";
import type { EventState } from "./events/state";
import { exactly, type FineTime, timeAmong } from "./fine-time";
import type { Grid } from "./fixed-steps";
import type { Found, SavedLeaves } from "./saves/collect";
import type { GivenSaves } from "./saves/given";
import type { Method } from "./step";

/** How steps are chosen, with all numbers settled. */
export type Stepping =
  | {
      readonly kind: "adaptive";
      readonly controller: AdaptiveController;
      /** Scaled size of an error estimate: a float64 scalar. */
      readonly norm: (error: readonly Tensor[], y: readonly Tensor[], next: readonly Tensor[]) => Tensor;
      /** First step, positive; undefined: found by trial. */
      readonly dt0: Tensor | undefined;
    }
  | { readonly kind: "fixed"; readonly grid: Grid }
  /** The next step's length, with its sign, and its end: the host's choice. */
  | { readonly kind: "given"; readonly h: Tensor; readonly to: Tensor }
  /** One step from stop to stop. */
  | { readonly kind: "stops" };

/** An initial value problem of leaves. */
export interface Problem {
  readonly method: Method;
  readonly stepping: Stepping;
  readonly t0: Tensor;
  readonly y0: readonly Tensor[];
  /** Times at which a step ends, float64 `[stops]`; the last one ends the solve. */
  readonly stops: Tensor;
  /** Times at which the state is wanted, float64 `[outputs]`, in the direction of the stops; undefined: at the stops, and cheaper so. */
  readonly outputs: Tensor | undefined;
  /** May anything depend on derivatives with respect to times? */
  readonly timesMove: boolean;
  /** 0, float64, by which derivatives take all steps to move; absent: times of the steps have their derivatives themselves. */
  readonly drift?: Tensor;
  readonly maxSteps: number;
  /** Does the solve end with the first step that fails, where that is not free? */
  readonly watched: boolean;
  /** Which states reverse mode keeps. */
  readonly checkpoints: Checkpoints;
  /** What may happen on the way. Then there are outputs. */
  readonly events?: Events;
  /** Of which steps so many rows are kept, in a solve that has saves. Then there are outputs. */
  readonly kept?: Pick<GivenSaves, "each" | "rows" | "machinery">;
  /** Times at which steps end besides, in any order; constants of derivatives. */
  readonly landings?: Tensor;
  /** What outputs are, unless states: derivatives by time, or what is after jumps. */
  readonly asked?: Asked | undefined;
  /** What single floats leave of the times, where it is known: see `FineTime`. */
  readonly rests?: { readonly t0: Tensor; readonly stops: Tensor; readonly outputs: Tensor | undefined };
}

/** When a problem begins, in all digits. */
export const startOf = ({ t0, rests }: Pick<Problem, "t0" | "rests">): FineTime =>
  rests ? { t: t0, rest: [rests.t0] } : exactly(t0);

/** Likewise its stops. */
export const stopsOf = ({ stops, rests }: Pick<Problem, "stops" | "rests">): FineTime =>
  rests ? { t: stops, rest: [rests.stops] } : exactly(stops);

/** When it ends. To be called while tracing. */
export const endOf = (problem: Problem): FineTime =>
  timeAmong(stopsOf(problem), numbers(problem.t0).int(problem.stops.shape[0]! - 1));

/** Likewise the outputs of a problem that has any. */
export const outputsOf = ({ outputs, rests }: Pick<Problem, "outputs" | "rests">): FineTime =>
  rests?.outputs ? { t: outputs!, rest: [rests.outputs] } : exactly(outputs!);

/** A solve as leaves. */
export interface Outcome {
  /** States at the outputs, `[outputs, …leaf]`; NaN where the solve did not get. */
  readonly ys: readonly Tensor[];
  readonly status: Tensor;
  readonly steps: Tensor;
  readonly rejected: Tensor;
  readonly evaluations: Tensor;
  readonly t: Tensor;
  readonly h: Tensor;
  readonly y: readonly Tensor[];
  /** What the method carries at the end. */
  readonly memory: readonly Tensor[];
  readonly derivative: readonly Tensor[];
  /** Of a solve with events. */
  readonly events?: EventOutcome;
  /** Of a solve with saves, at first as the loop leaves them behind, then for each. */
  readonly found?: Found;
  readonly saves?: readonly SavedLeaves[];
}

/**
 * Where outputs are interpolated, derivatives take the steps to be of fixed lengths and to move with t0 as a whole: so times act on outputs by the
 * field alone, not by the slopes of interpolants.
 */
export function onMovedSteps(problem: Problem): Problem {
  const { method, stepping, t0, stops, outputs, timesMove } = problem;
  if (!outputs || !timesMove || method.interpolantMoves) return problem;
  const start = stopGradient(t0);
  const still = stepping.kind === "fixed" ? { ...stepping, grid: unmoved(stepping.grid) } : stepping;
  return { ...problem, stepping: still, t0: start, stops: stopGradient(stops), drift: t0.sub(start) };
}

const unmoved = (grid: Grid): Grid => ({
  ...grid,
  last: stopGradient(grid.last),
  end: { ...grid.end, t: stopGradient(grid.end.t) },
});

/** A time of the solve with its derivatives. */
export const moved = ({ drift }: Problem, t: Tensor): Tensor => (drift ? t.add(drift) : t);

/** What goes from iteration to iteration. Lists are empty where a kind of solve has no use for them. */
export interface Carry {
  /** Time, float64, and the next step with its sign, a constant of derivatives. */
  readonly t: Tensor;
  /** What the float leaves of the time: see `FineTime`. */
  readonly rest: readonly Tensor[];
  readonly h: Tensor;
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
  /** The last step, for its dense output: its length and what the method kept. */
  readonly length: readonly Tensor[];
  readonly dense: readonly Tensor[];
  readonly controller: readonly Tensor[];
  /**
   * Ends of rejected steps, `[kept]` in the dtype of times, in solves that visit them; then, of methods that land, the time at which to, `[1]`. Those of the
   * past, and infinite ones, are of no effect.
   */
  readonly visits: readonly Tensor[];
  /** Outputs written and stops reached, int32. */
  readonly written: readonly Tensor[];
  readonly reached: readonly Tensor[];
  readonly rejected: readonly Tensor[];
  /** Field evaluations of all attempts, int32, of methods that count them. */
  readonly evaluations: readonly Tensor[];
  /** One, in a solve with events. */
  readonly events: readonly EventState[];
  /** In a solve that keeps steps: how many there were since the last that was kept, and how many were kept, int32. */
  readonly saves: readonly Tensor[];
  /** A number of `Status`, or running. */
  readonly status: Tensor;
}

/** The time that a solve has come to, in all digits. */
export const now = ({ t, rest }: Carry): FineTime => ({ t, rest });

export const running = -1;

/** Numbers of the program on the tape of a traced tensor. */
export const numbers = (x: Tensor): { int: (value: number) => Tensor; real: (value: number) => Tensor } => ({
  int: (value) => x.tape!.literal(value, "int32"),
  real: (value) => x.tape!.literal(value, x.dtype === "float32" ? "float32" : "float64"),
});

/** bool: no leaf has a NaN or an infinity. */
export function allFinite(leaves: readonly Tensor[], like: Tensor): Tensor {
  // 0 · x is 0 for finite x, else NaN.
  const sums = leaves.filter((x) => x.size > 0).map((x) => x.mul(0).sum().equal(0));
  return sums.reduce((all, one) => all.and(one), like.tape!.literal(1, "bool"));
}
