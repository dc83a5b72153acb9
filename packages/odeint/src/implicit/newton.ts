import { cast, isFinite, type Tensor, where, whileLoop } from "@dzdt/tensor";

/** A system of equations to be solved by Newton's method, and how well. */
export interface NewtonProblem {
  /** Where to begin. */
  readonly start: Tensor;
  /** The correction to x, with the exact Jacobian or one nearby. */
  readonly correction: (x: Tensor) => Tensor;
  /** The size of a correction of x, in units of what is wanted: a scalar. */
  readonly size: (correction: Tensor, x: Tensor) => Tensor;
  /** Estimated error of x, in these units, at which to stop. */
  readonly tolerance: number;
  /** With exact Jacobians: corrections no larger than this may be rounding, and are when they no longer shrink. @defaultValue tolerance */
  readonly rounding?: number;
  readonly maxIterations: number;
  /** How fast corrections shrank where the same Jacobian was used before: η = θ/(1 − θ), a scalar. */
  readonly rate: Tensor;
  /** Each correction has its own Jacobian: errors shrink as their squares, once they are small, and corrections tell what was left before. */
  readonly exact: boolean;
}

/** Corrections with one Jacobian that shrink no faster than this are not worth repeating. */
const slowest = 0.9;

/**
 * Simplified Newton iteration. It ends when the error that is left, by the rate at which corrections shrink, is small enough, and when they do not
 * shrink. Hairer and Wanner 1996, IV.8.
 * @returns the root, NaN where there was no convergence, the rate, and how many corrections were computed, int32
 */
export function newton({
  start,
  correction,
  size,
  tolerance,
  rounding = tolerance,
  maxIterations,
  rate,
  exact,
}: NewtonProblem): {
  readonly x: Tensor;
  readonly rate: Tensor;
  readonly count: Tensor;
} {
  const one = rate.mul(0).add(1);
  const begin = {
    x: start,
    /** The last correction's size; negative before the first. */
    size: one.neg(),
    rate,
    /** 0 going on, 1 converged, 2 failed. */
    state: one.mul(0),
    count: one.mul(0),
  };
  const end = whileLoop(
    ({ state }) => state.equal(0),
    (now) => {
      const delta = correction(now.x);
      const next = size(delta, now.x);
      const first = now.size.less(0);
      const shrink = next.div(now.size.maximum(1e-290));
      const slow = shrink.lessEqual(slowest).not().and(first.not());
      const eta = where(first, now.rate, shrink.div(shrink.neg().add(1)));
      // Below this, corrections are rounding.
      const done = exact
        ? next.lessEqual(tolerance).or(next.lessEqual(rounding).and(shrink.greater(0.25)).and(first.not()))
        : next.lessEqual(tolerance * 1e-3).or(eta.mul(next).lessEqual(tolerance).and(slow.not()));
      const failed = exact ? isFinite(next).not() : slow.or(isFinite(next).not());
      return {
        x: now.x.add(delta),
        size: next,
        rate: where(first.or(slow), now.rate, eta),
        state: where(done, 1, where(failed, 2, now.state)),
        count: now.count.add(1),
      };
    },
    begin,
    { maxSteps: maxIterations },
  );
  return { x: where(end.state.equal(1), end.x, NaN), rate: end.rate, count: cast(end.count, "int32") };
}
