import type { Emitter, Value } from "../emitter";
import { arctangent } from "./arctangent";
import { floats } from "./floats";

/** Inverse tangent. */
export const atan = (k: Emitter, x: Value): Value =>
  k.copySign(arctangent(k, k.abs(x), floats(k, x.dtype).value(1)), x);
