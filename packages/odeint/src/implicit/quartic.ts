import { cast, type Tensor, where } from "@dzdt/tensor";
import { hermite, type Place } from "../interpolation";

/** The step before one that is interpolated. */
export interface Before {
  /** The state where it began. */
  readonly start: Tensor;
  /** Its length in units of the step's; 0 where there is none. */
  readonly ratio: Tensor;
}

/**
 * The quartic through the states and slopes of a step's ends and the state where the step before began: of order 4, and as smooth as the cubic of both
 * ends, which it is where there is no step before. In s = θ − 1: H(s) + (y₋ − H(s₋)) w(s)/w(s₋), with w = s² (1 + s)² and H the cubic.
 */
export function quartic(place: Place, start: Tensor, slopes: readonly [Tensor, Tensor], before: Before): Tensor {
  const { s, h, end } = place;
  const cubic = (at: Tensor): Tensor => hermite({ s: at, h, end }, [start], [slopes[0]], [slopes[1]])[0]!;
  const ratio = cast(before.ratio, s.dtype);
  const known = ratio.greater(0);
  const far = where(known, ratio, 1);
  const shape = (at: Tensor): Tensor => at.mul(at.add(1)).square();
  const weight = where(known, shape(s).div(shape(far)), 0);
  return cubic(s).add(before.start.sub(cubic(far.add(1).neg())).mul(cast(weight, start.dtype)));
}
