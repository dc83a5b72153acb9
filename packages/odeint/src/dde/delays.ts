import { cast, isFloat, isInteger, printShape, ShapeError, stack, type Target, Tensor, tensor } from "@dzdt/tensor";
import { atHand, timeType } from "../at-hand";

/** A delay that depends on the state: a positive number or scalar, in units of time. Traced, like the field. */
export type StateDelay<Y, A> = (t: Tensor, y: Y, args: A) => Tensor | number;

/** One delay: a number, a scalar tensor, or a function. */
export type Delay<Y = never, A = never> = number | Tensor | StateDelay<Y, A>;

/** Delays: one, or several in the order in which the field receives the states back then. In units of time. */
export type Delays<Y = never, A = never> = Delay<Y, A> | readonly Delay<Y, A>[];

/** Delays in the order in which the field receives the states. */
export interface KnownDelays {
  /** Those that are constant, as `[delays]` in the dtype of times; absent if there is none. */
  readonly tensor: Tensor | undefined;
  /** Their numbers, where they are known. */
  readonly values: readonly number[] | undefined;
  /** Of each delay its place among the constant ones, or what it is as a function. */
  readonly slots: readonly (number | StateDelay<never, never>)[];
}

/** @throws RangeError for a delay that is not positive; TypeError, ShapeError for what is no delay */
export function readDelays(given: unknown, target: Target): KnownDelays {
  const dtype = timeType(target);
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const delays = list.flatMap((delay) => (delay instanceof Tensor && delay.ndim === 1 ? rowsOf(delay) : [delay]));
  if (delays.length === 0) throw new RangeError("ddeint: delays is empty; give at least one, or use odeint");
  const slots: (number | StateDelay<never, never>)[] = [];
  const places: number[] = [];
  const tensors = delays.flatMap((delay, i) => {
    if (typeof delay === "function") {
      slots.push(delay as StateDelay<never, never>);
      return [];
    }
    slots.push(places.length);
    places.push(i);
    if (typeof delay === "number") return Tensor.scalar(delay, dtype, target);
    if (!(delay instanceof Tensor) || !(isFloat(delay.dtype) || isInteger(delay.dtype)))
      throw new TypeError(
        `ddeint: delays[${i}] is ${String(delay)}; give a positive number, a scalar tensor, or a function (t, y, args) => delay`,
      );
    if (delay.ndim !== 0)
      throw new ShapeError(`ddeint: delays[${i}] has shape ${printShape(delay.shape)}; give a scalar`);
    return cast(delay, dtype);
  });
  const numbers = tensors.map((x) => (x.tape ? undefined : atHand(x)?.[0]));
  const values = numbers.every((x) => x !== undefined) ? numbers : undefined;
  const bad = values ? values.findIndex((x) => !(x > 0 && x < Infinity)) : -1;
  if (bad >= 0)
    throw new RangeError(
      `ddeint: delays[${places[bad]!}] is ${values![bad]!}; give a positive length of time, or a function of the state`,
    );
  return { tensor: tensors.length > 0 ? stack(tensors) : undefined, values, slots };
}

/** What a delay's function returned, as a scalar. @throws TypeError, ShapeError when it is something else */
export function delayOf(returned: unknown, place: number, like: Tensor): Tensor {
  if (typeof returned === "number") return like.mul(0).add(returned);
  if (!(returned instanceof Tensor) || !(isFloat(returned.dtype) || isInteger(returned.dtype)))
    throw new TypeError(
      `ddeint: delays[${place}] returned ${returned instanceof Tensor ? returned.dtype : String(returned)}; return a positive number or a scalar`,
    );
  if (returned.ndim !== 0)
    throw new ShapeError(`ddeint: delays[${place}] returned the shape ${printShape(returned.shape)}; return a scalar`);
  return returned;
}

const rowsOf = (x: Tensor): Tensor[] =>
  Array.from({ length: x.shape[0]! }, (_, i) => x.slice([i], [i + 1]).reshape([]));

/** The most breaking points that are tracked. */
const most = 1000;

/**
 * How long after a time at which the solution is not smooth there are others: sums of up to `levels` delays, each of which is once smoother than the one
 * before. Bellen and Zennaro 2003, "Numerical Methods for Delay Differential Equations", 2.1.
 */
export function delaySums(delays: Tensor, levels: number): Tensor {
  const count = delays.shape[0]!;
  const sums: number[][] = [];
  let level: readonly number[][] = [new Array<number>(count).fill(0)];
  for (let n = 0; n < levels && sums.length < most; n++) {
    // Each sum once: only delays that are not before the last one taken.
    level = level.flatMap((sum) => {
      const from = Math.max(
        0,
        sum.findLastIndex((times) => times > 0),
      );
      return Array.from({ length: count - from }, (_, j) => sum.with(from + j, sum[from + j]! + 1));
    });
    sums.push(...level);
  }
  const weights = tensor(sums, { dtype: delays.dtype, target: delays.target });
  return weights.mul(delays).sum(1);
}
