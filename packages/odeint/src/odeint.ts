import type { Tensor, Tensors, Tree } from "@dzdt/tensor";
import type { Adjoint } from "./adjoints/adjoint";
import type { Controller, Tolerance } from "./controllers/controller";
import type { SolveEvent } from "./events/event";
import { driven } from "./host/driven";
import { checkWatched, givenHostOption, type HostOptions, whyUnwatched } from "./host/watch";
import type { JacobianFunction } from "./implicit/vector";
import { type Front, isTraced, prepare } from "./prepare";
import type { Times } from "./saveAt";
import type { Saves } from "./saves/save";
import { solve } from "./solve";
import type { Solution } from "./solution";
import type { Solver } from "./solver";
import type { StateField, StateLike } from "./vectorField";

/** Options of {@link odeint}. */
export interface OdeintOptions<A = undefined, Y = never> extends HostOptions<Y> {
  /** Passed on to the field: a tree, or anything else. */
  readonly args?: A;
  /** @defaultValue tsit5 */
  readonly solver?: Solver;
  /** @defaultValue `pid()` if the solver estimates its error, with `safety: 0.85` if it is implicit, and for Rosenbrock methods `gustafsson({ safety: 0.85 })`; else `constant({ dt: dt0 })` */
  readonly controller?: Controller;
  /** Relative tolerance, one or one for each leaf. @defaultValue 1e-6 (float64), 1e-4 (float32) */
  readonly rtol?: Tolerance;
  /** Absolute tolerance, one or one for each leaf. @defaultValue 1e-8 (float64), 1e-6 (float32) */
  readonly atol?: Tolerance;
  /** Length of the first step, positive; the direction is that of ts. @defaultValue found by trial, with one more evaluation */
  readonly dt0?: number | Tensor;
  /** The most attempts at steps, at most 2^30. @defaultValue 1,000,000; 16,384 on webgpu */
  readonly maxSteps?: number;
  /** How gradients are computed. @defaultValue discretize() */
  readonly adjoint?: Adjoint;
  /**
   * `shared`: y0 is one state, with one step size. `independent`: axis 0 of every leaf counts trajectories; the field sees one of them, and each
   * has steps of its own, just as if solved alone. @defaultValue "shared"
   */
  readonly batch?: "shared" | "independent";
  /**
   * (t, y, args) → ∂f/∂y for implicit solvers: of a tensor `[…y, …y]`; of a tree, at each leaf of dy a tree like y of such.
   * @defaultValue by differentiation of the field
   */
  readonly jacobian?: JacobianFunction<never, A>;
  /**
   * M of M dy/dt = field, constant, for implicit solvers: shaped like the Jacobian. Singular for algebraic equations, of index 1: where y0 does not meet
   * them, the solve begins with the state that does and has the same M y, and so it goes on after resets and `jumpTs`. @defaultValue the identity
   */
  readonly mass?: Tree;
  /** Throw a `SolveError` when a solve fails: at once, or when the program returns that it is part of; on webgpu `data()` rejects with it. @defaultValue true */
  readonly throw?: boolean;
  /** What may happen on the way: made by `event` and `peak`. */
  readonly events?: readonly SolveEvent[];
  /** The most times that each event may fire; one more fails with `maxEventsReached`. @defaultValue 16, or as many as an event has preset times */
  readonly maxEvents?: number;
  /**
   * What is saved beside the states at ts, by names of its own, made by `save`: states, or what a function makes of them, after every n-th step or at other
   * times. They do not change the steps that are taken. @defaultValue nothing
   */
  readonly saves?: Saves<Y, A>;
  /** May `at` be asked? It solves again, and keeps nothing. @defaultValue true */
  readonly dense?: boolean;
}

/**
 * Solves dy/dt = field(t, y, args) from y(ts[0]) = y0 and gives the states at ts. One node of the program, whatever the number of steps;
 * differentiable with respect to y0, args, what the field closes over, and ts.
 * @param field traced once: no host `if` on tensors, logging or `Math.random` inside
 * @param y0 a tree of floats, which keep their dtypes; the field receives t in the widest of them
 * @param ts strictly increasing or strictly decreasing; ts[0] is the initial time. They do not change the steps that are taken, but for the last.
 * Times that are known only when a program runs may be equal; where they turn back the program throws a RangeError (`throw: false`: `nonFinite`, and NaN)
 * @throws SolveError when a solve fails and its numbers are known at once
 * @example odeint((t, y) => y.neg(), tensor([1, 2]), [0, 0.5, 1]).ys // [3, 2]
 */
export function odeint<Y extends StateLike<Y>, A = undefined, S extends Saves<Tensors<Y>, A> = Record<never, never>>(
  field: StateField<Tensors<Y>, A>,
  y0: Y,
  ts: Times,
  options: OdeintOptions<A, Tensors<Y>> & { readonly saves?: S } = {},
): Solution<Tensors<Y>, S> {
  return solvedAs<Y, A, S>({ where: "odeint" }, field, y0, ts, options);
}

/** Likewise, for another function. */
export function solvedAs<Y extends StateLike<Y>, A, S extends Saves<Tensors<Y>, A>>(
  front: Front,
  field: StateField<Tensors<Y>, A>,
  y0: Y,
  ts: Times,
  options: OdeintOptions<A, Tensors<Y>> & { readonly saves?: S },
): Solution<Tensors<Y>, S> {
  const { request, leaves, times, fine, still, concluded } = prepare<Y, A, S>(field, y0, ts, options, front);
  const watched = givenHostOption(front.where, options);
  if (watched) checkWatched(front.where, watched, whyUnwatched(request, isTraced(leaves, times)));
  if (still) return still;
  if (!watched) return concluded(solve(request, leaves, fine));
  const { outcome, ended } = driven(request, leaves, times, options);
  return concluded(outcome, ended);
}
