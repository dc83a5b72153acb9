import type { Tensor } from "@dzdt/tensor";
import type { BrownianPath, Increment } from "./brownian/brownian";

/** One step of a solve. */
export interface Span {
  readonly t: Tensor;
  readonly tNext: Tensor;
  readonly h: Tensor;
  /** Of a solve in equal steps: how many steps were before it, int32. */
  readonly number?: Tensor;
}

/** What drives a solve: the motion over one of its steps. */
export interface Motion {
  /** Shortest step over which it has its law. */
  readonly tolerance: number;
  over(span: Span): Increment;
}

/** The motion along a path, which is asked for times alone. */
export const motionAlong = (path: BrownianPath): Motion => ({
  tolerance: path.tolerance,
  over: ({ t, tNext }) => path.increment(t, tNext),
});

/**
 * A motion with time reversed, τ = −t: what is odd about the middle of an interval changes its sign.
 * @param count how many steps the motion had been asked for, up to the time at which the reversed one begins
 */
export const reversed = (motion: Motion, count: Tensor | undefined): Motion => ({
  ...motion,
  over: ({ t, tNext, h, number }) => {
    const before = count && number && { number: count.sub(1).sub(number) };
    const { W, H, K } = motion.over({ t: tNext.neg(), tNext: t.neg(), h, ...before });
    return { W: W.neg(), ...(H && { H }), ...(K && { K: K.neg() }) };
  },
});
