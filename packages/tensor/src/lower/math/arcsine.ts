import type { Emitter, Value } from "../emitter";
import { type ByFloat, floats, forDType, upperHalf } from "./floats";

/** (asin s − s)/s³ in s² for s ≤ ½, minimax (Remez exchange in 45 digits). */
const quotient: ByFloat<readonly number[]> = {
  float32: [
    0.16666659712791443, 0.07500521093606949, 0.04451363906264305, 0.031835976988077164, 0.014329712837934494,
    0.037672001868486404,
  ],
  float64: [
    0.16666666666666763, 0.07499999999970117, 0.044642857175273894, 0.03038194267570301, 0.02237221589718168,
    0.017351595613337382, 0.013981017590872107, 0.01139729798511509, 0.01078930686111016, 0.003672194823687792,
    0.0217907192315504, -0.021116943402203235, 0.03270237160882107,
  ],
};

/** π/2 as a sum of two floats. */
export const quarterTurn: ByFloat<{ readonly high: number; readonly low: number }> = {
  float32: { high: 1.5707963705062866, low: -4.371138828673793e-8 },
  float64: { high: 1.5707963267948966, low: 6.123233995736766e-17 },
};

/**
 * asin(root) = root + excess, where root is |x| if that is `small` (below ½) and otherwise √((1 − |x|)/2), which head + tail gives more
 * exactly: then asin|x| = π/2 − 2·asin(root).
 */
export function arcsine(
  k: Emitter,
  x: Value,
): { readonly [name in "small" | "root" | "excess" | "head" | "tail"]: Value } {
  const f = floats(k, x.dtype);
  const size = k.abs(x);
  const small = f.less(size, 0.5);
  const square = f.select(small, f.mul(size, size), f.mul(f.sub(1, size), 0.5));
  const root = f.select(small, size, k.sqrt(square));
  const excess = f.mul(root, f.mul(square, f.polynomial(square, forDType(quotient, x.dtype))));
  const upper = upperHalf(k, root);
  // The summand changes nothing but 0/0 at |x| = 1.
  const tail = f.div(f.sub(square, f.mul(upper, upper)), f.add(f.add(root, upper), 1e-30));
  return { small, root, excess, head: upper, tail };
}
