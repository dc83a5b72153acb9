import { cast, stopGradient, type Tensor, where } from "@dzdt/tensor";
import type { ExplicitSolver } from "../tableau";

/**
 * The end of an explicit method's interval of stability on the negative real axis: the least x at which |R(−x)| > 1, to 1 %.
 * @example stabilityLimit(tsit5) // about 3.5
 */
export function stabilityLimit({ a, b }: Pick<ExplicitSolver, "a" | "b">): number {
  const growth = (z: number): number => {
    const stages: number[] = [];
    for (const row of a) stages.push(1 + z * row.reduce((sum, weight, j) => sum + weight * stages[j]!, 0));
    return 1 + z * b.reduce((sum, weight, j) => sum + weight * stages[j]!, 0);
  };
  let x = 0.01;
  while (x < 100 && Math.abs(growth(-x)) <= 1 + 1e-9) x += 0.01;
  return x;
}

/** A vector of leaves, measured in units of `scale`. */
interface Measured {
  readonly size: Tensor;
  /** The vector in these units, of size 1; where it is 0, or not finite, `otherwise`. */
  readonly direction: readonly Tensor[];
}

/** The root of the mean square of a vector's components, in units of `scale`, and its direction. */
function measured(
  x: readonly Tensor[],
  scale: readonly Tensor[],
  otherwise: readonly Tensor[],
  like: Tensor,
): Measured {
  const scaled = x.map((leaf, k) => leaf.div(scale[k]!));
  const size = scaled
    .map((leaf) => cast(leaf.mul(leaf).sum(), like.dtype))
    .reduce((sum, each) => sum.add(each))
    .mul(
      1 /
        Math.max(
          1,
          x.reduce((count, leaf) => count + leaf.size, 0),
        ),
    )
    .sqrt();
  const good = size.greater(1e-100).and(size.less(1e100));
  return { size, direction: scaled.map((leaf, k) => where(good, leaf.div(cast(size, leaf.dtype)), otherwise[k]!)) };
}

/** A state, and the field there. */
export interface Sample {
  readonly y: readonly Tensor[];
  readonly slope: readonly Tensor[];
}

/**
 * One step of the power method for the largest eigenvalue of ∂f/∂y, by a difference of the field at two states.
 * @returns its estimated size, 0 where the states are the same, and the next direction, in units of `scale`
 */
export function steepness(
  [one, other]: readonly [Sample, Sample],
  scale: readonly Tensor[],
  before: readonly Tensor[],
  like: Tensor,
): { readonly rate: Tensor; readonly direction: Tensor[] } {
  const apart = (which: keyof Sample): Tensor[] =>
    one[which].map((x, k) => stopGradient(x).sub(stopGradient(other[which][k]!)));
  const distance = measured(apart("y"), scale, before, like);
  const change = measured(apart("slope"), scale, before, like);
  return {
    rate: where(distance.size.greater(1e-100), change.size.div(distance.size.maximum(1e-100)), 0),
    direction: [...change.direction],
  };
}
