import {
  type Aval,
  cast,
  isFloat,
  stopGradient,
  take,
  type Tensor,
  stack,
  trace,
  where,
  withinRule,
  zerosLike,
} from "@dzdt/tensor";
import type { StochasticAdjoint } from "../adjoints/adjoint";
import { largest, place } from "../adjoints/continuous";
import { backOver, type Interval, type Passed } from "../adjoints/intervals";
import { recordNode } from "../adjoints/node";
import { listState } from "../adjoints/settings";
import { type Flat, flat, typeOf } from "../leaves";
import { numbers } from "../problem";
import { scaledNorm } from "../tolerance";
import { refusedGradient } from "./failures";
import type { SdeFields } from "./fields";
import { integrate, type SdeOutcome, type SdeRequest, stepsWithin } from "./integrate";
import type { SdeMethod } from "./methods/method";
import { reversed } from "./motion";
import { type ClosedEquation, closedEquation, closedMotion, equationOf, pulledMethod } from "./pulled";
import type { Problem } from "./problem";
import { heunStratonovich } from "./solvers/heun-stratonovich";
import type { StochasticTableau } from "./tableau";

/** What a solve with the continuous adjoint is made of. */
export interface Backsolved {
  /** Records the equation; called while tracing. */
  readonly fields: () => SdeFields;
  /** How the forward solve steps it. */
  readonly method: (fields: SdeFields) => SdeMethod;
  /** How the adjoint equations are stepped, and with which strong order. */
  readonly backwards: StochasticTableau;
  readonly order: number;
  /** How far the state may be from where the forward solve was, in tolerances. */
  readonly drift: number;
}

/** How a continuous adjoint solves backwards. @throws TypeError where it cannot */
export function readBackwards(
  name: string,
  { drift, refused }: StochasticAdjoint,
  { solver, equation }: Problem,
): Backsolved {
  if (!equation)
    throw new TypeError(
      `sdeint: ${name} is for equations of drift and diffusion, not for langevin fields; use discretize()`,
    );
  const { calculus, noise, fields, method } = equation;
  if (calculus === "ito" && noise !== "additive")
    throw new TypeError(
      `sdeint: ${name} is for Stratonovich equations, and this is an equation in the sense of Itô; convert it with toStratonovich(sde), or use discretize()`,
    );
  if (refused.length > 0)
    throw new TypeError(
      `sdeint: ${name} was given ${refused.join(", ")}, which stochastic equations have no use for: steps backwards are chosen as forwards; give drift only`,
    );
  const backwards = solver.kind === "stochastic" ? solver : heunStratonovich;
  const { general = 1 / 2, commutative = general } = backwards.strongOrder;
  return { fields, method, backwards, drift, order: noise === "general" ? general : commutative };
}

/** Tolerances that the drift is held to where steps are not chosen by errors: those that `sdeint` takes by default. */
const usual = { rtol: 1e-3, atol: 1e-5 };

/** Inputs of the node, as lists. */
interface Inputs<T> {
  readonly ts: T;
  readonly dt: T | undefined;
  readonly y0: readonly T[];
  readonly drift: readonly T[];
  readonly diffusion: readonly T[];
  readonly motion: readonly T[];
  readonly tolerances: readonly T[];
}

/**
 * A solve whose reverse mode solves the adjoint equations backwards along the same path, from the last time to the first, together with the state, which
 * starts again from each of the forward solve's states. To be called while tracing.
 */
export function backsolved(solve: Backsolved): NonNullable<SdeRequest["solve"]> {
  return (request, y0, ts, dt) => {
    const equation = closedEquation(solve.fields(), ts);
    const { accuracy, raise } = request;
    const motion = closedMotion(request.motion, ts, !accuracy);
    const lists: readonly (readonly Tensor[])[] = [
      [ts],
      dt ? [dt] : [],
      y0,
      equation.drift.closed,
      equation.diffusion.closed,
      motion.closed,
      accuracy ? [accuracy.rtol, accuracy.atol] : [],
    ];
    const inputsOf = <T>(flat: readonly T[]): Inputs<T> => {
      let next = 0;
      const [times, step, y0, drift, diffusion, motion, tolerances] = lists.map((list) =>
        flat.slice(next, (next += list.length)),
      );
      return {
        ts: times![0]!,
        dt: step![0],
        y0: y0!,
        drift: drift!,
        diffusion: diffusion!,
        motion: motion!,
        tolerances: tolerances!,
      };
    };
    const own = (at: Inputs<Tensor>): SdeRequest => {
      const [rtol, atol] = at.tolerances;
      return {
        ...request,
        method: () => solve.method(equationOf(equation, at)),
        motion: motion.withClosed(at.motion),
        accuracy: accuracy && { ...accuracy, rtol: rtol!, atol: atol! },
        solve: undefined,
      };
    };
    const ins = lists.flat();
    let rebuild!: Flat<Omit<SdeOutcome, "ys">>["rebuild"];
    const { tape, captured } = trace(
      "solve",
      (...all) => {
        const at = inputsOf(all);
        const { ys, ...rest } = integrate(own(at), at.y0, at.ts, at.dt);
        const settled = flat(rest);
        rebuild = settled.rebuild;
        return [...ys, ...settled.leaves.map((x) => (isFloat(x.dtype) ? stopGradient(x) : x))];
      },
      ins.map(typeOf),
    );
    const size = y0.length;
    const outs = recordNode([...ins, ...captured], tape, size, {
      pullback: (all, outs, cotangents, wanted) =>
        withinRule(() => {
          const at = inputsOf(all);
          const want = inputsOf(wanted);
          const scale = largest(cotangents);
          const scaled = cotangents.map((ct) => ct.div(cast(scale, ct.dtype)));
          const { results, status, astray } = backwards(
            solve,
            equation,
            motion.noise,
            own(at),
            at,
            want,
            outs.slice(0, size),
            scaled,
          );
          const found = all.flatMap((x, j) => (wanted[j] ? [results[j] ?? zerosLike(x)] : []));
          return refusedGradient(
            found.map((x) => x.mul(cast(scale, x.dtype))),
            status,
            astray,
            raise,
          );
        }),
    });
    return { ys: outs.slice(0, size), ...rebuild(outs.slice(size)) };
  };
}

/** A component of noise may well be near 0: its error is measured by the largest one. */
const largestOf = (x: Tensor): Tensor => (x.size > 0 ? x.abs().max() : x.sum());

/** Cotangents of the inputs, in their order; how the solves ended, and whether the state went astray. */
function backwards(
  solve: Backsolved,
  equation: ClosedEquation,
  noise: Aval,
  request: SdeRequest,
  at: Inputs<Tensor>,
  wanted: Inputs<boolean>,
  ys: readonly Tensor[],
  cotangents: readonly Tensor[],
): {
  readonly results: readonly (Tensor | undefined)[];
  readonly status: Tensor;
  readonly astray: Tensor;
} {
  const { ts, dt, y0 } = at;
  const size = y0.length;
  const count = ts.shape[0]!;
  const { int, real } = numbers(ts);
  const marksOf = (xs: readonly Tensor[], want: readonly boolean[]): boolean[] =>
    xs.map((x, j) => want[j]! && isFloat(x.dtype));
  const marks = { drift: marksOf(at.drift, wanted.drift), diffusion: marksOf(at.diffusion, wanted.diffusion) };
  const moving = [at.drift.filter((_, j) => marks.drift[j]), at.diffusion.filter((_, j) => marks.diffusion[j])];
  const { accuracy, motion } = request;
  const back: Omit<SdeRequest, "motion"> = {
    ...request,
    method: () => pulledMethod(solve.backwards, equation, noise, at, marks),
    undone: false,
    accuracy: accuracy && { ...accuracy, order: solve.order, measured: 2 * size },
  };
  const first = (x: Tensor): Tensor => take(x, int(0), 0);
  const later = (x: Tensor): Tensor => x.slice([1], [count]);
  const starts = ts.slice([0], [count - 1]);
  const counts = dt ? cast(stepsWithin(later(ts).sub(starts), dt), "int32") : int(1);
  /** How many equal steps the forward solve took to the end of the interval that begins at a time. */
  const stepsUntil = (to: Tensor): Tensor | undefined =>
    accuracy ? undefined : where(starts.lessEqual(to), counts, 0).sum();
  const span = take(ts, int(count - 1), 0).sub(first(ts));
  const step = dt ?? (accuracy ? span.div(8) : undefined);
  const tolerance = (x: Tensor | undefined, otherwise: number): Tensor[] =>
    y0.map(({ dtype }) => (x ? cast(x, dtype) : cast(real(otherwise), dtype)));
  const apart = scaledNorm(
    tolerance(accuracy?.rtol, usual.rtol),
    tolerance(accuracy?.atol, usual.atol),
    "rms",
    listState(equation.fields.state.leaves),
    ts.dtype,
  );
  const init: Passed = {
    lambda: y0.map((y) => zerosLike(y)),
    rest: [int(0), real(0), ...moving.flat().map((x) => zerosLike(x))],
  };
  const outputs = { times: later(ts), ys: ys.map(later), cotangents: cotangents.map(later) };
  const found = backOver({ t0: first(ts), y0 }, outputs, init, across);
  const [status, drift, ...mu] = found.rest;
  const lambda = found.lambda.map((x, k) => x.add(first(cotangents[k]!)));
  const ofDrift = moving[0]!.length;
  return {
    status: status!,
    astray: drift!.lessEqual(solve.drift).not(),
    results: [
      ...[undefined, ...(dt ? [undefined] : [])],
      ...lambda,
      ...place(mu.slice(0, ofDrift), marks.drift),
      ...place(mu.slice(ofDrift), marks.diffusion),
    ],
  };

  function across({ lambda, rest }: Passed, { from, to, y, before }: Interval): Passed {
    const [status, drift, ...mu] = rest;
    const outcome = integrate(
      { ...back, motion: reversed(motion, stepsUntil(to)) },
      [...y, ...lambda, ...mu],
      stack([from.neg(), to.neg()]),
      step,
    );
    const end = outcome.ys.map((x) => take(x, int(1), 0));
    const sizes = before.map((x, k) => largestOf(x).maximum(largestOf(y[k]!)).broadcastTo(x.shape));
    const errors = before.map((x, k) => end[k]!.sub(x));
    const astray = apart(errors, sizes, sizes);
    // NaN counts as far away.
    const worst = where(astray.lessEqual(Infinity), drift!.maximum(astray), Infinity);
    return {
      lambda: end.slice(size, 2 * size),
      rest: [status!.maximum(outcome.status), worst, ...end.slice(2 * size)],
    };
  }
}
