import { broadcastTo, cast, type Tensor, where } from "@dzdt/tensor";
import type { StageAccuracy } from "./vector";

/** The relative tolerance from which on estimates are taken for less than they are. */
const loosest = 1e-3;

/** Relative tolerances below this are below rounding. */
const tightest = 1e-15;

/**
 * By how much estimates of an order far below the method's are multiplied, leaf by leaf, so that the errors of a solve are in proportion to the tolerance.
 * With estimates that shrink as h^k and errors of a solve as h^p, steps as long as an estimate of τ^(k/p) allows err in proportion to τ. Estimates are
 * compared with 10⁻³ (τ / 10⁻³)^(k/p), as RADAU5 does with the exponent 2/3: Hairer and Wanner 1996, IV.8. τ is the relative tolerance; where it is 0
 * estimates remain what they are.
 */
export function proportion(
  { rtol }: StageAccuracy,
  y: readonly Tensor[],
  { k, p }: { readonly k: number; readonly p: number },
): Tensor[] {
  return y.map((leaf, i) => {
    const relative = cast(rtol[i]!, leaf.dtype);
    const scale = relative
      .clip(tightest, loosest)
      .mul(1 / loosest)
      .pow(1 - k / p);
    return broadcastTo(where(relative.greater(0), scale, 1), leaf.shape);
  });
}
