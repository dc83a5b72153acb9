import type { Emitter, Value } from "../emitter";
import { exponential, exponentialMinusOne, exponentialValue } from "./exponential";
import { floats } from "./floats";

/** Hyperbolic sine: (t + t/(t + 1))/2 with t = e^|x| − 1; e^|x|/2 where that is all there is to see. */
export function sinh(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const size = k.abs(x);
  const power = exponential(k, size, { precise: true });
  // Out of range only where it is not selected.
  const t = exponentialMinusOne(k, power);
  const small = f.mul(f.add(t, f.div(t, f.add(t, 1))), 0.5);
  return k.copySign(f.select(f.less(size, 22), small, exponentialValue(k, power, -1)), x);
}
