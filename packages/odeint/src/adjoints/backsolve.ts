import { cast, type Tensor, where, zerosLike } from "@dzdt/tensor";
import { exactly } from "../fine-time";
import { integrate } from "../integrate";
import { numbers, type Problem } from "../problem";
import { isRestless, resting } from "../resting";
import { scaledNorm } from "../tolerance";
import { realOf } from "../vectorField";
import type { CustomAdjoint } from "./adjoint";
import { back, beginning, type Backward, continuous, type Found } from "./continuous";
import { after, type Interval, measured, type Passed } from "./intervals";
import { pullbackOf } from "./pullback";
import { checkContinuous, type ContinuousOptions, listState, methodFor, settingsOf, steppingFor } from "./settings";

/** Options of {@link backsolve}. */
export interface BacksolveOptions extends ContinuousOptions {
  /** Step sizes do not look at the errors of the integrals over parameters, on which nothing else depends. @defaultValue true */
  readonly seminorm?: boolean;
  /**
   * How far the state, solved backwards, may be from where the forward solve was: times atol + rtol·|y|, root of the mean square over components.
   * @defaultValue 100
   */
  readonly drift?: number;
}

/**
 * Gradients by the adjoint equations dλ/dt = −(∂f/∂y)ᵀλ, dμ/dt = −(∂f/∂p)ᵀλ, solved from the last time to the first together with the state,
 * which starts again from each of the forward solve's outputs, where λ jumps by the output's cotangent. Memory: the outputs, whatever the number
 * of steps. Accuracy: that of the tolerances, not of rounding.
 *
 * A state that decays forwards grows backwards, with all its errors. So at each output and at t0 the state is compared with the forward solve's, and
 * a gradient that went astray is refused: an `AdjointError` names what to use. Tolerances hold for λ as for a loss whose largest derivative is 1.
 *
 * Derivatives of gradients are those of the steps of the backward solve; forward mode is that of the forward solve's steps. Steps of a given length
 * stay so backwards, unless tolerances are given; the drift is then held to 100 (1e-6 + 1e-4 |y|).
 *
 * `sdeint` takes it for Stratonovich equations, and knows `drift` only: λ and μ have the noise that drift and diffusion give them, and the path is
 * the same one. Gradients are then as accurate as the paths are, and agree with those of `discretize()` as steps become short.
 * @param options.solver of the backward solve. Implicit ones solve with matrices of 2n + p columns: for n states and many parameters p prefer
 * `interpolating`. So it is for gradients with respect to a mass matrix, whose entries are n² of them
 * @throws AdjointError when the program returns (with `throw: false` gradients are NaN)
 * Reference: Chen et al. 2018, doi:10.48550/arXiv.1806.07366; stochastic: Li et al. 2020, arXiv:2001.01328; seminorms: Kidger, Chen and Lyons 2021, doi:10.48550/arXiv.2009.09457.
 * @example grad((p: Tensor) => odeint(field, y0, [0, 1], { args: p, adjoint: backsolve() }).ys.sum())(p)
 */
export function backsolve(options: BacksolveOptions = {}): CustomAdjoint {
  checkContinuous("backsolve", options, ["seminorm", "drift"]);
  const { seminorm = true, drift = 100 } = options;
  if (typeof seminorm !== "boolean")
    throw new TypeError(`backsolve: seminorm is ${String(seminorm)}; give true or false`);
  if (!(drift > 0)) throw new RangeError(`backsolve: drift is ${drift}; give a positive number`);
  return Object.freeze<CustomAdjoint>({
    kind: "custom",
    name: "backsolve",
    stochastic: {
      drift,
      refused: (["solver", "rtol", "atol", "seminorm"] as const).filter((key) => options[key] !== undefined),
    },
    solve: (parts, problem) =>
      continuous(parts, problem, settingsOf("backsolve", options, parts, problem.maxSteps), (given) =>
        together(given, problem, seminorm, drift),
      ),
  });
}

/** Solves for the state, λ and μ together. */
function together(given: Backward, problem: Problem, seminorm: boolean, allowed: number): Found {
  const { field, closed, marks, settings, state, rtol, atol, dt, t0, mass } = given;
  const size = state.leaves.length;
  const moving = closed.filter((_, j) => marks[j]);
  const slopes = pullbackOf(field, closed, { slopes: true, state: true, marks });
  const whole = listState([...state.leaves, ...state.leaves, ...moving]);
  const least = (list: readonly Tensor[]): Tensor =>
    list.map((x) => x.min()).reduce((a, b) => a.minimum(cast(b, a.dtype)));
  const tolerances = (of: readonly Tensor[]): Tensor[] => [
    ...of,
    ...of,
    ...moving.map((x) => cast(least(of), x.dtype)),
  ];
  const [rtols, atols] = [tolerances(rtol), tolerances(atol)];
  const seen = seminorm ? 2 * size : whole.leaves.length;
  const leaves = scaledNorm(
    rtols.slice(0, seen),
    atols.slice(0, seen),
    "rms",
    listState(whole.leaves.slice(0, seen)),
    t0.dtype,
  );
  const norm: typeof leaves = (...all) => leaves(all[0].slice(0, seen), all[1].slice(0, seen), all[2].slice(0, seen));
  const apart = scaledNorm(rtol, atol, "rms", state, t0.dtype);
  const { int, real } = numbers(t0);

  const init = [int(0), real(0), settings.controller ? given.lastStep : real(0), ...moving.map((x) => zerosLike(x))];
  const { lambda, rest, ofEvents } = back(given, init, across);
  const [status, drift, , ...mu] = rest;
  return { lambda, mu, ofEvents, status: status!, drift: drift!.lessEqual(allowed).not() };

  function across({ lambda, rest }: Passed, interval: Interval): Passed {
    const { y, before } = interval;
    const { from, to, origin } = measured(interval);
    const [status, drift, dt0, ...sums] = rest;
    const begun = beginning(given, interval.from, y, { lambda, rest: sums });
    const steps = methodFor(
      settings,
      (t, all) => slopes(after(origin, t), all.slice(0, size), all.slice(size, 2 * size)),
      whole,
      rtols,
      atols,
      mass?.joined(moving, realOf(whole)),
    );
    const outcome = integrate({
      // Outputs may be at the same time.
      method: isRestless(settings.solver) ? resting(steps, false) : steps,
      stepping: steppingFor(settings, norm, { from: exactly(from), to: exactly(to), dt, dt0: dt0! }),
      t0: from,
      y0: [...y, ...begun.lambda, ...begun.rest],
      stops: to.reshape([1]),
      outputs: undefined,
      timesMove: true,
      maxSteps: problem.maxSteps,
      watched: false,
      checkpoints: "all",
    });
    const end = outcome.ys.map((x) => x.reshape(x.shape.slice(1)));
    const astray = apart(
      end.slice(0, size).map((x, k) => x.sub(before[k]!)),
      before,
      before,
    );
    return {
      lambda: mass ? mass.end(end.slice(size, 2 * size)) : end.slice(size, 2 * size),
      rest: [
        status!.maximum(outcome.status),
        drift!.maximum(astray),
        settings.controller ? nextStep(dt0!, outcome.h, from.sub(to)) : dt0!,
        ...end.slice(2 * size),
      ],
    };
  }
}

/** How long the first step of the next interval is to be; an interval shorter than a step tells nothing. */
export function nextStep(before: Tensor, h: Tensor, span: Tensor): Tensor {
  const next = h.abs();
  return where(before.greater(span.abs()), before.maximum(next), next).stopGradient();
}
