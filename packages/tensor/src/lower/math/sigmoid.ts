import type { Emitter, Value } from "../emitter";
import { boundedExponential } from "./exponential";
import { type ByFloat, floats, forDType } from "./floats";

/** So many halvings keep e⁻ˣ from overflowing as long as the result is not 0; below `least` it is nothing beside 1, from `greatest` on the result is 0. */
const bounds: ByFloat<{ readonly by: number; readonly least: number; readonly greatest: number }> = {
  float32: { by: -30, least: -60, greatest: 104 },
  float64: { by: -60, least: -600, greatest: 746 },
};

/** 1/(1 + e⁻ˣ), to denormals. */
export function sigmoid(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  if (k.target === "wasm") {
    const bound = forDType(bounds, x.dtype);
    const one = 2 ** bound.by;
    return f.div(one, f.add(boundedExponential(k, k.neg(x), bound), one));
  }
  const small = k.math("exp", k.neg(k.abs(x)));
  return f.div(f.select(f.less(x, 0), small, 1), f.add(small, 1));
}
