import type { Emitter, Value } from "../emitter";
import { floats } from "./floats";
import { sineAndCosine } from "./trigonometry";

/** Tangent, for all arguments however large. */
export function tan(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const { sine, cosine, quadrant } = sineAndCosine(k, x);
  const odd = k.equal(k.and(quadrant, k.literal("int32", 1)), k.literal("int32", 1));
  const size = f.div(f.select(odd, k.neg(cosine), sine), f.select(odd, sine, cosine));
  return f.mul(size, k.copySign(f.value(1), x));
}
