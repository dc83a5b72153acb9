import type { Primitive } from "../primitive";
import { extremum } from "./extremum";

/** Greatest element over `axes` (ascending), in fewer steps than `max` takes: a NaN is passed over, and among nothing else it is −∞. */
export const peak: Primitive<{ readonly axes: readonly number[] }> = extremum("peak", "least", (k, a, b) =>
  k.select(k.less(a, b), b, a),
);
