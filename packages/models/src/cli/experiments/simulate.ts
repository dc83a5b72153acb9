import { dopri5, odeint } from "@dzdt/odeint";
import { add, div, mul, norm, random, reshape, slice, type Tensor } from "@dzdt/tensor";
import type { Samples } from "./learn";
import type { System } from "./system";

/** How to simulate; the defaults are the published recipe. */
export interface SimulateOptions {
  readonly key: Tensor;
  /** @defaultValue 50 */
  readonly trajectories?: number;
  /** Standard deviation of the noise on q and p. @defaultValue 0.1 */
  readonly noise?: number;
}

/**
 * Noisy observations of a system, float32 `[rows, 2]`: trajectories from random starts, the first half to train on and the second to test.
 * Derivatives belong to the clean state, and the noise is added to q and p after: a loss far below 0.035 means a leak.
 * Reference: Greydanus et al. 2019, arXiv:1906.01563, and their code.
 */
export function simulate(
  system: System,
  options: SimulateOptions,
): { readonly train: Samples; readonly test: Samples } {
  const { key, trajectories = 50, noise = 0.1 } = options;
  const clean = flow(system, starts(system, random.foldIn(key, 0), trajectories), system.times());
  const noisy = add(clean, mul(random.normal(random.foldIn(key, 1), clean.shape, { dtype: "float64" }), noise));
  const derivatives = system.field(clean);
  const half = Math.floor(trajectories / 2);
  const part = (x: Tensor, from: number, to: number): Tensor => {
    const [times = 0, , dim = 0] = x.shape;
    return reshape(slice(x, [0, from, 0], [times, to, dim]), [times * (to - from), dim]).cast("float32");
  };
  const samples = (from: number, to: number): Samples => ({
    y: part(noisy, from, to),
    dy: part(derivatives, from, to),
  });
  return { train: samples(0, half), test: samples(half, trajectories) };
}

/** `n` clean starts, float64 `[n, 2]`: a random direction of the square [−1, 1]², at a random radius of the system's range. */
export function starts(system: System, key: Tensor, n: number): Tensor {
  const [min, max] = system.radius;
  const direction = random.uniform(random.foldIn(key, 0), [n, 2], { dtype: "float64", min: -1, max: 1 });
  const radius = random.uniform(random.foldIn(key, 1), [n, 1], { dtype: "float64", min, max });
  return mul(div(direction, norm(direction, -1, { keepDims: true })), radius);
}

/** The true states from each start, float64 `[times, starts, 2]`. */
export function flow(system: System, from: Tensor, times: Tensor): Tensor {
  const { ys } = odeint((_t: Tensor, y: Tensor) => system.field(y), from, times, {
    solver: dopri5,
    rtol: 1e-10,
    atol: 1e-12,
    batch: "independent",
  });
  return ys;
}
