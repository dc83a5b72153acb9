import type { Emitter, Value } from "../emitter";
import { smallExponentialMinusOne } from "./exponential";
import { floats, withSignOf } from "./floats";

/** Hyperbolic tangent, t/(t + 2) with t = e^(2|x|) − 1: no cancellation, exact for denormals. */
export function tanh(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const size = k.abs(x);
  // The result is 1 from 19.1 on (float32: 9.02), long before t overflows.
  const t = smallExponentialMinusOne(k, f.atMost(f.add(size, size), 44));
  return withSignOf(k, f.div(t, f.add(t, 2)), x);
}
