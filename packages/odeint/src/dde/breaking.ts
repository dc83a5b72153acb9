import { argmin, concat, stopGradient, take, type Tensor, where } from "@dzdt/tensor";
import { crossing } from "../events/bracket";
import { nearness } from "../jumps";
import type { Attempt } from "../step";

/** Times at which a solution is not smooth, in any order, and how much smoother it is there than at the start: `[points]`. */
export interface Breaks {
  readonly times: Tensor;
  readonly generations: Tensor;
}

/** A step that was tried, and how to ask what is within. */
export interface Trial {
  readonly t: Tensor;
  readonly tNext: Tensor;
  readonly h: Tensor;
  readonly y: readonly Tensor[];
  readonly tried: Pick<Attempt, "y">;
  /** The state at a place θ of the step. */
  readonly within: (theta: Tensor) => readonly Tensor[];
  /** Size of a change of the state, in units of the tolerance. */
  readonly size: (change: readonly Tensor[]) => Tensor;
}

/** What a step does to breaking points. */
export interface Broken {
  /** A delay reaches back over a breaking point within the step, which is to end there. */
  readonly lands: NonNullable<Attempt["lands"]>;
  /** bool: one does at the step's end, so that this is a breaking point; and of which generation. */
  readonly arrives: Tensor;
  readonly generation: Tensor;
  /** For each delay, then, whether it arrives at the first of the breaking points from before (1) or from after (−1): [delays]. */
  readonly turns: Tensor;
}

/** A time is met where the state moves by no more than this part of the tolerance meanwhile. */
const part = 0.01;

/** And by no more than this part of the step. */
export const nearest = 1e-3;

/**
 * The breaking points that a step meets where delays depend on the state: times t at which t − delay(t, y) is a breaking point itself. Bellen and Zennaro
 * 2003, "Numerical Methods for Delay Differential Equations", 2.2. All are constants of derivatives.
 * @param lags delays as functions of time and state
 * @param most breaking points of higher generations do not matter
 */
export function brokenBy(
  { t, tNext, h, y, tried, within, size }: Trial,
  { times, generations }: Breaks,
  lags: readonly ((t: Tensor, y: readonly Tensor[]) => Tensor)[],
  most: number,
): Broken {
  const length = stopGradient(h);
  const moved = size(tried.y.map((x, k) => stopGradient(x.sub(y[k]!))));
  const slack = moved
    .mul(0)
    .add(part)
    .div(moved.maximum(1))
    .minimum(nearest)
    .mul(length.abs())
    .maximum(nearness(t).mul(8));
  const count = times.shape[0]!;
  const past = (at: Tensor, state: readonly Tensor[], lag: (typeof lags)[number]): Tensor =>
    stopGradient(at.sub(lag(at, state)));
  const relevant = generations.lessEqual(most);
  const found = lags.map((lag) => {
    const [from, to] = [past(t, y, lag), past(tNext, tried.y, lag)];
    const near = slack.mul(to.sub(from).abs()).div(length.abs());
    const [before, after] = [from.sub(times), to.sub(times)];
    const apart = before.abs().greater(near).and(relevant);
    const beyond = before.mul(after).less(0).and(after.abs().greater(near));
    return {
      part: where(apart.and(beyond), before.div(before.sub(after)), Infinity),
      meets: apart.and(beyond.not()).and(after.abs().lessEqual(near)),
      before,
      after,
    };
  });
  const all = (which: "part" | "before" | "after"): Tensor =>
    concat(
      found.map((one) => one[which]),
      0,
    );
  const parts = all("part");
  const first = argmin(parts, 0);
  const when = take(parts, first, 0).less(Infinity);
  const point = take(
    concat(
      lags.map(() => times),
      0,
    ),
    first,
    0,
  );
  const [fa, fb] = [take(all("before"), first, 0), take(all("after"), first, 0)];
  const ahead = (theta: Tensor): Tensor => {
    const at = stopGradient(t).add(length.mul(theta));
    const state = within(theta).map((x) => stopGradient(x));
    return lags
      .map((lag) => past(at, state, lag))
      .reduceRight((rest, value, i) => where(first.less((i + 1) * count), value, rest))
      .sub(point);
  };
  const zero = fa.mul(0);
  const theta = crossing(ahead, { a: zero, b: zero.add(1), side: fa.sign(), fa, fb, found: when }, zero.add(1e-12));
  const generation = found
    .map(({ meets }) => where(meets, generations, Infinity).min())
    .reduce((least, one) => least.minimum(one));
  const turns = found.map(({ meets, before }) => {
    const [is, side] = [meets, before].map((x) => x.slice([0], [1])) as [Tensor, Tensor];
    return where(is, side.sign().neg(), 0);
  });
  return {
    lands: { when, at: stopGradient(t).add(length.mul(theta)) },
    arrives: generation.less(Infinity).and(when.not()),
    generation: generation.add(1),
    turns: concat(turns, 0),
  };
}
