import type { Emitter, Value } from "../emitter";
import { type ByFloat, floats, forDType } from "./floats";

/**
 * (atan t − t)/t³ in t² for |t| ≤ tan(π/8), minimax (Remez exchange in 45 digits), and π/4 in two parts, the first with few enough bits
 * for exact multiples up to 4.
 */
const constants: ByFloat<{ readonly quotient: readonly number[]; readonly eighth: readonly [number, number] }> = {
  float32: {
    quotient: [
      -0.33333316445350647, 0.1999852955341339, -0.14244423806667328, 0.10599381476640701, -0.06090453639626503,
    ],
    eighth: [0.785398006439209, 1.5695823663008923e-7],
  },
  float64: {
    quotient: [
      -0.33333333333333326, 0.19999999999997095, -0.14285714285316364, 0.11111111083740435, -0.09090907985884952,
      0.07692279215995734, -0.06666175253053981, 0.05876526626263449, -0.052152822084862945, 0.04491138902019497,
      -0.03319248449572939, 0.014916065835330537,
    ],
    eighth: [0.7853981633974483, 3.061616997868383e-17],
  },
};

/** The angle in [0, π] of the point (±x, y) for x, y ≥ 0, the sign being minus where `leftward`. NaN for (0, 0) and (∞, ∞). */
export function arctangent(k: Emitter, y: Value, x: Value, leftward?: Value): Value {
  const f = floats(k, x.dtype);
  const { quotient, eighth } = forDType(constants, x.dtype);
  const int = (n: number): Value => k.literal("int32", n);
  const steep = k.less(x, y);
  const [large, little] = [k.max(x, y), k.min(x, y)];
  const diagonal = k.less(f.mul(large, 0.414213562373095), little);
  const t = f.div(f.select(diagonal, f.sub(little, large), little), f.select(diagonal, f.add(little, large), large));
  const square = f.mul(t, t);
  const angle = f.add(t, f.mul(f.mul(t, square), f.polynomial(square, quotient)));
  // In eighths of a turn: first octant 0 or 1, mirrored at the diagonal, then at the vertical axis.
  const near = k.cast(diagonal, "int32");
  const quarter = k.select(steep, k.sub(int(2), near), near);
  const eighths = leftward === undefined ? quarter : k.select(leftward, k.sub(int(4), quarter), quarter);
  const mirrored = leftward === undefined ? steep : k.xor(steep, leftward);
  const n = k.cast(eighths, x.dtype);
  const rest = f.select(mirrored, k.neg(angle), angle);
  return f.add(f.mul(n, eighth[0]), f.add(rest, f.mul(n, eighth[1])));
}
