import { cast, concat, type Nested, ones, type Tensor } from "@dzdt/tensor";
import type { Times } from "../saveAt";
import { readObservations, rowsLast, rowsOf } from "./observations";
import { type Path, piecewisePath } from "./path";

/**
 * Steps: between two observations first the channel of time goes from one to the next with all others held, then the others go with time held. So an
 * equation that it controls knows nothing of an observation before its time has come, and learns of every one at once. Each interval's first half is
 * for time, its second half for the others; a controlled equation does not depend on how fast a path goes.
 * Morrill, Kidger, Yang and Lyons 2022, arXiv:2106.11028.
 * @param ts as of `linearPath`
 * @param xs `[…batch, T, channels]`; missing values are the last observation of their channel before, or the first one
 * @param options.time which channel is the time. @defaultValue 0
 * @throws as `linearPath`; RangeError when there is no such channel
 */
export function rectilinearPath(ts: Times, xs: Tensor | Nested, options: { readonly time?: number } = {}): Path {
  const { breakpoints, times, values } = readObservations("rectilinearPath", ts, xs, "forward");
  const { time = 0 } = options;
  const channels = values.shape.at(-1)!;
  if (!Number.isInteger(time) || time < 0 || time >= channels)
    throw new RangeError(`rectilinearPath: time is ${time}; give one of the ${channels} channels, from 0`);
  const count = times.shape[0]! - 1;
  const [from, to] = [rowsOf(values, 0, count), rowsOf(values, 1, count + 1)];
  const half = rowsOf(times, 1, count + 1)
    .sub(rowsOf(times, 0, count))
    .div(2);
  const rise = to.sub(from);
  const speed = rise.div(cast(half, values.dtype));
  const own = onlyChannel(rise, time);
  const middle = from.add(rise.mul(own));
  return piecewisePath({
    breakpoints: withMiddles(breakpoints),
    coefficients: [
      rowsLast(alternating(from, middle)),
      rowsLast(alternating(speed.mul(own), speed.mul(own.neg().add(1)))),
    ],
  });
}

/** 1 in one channel, 0 in the others. */
function onlyChannel(like: Tensor, channel: number): Tensor {
  const options = { dtype: like.dtype, target: like.target };
  const size = like.shape.at(-1)!;
  return ones([1], options).pad([[channel, size - 1 - channel]]);
}

/** Rows of one and the other in turn. */
function alternating(first: Tensor, second: Tensor): Tensor {
  const [count, ...rest] = first.shape;
  const apart = [first, second].map((x) => x.reshape([count!, 1, ...rest]));
  return concat(apart, 1).reshape([2 * count!, ...rest]);
}

/** Times with the middle of each interval, along the last axis. */
function withMiddles(breakpoints: Tensor): Tensor {
  const axis = breakpoints.ndim - 1;
  const count = breakpoints.shape[axis]! - 1;
  const part = (from: number): Tensor =>
    breakpoints.slice(
      breakpoints.shape.map((_, a) => (a === axis ? from : 0)),
      breakpoints.shape.with(axis, from + count),
    );
  const [starts, ends] = [part(0), part(1)];
  const middles = starts.add(ends).div(2);
  const pairs = concat(
    [starts, middles].map((x) => x.reshape([...x.shape, 1])),
    axis + 1,
  ).reshape(breakpoints.shape.with(axis, 2 * count));
  const last = breakpoints.slice(
    breakpoints.shape.map((_, a) => (a === axis ? count : 0)),
    breakpoints.shape,
  );
  return concat([pairs, last], axis);
}
