import { stopGradient, type Tensor } from "@dzdt/tensor";

/** By how many tolerances the states looked at may err, so that no state errs by more than about a hundred. */
const allowance = 50;

/** A state of a step's dense output, and its slope there. */
export interface Within {
  readonly t: Tensor;
  readonly y: Tensor;
  readonly slope: Tensor;
}

/**
 * A step's error estimate together with what its dense output errs by within, in units of what that may err by: componentwise the larger of both. Where
 * solutions are forced in very stiff directions, ends of steps err by next to nothing however long these are, and tell nothing of what is between. There
 * x = (M/(hγ) − J)⁻¹ (f(t, u) − M u′) is the error of u, and where nothing is stiff h times the defect. Likewise Steinebach 2024, arXiv:2410.19719, for
 * Rodas5Pr.
 * @param solve systems of M/(hγ) − J
 * @param times products with M
 */
export function withBetween(
  error: Tensor,
  { t, y, slope }: Within,
  field: (t: Tensor, y: Tensor) => Tensor,
  times: (x: Tensor) => Tensor,
  solve: (x: Tensor) => Tensor,
): Tensor {
  const [at, state, way] = [t, y, slope].map((x) => stopGradient(x)) as [Tensor, Tensor, Tensor];
  const off = stopGradient(solve(field(at, state).sub(times(way))));
  return error.abs().maximum(off.abs().mul(1 / allowance));
}
