import type { Emitter, Value } from "../emitter";
import { sineOrCosine } from "./trigonometry";

/** Sine, for all arguments however large. */
export const sin = (k: Emitter, x: Value): Value => sineOrCosine(k, x, "sin");
