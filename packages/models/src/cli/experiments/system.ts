import { concat, linspace, mul, neg, sin, take, type Tensor } from "@dzdt/tensor";

/** A system of one coordinate and one momentum with a known energy; states are `[..., 2]`, (q, p). */
export interface System {
  readonly name: string;
  /** H(q, p), as written in `formula`. */
  readonly energy: Energy;
  readonly formula: string;
  /** (dq/dt, dp/dt) = (∂H/∂p, −∂H/∂q) of states `[..., 2]`. */
  readonly field: (y: Tensor) => Tensor;
  /** Starts lie this far from the origin. */
  readonly radius: readonly [min: number, max: number];
  /** When each trajectory is observed, float64. */
  readonly times: () => Tensor;
}

/** The energy of a state. */
export type Energy = (q: number, p: number) => number;

/** The pendulum of Greydanus et al. 2019 (arXiv:1906.01563), as in their code: the paper's ½ factors are left out there. */
export const pendulum: System = {
  name: "pendulum",
  energy: (q, p) => 3 * (1 - Math.cos(q)) + p * p,
  formula: "3(1 − cos q) + p²",
  field: planar(
    (p) => mul(p, 2),
    (q) => mul(sin(q), -3),
  ),
  radius: [1.3, 2.3],
  times: () => linspace(0, 3, 45, { dtype: "float64" }),
};

/** The spring of the same paper and code. */
export const spring: System = {
  name: "spring",
  energy: (q, p) => q * q + p * p,
  formula: "q² + p²",
  field: planar(
    (p) => mul(p, 2),
    (q) => neg(mul(q, 2)),
  ),
  radius: [0.1, 1],
  times: () => linspace(0, 3, 30, { dtype: "float64" }),
};

/** The energy 2.4(1 − cos θ) + ω² that Greydanus et al. use for the measured pendulum of Schmidt and Lipson 2009. */
export const measuredEnergy: Energy = (angle, velocity) => 2.4 * (1 - Math.cos(angle)) + velocity * velocity;

function planar(velocity: (p: Tensor) => Tensor, force: (q: Tensor) => Tensor): System["field"] {
  return (y) => concat([velocity(take(y, [1], -1)), force(take(y, [0], -1))], -1);
}

/**
 * The error in energy that the demonstrations report: the mean of (H(path) − H(reference))² over all states.
 * @param path pairs (q, p), row by row; @param reference as many
 */
export function energyMse(energy: Energy, path: ArrayLike<number>, reference: ArrayLike<number>): number {
  const along = energies(energy, path);
  const expected = energies(energy, reference);
  return along.reduce((sum, value, k) => sum + (value - (expected[k] ?? NaN)) ** 2, 0) / along.length;
}

/** The energy of each pair (q, p) of a path. */
export function energies(energy: Energy, path: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: path.length / 2 }, (_, k) => energy(path[2 * k] ?? NaN, path[2 * k + 1] ?? NaN));
}
