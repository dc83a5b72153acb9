import { type Tensor, type Tensors, type Tree } from "@dzdt/tensor";
import type { Times } from "../saveAt";
import type { VectorField } from "../vectorField";
import type { Calculus, Noise, Sde } from "./sde";
import { type SdeintOptions, type SdeSolution, solveWithDivergence } from "./sdeint";

/** Options of {@link logqp}: those of `sdeint`, and: */
export interface LogqpOptions<
  A = undefined,
  C extends Calculus = Calculus,
  N extends Noise = Noise,
> extends SdeintOptions<A, C, N> {
  /** How many leading axes of every leaf of y count trajectories, each with a divergence of its own. @defaultValue 0 */
  readonly batchAxes?: number;
}

/** A stochastic solve with the divergence along its path. */
export interface LogqpSolution<Y> extends SdeSolution<Y> {
  /** ½ ∫ |u|² dt over each interval between times, in nats: `[T − 1, …batch]`. */
  readonly kl: Tensor;
}

/**
 * Solves an equation, as `sdeint` does and with the same numbers, together with log q/p of the path measures of two drifts: with diffusion · u =
 * drift − prior, its mean is that of ½ ∫ |u|² dt, the Kullback–Leibler divergence of the posterior (the equation) from the prior (the same equation
 * with the drift `prior`). Of a diffusion matrix u is the shortest solution; where there are fewer noises than components it is the nearest one, and the
 * divergence is true only if the drifts differ where noise goes. A diffusion of 0 makes it infinite, and the solve fail.
 * @param prior (t, y, args) → a tree like y
 * @throws as `sdeint`
 * Reference: Li, Wong, Chen and Duvenaud 2020, "Scalable gradients for stochastic differential equations", section 5, arXiv:2001.01328.
 * @example logqp(posterior, (t, y) => y.neg(), y0, ts, { key, dt: 0.01 }).kl.sum() // one sample of the divergence
 */
export function logqp<Y extends Tree, A = undefined, C extends Calculus = "ito", N extends Noise = "diagonal">(
  sde: Sde<Tensors<Y>, A, C, N>,
  prior: VectorField<Tensors<Y>, A>,
  y0: Y,
  ts: Times,
  options: LogqpOptions<A, NoInfer<C>, NoInfer<N>>,
): LogqpSolution<Tensors<Y>> {
  if (typeof prior !== "function")
    throw new TypeError(`logqp: the prior is ${String(prior)}; give its drift, a function (t, y, args) => dy`);
  const { batchAxes = 0, ...rest } = options;
  return solveWithDivergence(sde, prior as never, batchAxes, y0, ts, rest) as LogqpSolution<Tensors<Y>>;
}
