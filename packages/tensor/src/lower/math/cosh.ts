import type { Emitter, Value } from "../emitter";
import { exponential, exponentialValue } from "./exponential";
import { floats } from "./floats";

/** Hyperbolic cosine: h + 1/(4h) with h = e^|x|/2, which overflows only where the result does. */
export function cosh(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const half = exponentialValue(k, exponential(k, k.abs(x)), -1);
  return f.add(half, f.div(0.25, half));
}
