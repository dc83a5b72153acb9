import type { Emitter, Value } from "../emitter";
import { sineOfSize } from "./trigonometry";

/** Cosine, for all arguments however large. */
export const cos = (k: Emitter, x: Value): Value => sineOfSize(k, x, 1);
