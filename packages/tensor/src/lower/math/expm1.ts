import type { Emitter, Value } from "../emitter";
import { exponential, exponentialMinusOne } from "./exponential";
import { floats } from "./floats";

/** eˣ − 1, which has the sign of x. */
export function expm1(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  // From −50 on the result is −1.
  const { exponent, biased, rest } = exponential(k, f.atLeast(x, -50), { precise: true });
  const int = (n: number): Value => k.literal("int32", n);
  // 2^exponent may be out of range where the result is not: there the work is done on sixteenths, which denormals would not bear.
  const large = k.less(int(60), exponent);
  const sixteenths = exponentialMinusOne(k, { biased: k.sub(biased, k.select(large, int(4), int(0))), rest });
  return k.copySign(f.mul(sixteenths, k.cast(k.select(large, int(16), int(1)), x.dtype)), x);
}
