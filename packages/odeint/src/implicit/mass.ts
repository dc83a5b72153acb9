import { linalg, matmul, stopGradient, type Tensor, transpose, where } from "@dzdt/tensor";
import type { VectorSystem } from "./vector";

/** Orthogonal projectors, `[n, n]`, on the null spaces of a mass matrix: 0 where it is regular. */
export interface NullSpaces {
  /** On that of M. */
  readonly ofRight: Tensor;
  /** On that of Mᵀ. */
  readonly ofLeft: Tensor;
}

/** From the singular values, so that no structure of M need be known. Constants of derivatives. */
export function nullSpacesOf(matrix: Tensor): NullSpaces {
  const [u, s, vt] = linalg.svd(stopGradient(matrix));
  const least = s.max().mul(matrix.shape[0]! * (matrix.dtype === "float64" ? 2 ** -50 : 2 ** -21));
  const none = where(s.lessEqual(least), s.mul(0).add(1), 0);
  return { ofLeft: matmul(u.mul(none), transpose(u)), ofRight: matmul(transpose(vt).mul(none), vt) };
}

/**
 * dy/dt of M dy/dt = f(t, y), also of what algebraic equations determine: where M is singular of index 1, their derivative is an equation for it,
 * Q (∂f/∂y dy/dt + ∂f/∂t) = 0 with the projector Q on the null space of Mᵀ. To be called while tracing, outside of the loop.
 */
export function slopeOf(
  { mass, field, linearize }: VectorSystem,
  known?: NullSpaces,
): (t: Tensor, y: Tensor) => Tensor {
  if (!mass || mass.size === 0) return field;
  const { ofLeft } = known ?? nullSpacesOf(mass);
  return (t, y) => {
    const { jacobian, inTime } = linearize(t, y);
    const f = field(t, y);
    const free = f.sub(matmul(ofLeft, inTime ? f.add(inTime) : f));
    return linalg.solve(mass.add(matmul(ofLeft, jacobian)), free);
  };
}
