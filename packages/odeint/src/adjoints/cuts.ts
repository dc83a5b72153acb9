import { argsort, cast, concat, stopGradient, sum, take, type Tensor, where } from "@dzdt/tensor";
import type { EventLog } from "../events/collect";
import { exactly, type FineTime, sameTime, since, timeAmong, whereTime } from "../fine-time";
import { type Grid, gridOf, pointsPassed, timeAt } from "../fixed-steps";
import { numbers, startOf, stopsOf } from "../problem";
import { placesOf } from "../rows";
import type { Knots } from "./knots";
import type { Way, When } from "./step-pulls";

/** Where a solve with events was cut: by events that change the state or end it. */
export interface Cuts {
  /** How many steps were taken before each knot, int32 `[knots]`. */
  readonly steps: Tensor;
  /** The knots at which the solve was cut, the first one after a step only: int32 `[knots]`, of which `count` are of use. */
  readonly knots: Tensor;
  readonly count: Tensor;
}

/** @param cutting whether an event of each trigger cuts the solve */
export function cutsOf({ places, order }: EventLog, { count, triggers }: Knots, cutting: readonly boolean[]): Cuts {
  const size = triggers.size;
  const { int } = numbers(order);
  const index = placesOf(order, size);
  const beyond = int(2 ** 31 - 1);
  const steps = take(order, places, 0).sub(index);
  const cut = cutting
    .map((cuts, i) => (cuts ? triggers.equal(int(i)) : index.less(0)))
    .reduce((a, b) => a.or(b))
    .and(index.less(count));
  const all = argsort(where(cut, index, beyond));
  const before = take(steps, all, 0);
  // Of several after one step only the first ends that step.
  const other = before.notEqual(concat([int(-1).reshape([1]), before.slice([0], [size - 1])], 0));
  const first = other.and(index.less(sum(cast(cut, "int32"))));
  return { steps, knots: take(all, argsort(where(first, index, beyond)), 0), count: sum(cast(first, "int32")) };
}

/** The part of a solve in which a step lies: its number, the number of cuts before it, whether a cut ends it, and when it then does. */
export interface Part {
  readonly step: Tensor;
  readonly cutsBefore: Tensor;
  readonly cut: Tensor;
  readonly end: FineTime;
}

/** Times of the steps of a solve that is cut, constants: from each cut on they lead to the points at which steps end else. */
export function timesBetweenCuts(way: Way, cuts: Cuts, { rows }: Knots): (part: Part) => When {
  const { maxSteps, rests } = way;
  const given = { t0: stopGradient(way.t0), stops: stopGradient(way.stops), ...(rests && { rests }) };
  const [start, stops] = [startOf(given), stopsOf(given)];
  const { int } = numbers(way.t0);
  const points = way.fixed
    ? pointsOfGrid(
        gridOf(start, timeAmong(stops, int(stops.t.size - 1)), cast(way.closed[0]!, start.t.dtype), maxSteps),
      )
    : pointsOfStops();
  return ({ step, cutsBefore, cut, end }) => {
    const anew = cutsBefore.greater(0);
    const knot = take(cuts.knots, cutsBefore.sub(1).maximum(0), 0);
    const from = exactly(stopGradient(take(rows.times, knot, 0)));
    const later = step.sub(where(anew, take(cuts.steps, knot, 0), 0));
    const point = where(anew, points.passed(from), 0).add(later);
    const t = whereTime(later.equal(0), whereTime(anew, from, start), points.at(point));
    const tNext = whereTime(cut, end, points.at(point.add(1)));
    return { t, tNext, h: points.length(point, t, tNext) };
  };

  interface Points {
    /** The last point before a time, or at it. */
    passed(time: FineTime): Tensor;
    at(point: Tensor): FineTime;
    /** The length of a step from a point, or from a time after it. */
    length(point: Tensor, t: FineTime, tNext: FineTime): Tensor;
  }

  function pointsOfGrid(grid: Grid): Points {
    const at = (point: Tensor): FineTime =>
      whereTime(point.greaterEqual(grid.count), grid.end, timeAt(start, grid.h, point));
    return {
      passed: (time) => pointsPassed(grid, start, time),
      at,
      length: (point, t, tNext) => {
        const whole = sameTime(t, at(point))
          .and(sameTime(tNext, at(point.add(1))))
          .and(point.less(grid.count.sub(1)));
        return where(whole, grid.h, since(tNext, t));
      },
    };
  }

  function pointsOfStops(): Points {
    const direction = since(timeAmong(stops, int(stops.t.size - 1)), start).sign();
    return {
      passed: (time) => sum(cast(direction.mul(since(stops, time)).lessEqual(0), "int32")),
      at: (point) => whereTime(point.equal(0), start, timeAmong(stops, point.sub(1).maximum(0))),
      length: (_point, t, tNext) => since(tNext, t),
    };
  }
}
