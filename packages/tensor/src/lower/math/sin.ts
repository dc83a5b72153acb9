import type { Emitter, Value } from "../emitter";
import { floats } from "./floats";
import { sineOfSize } from "./trigonometry";

/** Sine, for all arguments however large. */
export const sin = (k: Emitter, x: Value): Value =>
  k.mul(sineOfSize(k, x, 0), k.copySign(floats(k, x.dtype).value(1), x));
