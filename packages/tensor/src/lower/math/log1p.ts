import type { Emitter, Value } from "../emitter";
import { decompose, floats } from "./floats";
import { logarithm, withPole } from "./logarithm";

/** ln(1 + x), which has the sign of x: what rounding 1 + x lost comes back as a correction. */
export function log1p(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const sum = f.add(x, 1);
  const { exponent, fraction } = decompose(k, sum);
  const lost = f.select(f.less(x, 1), f.sub(x, f.sub(sum, 1)), f.sub(1, f.sub(sum, x)));
  const near = k.equal(exponent, k.literal("int32", 0));
  const rest = f.select(near, x, f.sub(fraction, 1));
  const tail = f.select(near, 0, f.div(lost, sum));
  return k.copySign(withPole(k, x, -1, logarithm(k, exponent, rest, tail)), x);
}
