import type { Tensor } from "@dzdt/tensor";
import type { AdaptiveController } from "./controllers/controller";
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
  | { readonly kind: "fixed"; readonly dt: Tensor }
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
  readonly maxSteps: number;
}

/** What goes from iteration to iteration. Lists are empty where a kind of solve has no use for them. */
export interface Carry {
  /** Time, float64, and the next step with its sign, a constant of derivatives. */
  readonly t: Tensor;
  readonly h: Tensor;
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
  /** The last step, for its dense output: its length and what the method kept. */
  readonly length: readonly Tensor[];
  readonly dense: readonly Tensor[];
  readonly controller: readonly Tensor[];
  /** Outputs written and stops reached, int32. */
  readonly written: readonly Tensor[];
  readonly reached: readonly Tensor[];
  readonly rejected: readonly Tensor[];
  /** A number of `Status`, or running. */
  readonly status: Tensor;
}

export const running = -1;

/** Numbers of the program on the tape of a traced tensor. */
export const numbers = (x: Tensor): { int: (value: number) => Tensor; real: (value: number) => Tensor } => ({
  int: (value) => x.tape!.literal(value, "int32"),
  real: (value) => x.tape!.literal(value, "float64"),
});

/** bool: no leaf has a NaN or an infinity. */
export function allFinite(leaves: readonly Tensor[], like: Tensor): Tensor {
  // 0 · x is 0 for finite x, else NaN.
  const sums = leaves.filter((x) => x.size > 0).map((x) => x.mul(0).sum().equal(0));
  return sums.reduce((all, one) => all.and(one), like.tape!.literal(1, "bool"));
}
