import { type Aval, cast, cond, type Tensor, trace, zerosLike } from "@dzdt/tensor";
import { exactly } from "../fine-time";
import { typeOf } from "../leaves";
import { numbers, type Problem } from "../problem";
import type { Method } from "../step";
import { scaledNorm } from "../tolerance";
import { backwards } from "./backwards";
import type { CustomAdjoint } from "./adjoint";
import { alongSteps, type Attempted, attemptedFrom } from "./along-steps";
import { nextStep } from "./backsolve";
import { back, beginning, type Backward, continuous, type Found } from "./continuous";
import { after, type Interval, measured, type Passed } from "./intervals";
import { fieldOf, pullbackOf } from "./pullback";
import { gaussLegendre } from "./quadrature";
import { checkContinuous, type ContinuousOptions, methodFor, settingsOf, steppingFor } from "./settings";
import { standingIfEmpty } from "./standing";

/**
 * Gradients by the adjoint equation dλ/dt = −(∂f/∂y)ᵀλ, solved from the last time to the first with its own error control, along the dense output of
 * the forward solution. The state is never solved backwards, so stiff and dissipative problems are as well posed as forwards. Integrals over
 * parameters are Gauss–Legendre sums over the steps of λ and cost no error control, no memory and no unknowns: for stiff problems the matrices are
 * those of the state alone.
 *
 * Between two outputs the forward solve is taken again from the first of them, keeping the state that each step began with; each step is taken once
 * more when λ gets there, for its dense output. Memory is the outputs and the steps between two of them: so more times in `ts` are less memory.
 * λ is no more accurate than the dense output, which at tight tolerances falls behind the steps of solvers of high order: then tighten rtol and atol.
 *
 * Tolerances hold for λ as for a loss whose largest derivative is 1. Steps of a given length stay so backwards, unless tolerances are given.
 * Derivatives of gradients are those of the steps of these solves; forward mode is that of the forward solve's steps.
 * @param options.solver of both solves, the forward one again and that of λ
 * @throws AdjointError when the program returns, if one of the solves fails (with `throw: false` gradients are NaN)
 * Reference: Rackauckas et al. 2020, doi:10.48550/arXiv.2001.04385; Gauss sums: Norcliffe and Deisenroth 2023, doi:10.48550/arXiv.2308.10644.
 * @example grad((k: Tensor) => odeint(stiff, y0, [0, 40], { args: k, solver: rodas5p, adjoint: interpolating() }).ys.sum())(k)
 */
export function interpolating(options: ContinuousOptions = {}): CustomAdjoint {
  checkContinuous("interpolating", options, []);
  return Object.freeze<CustomAdjoint>({
    kind: "custom",
    name: "interpolating",
    solve: (parts, problem) =>
      continuous(parts, problem, settingsOf("interpolating", options, parts, problem.maxSteps), (given) =>
        alongForward(given, problem),
      ),
  });
}

/** What one interval, or one step of the forward solve, passes on to the one before. */
interface Carried {
  readonly status: Tensor;
  /** Lengths of the first steps to come, of the forward solve and of λ. */
  readonly dt0: Tensor;
  readonly lambdaStep: Tensor;
  readonly lambda: readonly Tensor[];
  readonly mu: readonly Tensor[];
}

function alongForward(given: Backward, problem: Problem): Found {
  const { field, closed, marks, settings, state, rtol, atol, dt, t0, mass } = given;
  const size = state.leaves.length;
  const moving = closed.filter((_, j) => marks[j]);
  const norm = scaledNorm(rtol, atol, "rms", state, t0.dtype);
  const slope = fieldOf(field, closed);
  const forwardFrom = (origin: Tensor | undefined): Method =>
    methodFor(settings, (t, y) => slope(after(origin, t), y), state, rtol, atol, mass?.matrix);
  const ofState = pullbackOf(field, closed, { slopes: false, state: true, marks: marks.map(() => false) });
  const ofClosed = moving.length > 0 ? pullbackOf(field, closed, { slopes: false, state: false, marks }) : undefined;
  const { nodes, weights } = gaussLegendre(Math.ceil((settings.solver.order + 1) / 2));
  const { maxSteps } = problem;
  const { int, real } = numbers(t0);
  const leavesOf = ({ lambda, status, dt0, lambdaStep, mu }: Carried): Tensor[] => [
    ...lambda,
    status,
    dt0,
    lambdaStep,
    ...mu,
  ];
  const rebuild = (leaves: readonly Tensor[]): Carried => {
    const [status, dt0, lambdaStep, ...mu] = leaves.slice(size);
    return { lambda: leaves.slice(0, size), status: status!, dt0: dt0!, lambdaStep: lambdaStep!, mu };
  };

  const start = settings.controller ? given.lastStep : real(0);
  const init = [int(0), start, start, ...moving.map((x) => zerosLike(x))];
  const { lambda, rest, ofEvents } = back(given, init, across);
  return { ...rebuild([...lambda, ...rest]), ofEvents };

  /** From one output or event to the one before it. */
  function across({ lambda, rest }: Passed, interval: Interval): Passed {
    const passed = rebuild([...lambda, ...rest]);
    const { before } = interval;
    const { from, to, origin } = measured(interval);
    const forward = forwardFrom(origin);
    const again = alongSteps(
      {
        method: forward,
        stepping: steppingFor(settings, norm, { from: exactly(to), to: exactly(from), dt, dt0: passed.dt0 }),
        t0: to,
        y0: before,
        stops: from.reshape([1]),
        maxSteps,
      },
      true,
    );
    const begun = beginning(given, interval.from, interval.y, { lambda, rest: passed.mu });
    const started: Carried = {
      ...passed,
      lambda: begun.lambda,
      mu: begun.rest,
      status: passed.status.maximum(again.status),
      dt0: settings.controller ? nextStep(passed.dt0, again.h, from.sub(to)) : passed.dt0,
    };
    const carries = leavesOf(started);
    const body = trace(
      "adjoint",
      (_i, ...ins) => {
        const step = attemptedFrom(ins.slice(carries.length), forward, size);
        const all = ins.slice(0, carries.length);
        return cond(
          step.accepted,
          () => leavesOf(behind(rebuild(all), step.again(), forward, origin)),
          () => all,
        );
      },
      [{ dtype: "int32", shape: [] }, ...carries.map(typeOf), ...again.attempts.map(rowOf)],
    );
    const found = backwards({ count: again.count, most: maxSteps, body, carries: carries, arrays: again.attempts });
    const end = found.slice(0, size);
    const ended: Passed = { lambda: mass ? mass.end(end) : end, rest: found.slice(size) };
    // Between outputs at one time there were no steps, by which derivatives of λ would see the times.
    return problem.timesMove && !given.events ? standingIfEmpty(given, ended, interval) : ended;
  }

  /** From the end of a step of the forward solve to its start. */
  function behind(passed: Carried, step: Attempted, forward: Method, origin: Tensor | undefined): Carried {
    const stateAt = (t: Tensor): Tensor[] => forward.interpolate({ ...step, s: t.sub(step.t).div(step.h) });
    const method = methodFor(
      settings,
      (t, lambda) => ofState(after(origin, t), stateAt(t), lambda),
      state,
      rtol,
      atol,
      mass?.transposed,
    );
    const { lambda, lambdaStep } = passed;
    const solved = alongSteps(
      {
        method,
        stepping: steppingFor(settings, norm, { from: exactly(step.t), to: exactly(step.start), dt, dt0: lambdaStep }),
        t0: step.t,
        y0: lambda,
        stops: step.start.reshape([1]),
        maxSteps,
      },
      false,
      passed.mu,
      (taken, mu) =>
        ofClosed
          ? cond(
              taken.accepted,
              () => integral(method, taken, (t, at) => ofClosed(after(origin, t), stateAt(t), at), mu),
              () => [...mu],
            )
          : mu,
    );
    return {
      status: passed.status.maximum(solved.status),
      dt0: passed.dt0,
      lambdaStep: settings.controller ? nextStep(lambdaStep, solved.h, step.h) : lambdaStep,
      lambda: solved.y,
      mu: solved.sums,
    };
  }

  /** Adds the integral over a step. */
  function integral(
    method: Method,
    taken: Attempted,
    slope: (t: Tensor, lambda: readonly Tensor[]) => Tensor[],
    mu: readonly Tensor[],
  ): Tensor[] {
    return nodes.reduce<Tensor[]>(
      (sums, node, j) => {
        const s = real(node - 1).add(taken.h.mul(0));
        const weight = taken.h.mul(weights[j]!);
        const slopes = slope(taken.t.add(taken.h.mul(node - 1)), method.interpolate({ ...taken, s }));
        return sums.map((x, k) => x.add(slopes[k]!.mul(cast(weight, x.dtype))));
      },
      [...mu],
    );
  }
}

const rowOf = ({ dtype, shape }: Aval): Aval => ({ dtype, shape: shape.slice(1) });
