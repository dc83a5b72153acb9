import { cast, isFloat, isInteger, printShape, ShapeError, stack, type Target, Tensor, tensor } from "@dzdt/tensor";
import { atHand, timeType } from "../at-hand";

/** Delays: one, or several in the order in which the field receives the states back then. In units of time. */
export type Delays = number | Tensor | readonly (number | Tensor)[];

/** Delays as `[delays]` in the dtype of times, and their numbers where they are known. */
export interface KnownDelays {
  readonly tensor: Tensor;
  readonly values: readonly number[] | undefined;
}

/** @throws RangeError for a delay that is not positive; TypeError, ShapeError for what is no delay */
export function readDelays(given: unknown, target: Target): KnownDelays {
  const dtype = timeType(target);
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const delays = list.flatMap((delay) => (delay instanceof Tensor && delay.ndim === 1 ? rowsOf(delay) : [delay]));
  if (delays.length === 0) throw new RangeError("ddeint: delays is empty; give at least one, or use odeint");
  const tensors = delays.map((delay, i) => {
    if (typeof delay === "number") return Tensor.scalar(delay, dtype, target);
    if (typeof delay === "function")
      throw new TypeError(
        `ddeint: delays[${i}] is a function, and delays that depend on the state are not offered; give a number or a scalar tensor`,
      );
    if (!(delay instanceof Tensor) || !(isFloat(delay.dtype) || isInteger(delay.dtype)))
      throw new TypeError(`ddeint: delays[${i}] is ${String(delay)}; give a positive number or a scalar tensor`);
    if (delay.ndim !== 0)
      throw new ShapeError(`ddeint: delays[${i}] has shape ${printShape(delay.shape)}; give a scalar`);
    return cast(delay, dtype);
  });
  const numbers = tensors.map((x) => (x.tape ? undefined : atHand(x)?.[0]));
  const values = numbers.every((x) => x !== undefined) ? numbers : undefined;
  const bad = values ? values.findIndex((x) => !(x > 0 && x < Infinity)) : -1;
  if (bad >= 0)
    throw new RangeError(
      `ddeint: delays[${bad}] is ${values![bad]!}; give a positive length of time, the same for the whole solve`,
    );
  return { tensor: stack(tensors), values };
}

const rowsOf = (x: Tensor): Tensor[] =>
  Array.from({ length: x.shape[0]! }, (_, i) => x.slice([i], [i + 1]).reshape([]));

/** The most breaking points that are tracked. */
const most = 1000;

/**
 * Times at which the solution is not smooth: sums of up to `levels` delays after the start, each of which is once smoother than the one before.
 * Bellen and Zennaro 2003, "Numerical Methods for Delay Differential Equations", 2.1.
 */
export function breakingPoints(start: Tensor, delays: Tensor, levels: number): Tensor {
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
  return start.add(weights.mul(delays).sum(1));
}
