import type { Emitter, Value } from "../emitter";
import { decompose, floats } from "./floats";
import { logarithm, withPole } from "./logarithm";

/** Natural logarithm. */
export function log(k: Emitter, x: Value): Value {
  const { exponent, fraction } = decompose(k, x);
  return withPole(k, x, 0, logarithm(k, exponent, floats(k, x.dtype).sub(fraction, 1)));
}
