import type { Emitter, Value } from "../emitter";
import { tangent } from "./trigonometry";

/** Tangent, for all arguments however large. */
export const tan = (k: Emitter, x: Value): Value => tangent(k, x);
