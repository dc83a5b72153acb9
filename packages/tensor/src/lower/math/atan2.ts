import type { Emitter, Value } from "../emitter";
import { arctangent } from "./arctangent";
import { floats } from "./floats";

/** Angle of the point (x, y) in [−π, π], with C's conventions for zeros and infinities. */
export function atan2(k: Emitter, y: Value, x: Value): Value {
  const f = floats(k, x.dtype);
  const [height, width] = [k.abs(y), k.abs(x)];
  const both = (bound: number): Value => k.and(f.equal(height, bound), f.equal(width, bound));
  const [origin, infinite] = [both(0), both(Infinity)];
  // At the origin only the sign of x tells, at infinity the angle is that of a diagonal.
  const far = f.select(origin, 1, f.select(infinite, 1, width));
  const up = f.select(infinite, 1, height);
  // Quarters, as the sum of two large numbers must not overflow; small ones must not lose bits.
  const huge = f.less(x.dtype === "float32" ? 1e30 : 1e300, k.max(far, up));
  const factor = f.select(huge, 0.25, 1);
  const leftward = f.less(k.copySign(f.value(1), x), 0);
  return k.copySign(arctangent(k, f.mul(up, factor), f.mul(far, factor), leftward), y);
}
