import { argmin, cast, concat, cond, type DType, stopGradient, take, type Tensor, where } from "@dzdt/tensor";
import { exactly, type FineTime, since } from "./fine-time";
import { flow } from "./flow";
import type { Method } from "./step";
import { onStillSteps } from "./still-steps";

/** The next of some times, and how far it is: infinitely where there is none. */
export interface Landing {
  readonly time: Tensor;
  readonly ahead: Tensor;
}

/** So near to each other times are one: a few roundings. */
export const nearness = (t: Tensor, dtype: DType = t.dtype): Tensor =>
  stopGradient(t.abs()).mul(dtype === "float32" ? 2 ** -20 : 2 ** -49);

/** The first of some times, in any order, that is after `t` in a direction. */
export function nextJump(times: Tensor, now: FineTime, direction: Tensor): Landing {
  const ahead = stopGradient(since(exactly(times), now)).mul(direction);
  const later = where(ahead.greater(nearness(now.t)), ahead, Infinity);
  const nearest = argmin(later, 0);
  return { time: take(times, nearest, 0), ahead: take(later, nearest, 0) };
}

const nearestOf = (times: Tensor, t: Tensor): Tensor => take(times, argmin(stopGradient(times.sub(t)).abs(), 0), 0);

/** A time that moves as another does. */
const movedWith = (other: Tensor, t: Tensor): Tensor => stopGradient(t).add(other.sub(stopGradient(other)));

/**
 * How far inside of a step of length `h` the field is asked at an end `t` of it that is a jump. Steps may be as short as some roundings.
 * @param seen the dtype in which the field sees times
 * @param reach how far back the field looks: times there are rounded too
 */
export function margin(t: Tensor, h: Tensor, seen: DType = t.dtype, reach?: Tensor): Tensor {
  const length = stopGradient(h).abs();
  const roundings = nearness(reach ? t.abs().add(reach) : t, seen).mul(2);
  return roundings.add(length.mul(seen === "float32" ? 2 ** -22 : 2 ** -51)).minimum(length.mul(0.25));
}

/**
 * A method for a field that is smooth but at some times. Steps end there, and the next one begins anew. At both ends of a step the field is asked
 * just inside of it, so that it is the field of that side.
 * @param times float64 `[jumps]`, in any order, of which some may be outside the solve
 * @param seen the dtype in which the field sees times, when it is not that of times
 * @param exact steps are of given lengths, so that some may end at a jump of their own accord, as at an output
 * @param reach how far back the field looks, if it does
 */
export function acrossJumps(given: Method, times: Tensor, seen?: DType, exact = false, reach?: Tensor): Method {
  const method = given.beyond ? onStillSteps(given) : given;
  const restart = (t: Tensor, y: readonly Tensor[], memory: readonly Tensor[]): readonly Tensor[] =>
    method.restart ? method.restart(t, y, memory) : method.begin(t, y);
  const all = (memory: readonly Tensor[]): Tensor =>
    method.laterJumps ? concat([times, method.laterJumps(memory)], 0) : times;
  const isAmong = (jumps: Tensor, t: Tensor): Tensor => stopGradient(jumps.sub(t)).abs().lessEqual(nearness(t)).any();
  const beside = (t: Tensor, h: Tensor, side: number): Tensor =>
    t.add(
      stopGradient(h)
        .sign()
        .mul(side)
        .mul(margin(t, h, seen, reach)),
    );
  const { undo: _, ...rest } = method;
  const { evaluations } = method;
  return {
    ...rest,
    jumps: times,
    interpolantMoves: true,
    counted: true,
    attempt: (t, tNext, h, y, memory) => {
      const jumps = all(memory);
      const anew = isAmong(jumps, t);
      // Derivatives go on from the jump.
      const moment = exact ? where(anew, movedWith(nearestOf(jumps, t), t), t) : t;
      const length = exact ? h.sub(moment.sub(t)) : h;
      const from = where(anew, beside(moment, h, 1), t);
      const to = where(isAmong(jumps, tNext), beside(tNext, h, -1), tNext);
      const started = cond(
        anew,
        () => {
          const slope = (at: Tensor, state: readonly Tensor[]): Tensor[] =>
            method.slope(beside(at, h, -1), state, memory);
          const there = exact ? flow(slope, t, moment, y) : y;
          const start = method.consistent?.(from, there) ?? there;
          return [...start, ...restart(from, start, memory)];
        },
        () => [...y, ...memory],
      );
      const tried = method.attempt(from, to, length, started.slice(0, y.length), started.slice(y.length));
      const more = where(anew, cast(anew, "int32").mul(evaluations.begin), 0);
      return {
        ...tried,
        ...(exact && { length }),
        evaluations: more.add(tried.evaluations ?? evaluations.attempt),
      };
    },
  };
}
