import type { Emitter, Value } from "../emitter";
import { sineOrCosine } from "./trigonometry";

/** Cosine, for all arguments however large. */
export const cos = (k: Emitter, x: Value): Value => sineOrCosine(k, x, "cos");
