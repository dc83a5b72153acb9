import type { Emitter, Value } from "../emitter";
import { exponential, exponentialValue } from "./exponential";

/** eˣ, to denormals and infinity. */
export const exp = (k: Emitter, x: Value): Value => exponentialValue(k, exponential(k, x));
