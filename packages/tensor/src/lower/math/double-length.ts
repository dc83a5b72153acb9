import type { Emitter, Value } from "../emitter";
import { type ByFloat, floats, forDType } from "./floats";

/** An unevaluated sum of two floats, the second below half a unit in the last place of the first. */
export type Pair<T = Value> = readonly [high: T, low: T];

/** a + b exactly, for any a and b. Knuth, TAOCP 2, §4.2.2. */
export function twoSum(k: Emitter, a: Value, b: Value): Pair {
  const sum = k.add(a, b);
  const second = k.sub(sum, a);
  return [sum, k.add(k.sub(a, k.sub(sum, second)), k.sub(b, second))];
}

/** a + b exactly, for |a| ≥ |b| or a = 0. Dekker 1971, doi:10.1007/BF01397083. */
export function fastTwoSum(k: Emitter, a: Value, b: Value): Pair {
  const sum = k.add(a, b);
  return [sum, k.sub(b, k.sub(sum, a))];
}

/** 2^⌈p/2⌉ + 1 splits a float of p bits into two halves whose products are exact. */
const splitter: ByFloat<number> = { float32: 4097, float64: 134217729 };

function split(k: Emitter, a: Value): Pair {
  const scaled = floats(k, a.dtype).mul(a, forDType(splitter, a.dtype));
  const high = k.sub(scaled, k.sub(scaled, a));
  return [high, k.sub(a, high)];
}

/** a·b exactly, short of overflow and underflow. Dekker 1971; a fused multiply-add would do, but WebAssembly has none. */
export function twoProduct(k: Emitter, a: Value, b: Value): Pair {
  const product = k.mul(a, b);
  const [aHigh, aLow] = split(k, a);
  const [bHigh, bLow] = split(k, b);
  const rest = k.sub(k.mul(aHigh, bHigh), product);
  return [product, k.add(k.add(k.add(rest, k.mul(aHigh, bLow)), k.mul(aLow, bHigh)), k.mul(aLow, bLow))];
}
