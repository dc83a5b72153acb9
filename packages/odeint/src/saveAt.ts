import { cast, stack, type Target, Tensor, tensor } from "@dzdt/tensor";
import { atHand, timeType } from "./at-hand";
import type { FineTime } from "./fine-time";

/** Times: numbers, or a tensor of them. */
export type Times = readonly (number | Tensor)[] | Float32Array | Float64Array | Tensor;

/** Times as a tensor `[T]`, float64 where the target has it, and their numbers where they are known. */
export interface KnownTimes {
  readonly tensor: Tensor;
  readonly values: ArrayLike<number> | undefined;
  /** What single floats leave of numbers of the host: one tensor `[T]`. None for tensors, nor where times are float64. */
  readonly rest: readonly Tensor[];
}

export const fineTimes = ({ tensor, rest }: KnownTimes): FineTime => ({ t: tensor, rest });

/** @throws RangeError when there are none, or one is not a finite number */
export function readTimes(where: string, name: string, given: Times, target: Target): KnownTimes {
  const times = asTimes(where, name, given, target);
  const values = atHand(times)?.slice() ?? numbersIn(given);
  if (times.size === 0) throw new RangeError(`${where}: ${name} is empty; give at least one time`);
  const bad = values ? Array.from(values).findIndex((t) => !Number.isFinite(t)) : -1;
  if (bad >= 0) throw new RangeError(`${where}: ${name}[${bad}] is ${values![bad]}; give finite times`);
  return { tensor: times, values, rest: restsOf(given, times) };
}

function restsOf(given: Times, { dtype, target }: Tensor): Tensor[] {
  if (dtype !== "float32" || given instanceof Tensor) return [];
  const rests = Array.from(given as readonly (number | Tensor)[], (t) =>
    typeof t === "number" ? t - Math.fround(t) : 0,
  );
  return [tensor(rests, { dtype, target })];
}

/** Numbers that the host gave, where a device has them only. */
function numbersIn(given: Times): ArrayLike<number> | undefined {
  if (given instanceof Tensor) return undefined;
  const list: readonly (number | Tensor)[] = Array.from(given);
  return list.every((t) => typeof t === "number") ? list : undefined;
}

function asTimes(where: string, name: string, given: Times, target: Target): Tensor {
  const dtype = timeType(target);
  if (given instanceof Tensor) {
    if (given.ndim !== 1)
      throw new RangeError(`${where}: ${name} has shape [${given.shape.join(", ")}]; give one axis of times`);
    return cast(given, dtype);
  }
  if (ArrayBuffer.isView(given)) return tensor(given, { dtype, target });
  if (!Array.isArray(given))
    throw new TypeError(`${where}: ${name} is ${String(given)}; give an array or a tensor of times`);
  const list = given as readonly (number | Tensor)[];
  if (list.some((t) => t instanceof Tensor))
    return stack(list.map((t) => (t instanceof Tensor ? cast(t, dtype) : Tensor.scalar(t, dtype, target))));
  return tensor(list as readonly number[], { dtype, target });
}

/** @throws RangeError when known times do not go strictly up or strictly down */
export function checkMonotonic(where: string, { values }: KnownTimes): void {
  if (!values || values.length < 2) return;
  const [first, second] = [values[0]!, values[1]!];
  if (first === values[values.length - 1])
    throw new RangeError(`${where}: ts begins and ends at ${first}; give times that differ`);
  const up = second > first;
  for (let j = 1; j < values.length; j++)
    if (up ? !(values[j]! > values[j - 1]!) : !(values[j]! < values[j - 1]!))
      throw new RangeError(
        `${where}: ts[${j}] = ${values[j]!} is not ${up ? "after" : "before"} ts[${j - 1}] = ${values[j - 1]!}; give strictly increasing or strictly decreasing times`,
      );
}

/** @throws RangeError when a known time is not between the first and the last of others */
export function checkWithin(where: string, { values }: KnownTimes, span: KnownTimes): void {
  if (!values || !span.values) return;
  const ends = [span.values[0]!, span.values[span.values.length - 1]!];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  for (let j = 0; j < values.length; j++)
    if (values[j]! < low || values[j]! > high)
      throw new RangeError(
        `${where}: t = ${values[j]!} is outside the solve's [${low}, ${high}]; ask within, or solve further`,
      );
}
