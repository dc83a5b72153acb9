import type { Tensor, Tree } from "@dzdt/tensor";
import type { Times } from "../saveAt";
import type { Compensation } from "../structure/compensated";

/** What a controller decides about an attempt. */
export interface Decision {
  /** bool: the step is taken. */
  readonly accept: Tensor;
  /** float64: the next step is this times longer. */
  readonly factor: Tensor;
  readonly state: readonly Tensor[];
}

/**
 * How the scaled error of a step, a tree like the state, becomes one number: `rms`, `max`, or a function to a scalar that is not negative. A step whose
 * norm is negative or NaN is rejected.
 */
export type ErrorNorm = "rms" | "max" | ((scaled: Tree) => Tensor);

/** A number, or a tree like y0 with a number or a tensor for each leaf. */
export type Tolerance = number | Tree;

/** Steps chosen by an estimate of the error: functions on a carry, so that they can be traced and compiled. */
export interface AdaptiveController {
  readonly kind: "adaptive";
  readonly rtol: Tolerance | undefined;
  readonly atol: Tolerance | undefined;
  readonly dtMin: number;
  /** Are steps of dtMin taken whatever their errors? @defaultValue false */
  readonly forceDtMin?: boolean;
  readonly dtMax: number;
  readonly norm: ErrorNorm;
  /** Times at which steps end, and at which the field jumps. */
  readonly stepTs?: Times;
  readonly jumpTs?: Times;
  /** How many ends of rejected steps are kept, each of which a later step ends at. */
  readonly storeRejected?: number;
  /** Numbers that the controller's state starts from, float64. */
  init(): readonly number[];
  /** @param ratio scaled error of the attempt, float64: 1 is just acceptable; NaN or ∞ never is. @param order power of h with which errors shrink */
  adapt(state: readonly Tensor[], ratio: Tensor, order: number): Decision;
}

/** Steps of one length, or from output to output. */
export interface ConstantController {
  readonly kind: "constant";
  readonly dt: number | Tensor | undefined;
  /** How the state's sums are compensated, if they are. */
  readonly compensated?: Compensation | undefined;
}

/** What decides the lengths of steps: made by `pid` and `constant`. */
export type Controller = AdaptiveController | ConstantController;
