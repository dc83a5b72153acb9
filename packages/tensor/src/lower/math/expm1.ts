import type { Emitter, Value } from "../emitter";
import { exponential, exponentialMinusOne } from "./exponential";

/** eˣ − 1, which has the sign of x. */
export const expm1 = (k: Emitter, x: Value): Value => k.copySign(exponentialMinusOne(k, exponential(k, x)), x);
