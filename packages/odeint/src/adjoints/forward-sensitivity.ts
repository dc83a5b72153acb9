import { argsort, cast, maximum, scan, stopGradient, take, type Tensor, where, zerosLike } from "@dzdt/tensor";
import { identityLike } from "../implicit/vector";
import { numbers, type Problem } from "../problem";
import { beside } from "../rows";
import type { AdjointParts, CustomAdjoint } from "./adjoint";
import { type Backward, continuous, type Found, type Tangents } from "./continuous";
import { refused } from "./failures";
import { fieldOf } from "./pullback";
import { checkContinuous, type ContinuousOptions, settingsOf } from "./settings";
import { alongKnots, alongOutputs, type Seeds } from "./variations";

/**
 * Gradients by forward mode: the sensitivities S = ∂y/∂(y0, p) are solved together with the state, dS/dt = (∂f/∂y) S + ∂f/∂p, forwards only, and the
 * error of each of them chooses the steps like that of the state. Reverse mode multiplies cotangents by them. With n states and p parameters the
 * system has n(1 + n + p) unknowns, for implicit solvers in one matrix: for small systems, stiff or long, with few parameters. Nothing is kept but
 * the sensitivities at the outputs.
 *
 * At an event sensitivities jump by the derivative of what the event makes of the state, and the solve begins anew; so it does from one output to the
 * next where there are events. With a mass matrix M dS/dt = (∂f/∂y) S + ∂f/∂p, where M is singular from the nearest S that algebraic equations allow.
 *
 * A parameter's sensitivity is held to the tolerances in proportion to the parameter. Forward mode (`jvp`, `jacfwd`) solves for the one direction it
 * is given. Derivatives of gradients are those of the steps of this solve. Steps of a given length stay so, unless tolerances are given.
 * @throws AdjointError when the program returns, if the solve fails (with `throw: false` gradients are NaN)
 * Reference: Hindmarsh et al. 2005, doi:10.1145/1089014.1089020, section 2.5.
 * @example jacobian((k: Tensor) => odeint(robertson, y0, [0, 40], { args: k, solver: radau5, adjoint: forwardSensitivity() }).ys)(k)
 */
export function forwardSensitivity(options: ContinuousOptions = {}): CustomAdjoint {
  const where = "forwardSensitivity";
  checkContinuous(where, options, []);
  return Object.freeze<CustomAdjoint>({
    kind: "custom",
    name: where,
    solve: (parts, problem) =>
      continuous(
        parts,
        problem,
        settingsOf(where, options, parts, problem.maxSteps),
        (given) => gradients(given, problem),
        (given, tangents) => along(given, problem, tangents, parts),
      ),
  });
}

/** Reverse mode: a direction for each component of all that is wanted. */
function gradients(given: Backward, problem: Problem): Found {
  const { closed, marks, ofStart, y0, events } = given;
  const own = closed.filter((_, j) => marks[j]);
  const moving = [...own, ...(events?.passages.moving ?? [])];
  const sizes = [...y0.map((y) => (ofStart ? y.size : 0)), ...moving.map((p) => p.size)];
  const count = sizes.reduce((a, b) => a + b, 0);
  if (count === 0) return { lambda: y0.map((y) => zerosLike(y)), mu: [], status: numbers(given.t0).int(0) };
  const scales = moving.map(scaleOf);
  let from = 0;
  const block = (x: Tensor, k: number): Tensor => {
    const [start, end] = [from, (from += sizes[k]!)];
    if (start === end) return zerosLike(x).broadcastTo([count, ...x.shape]);
    return identityLike(x, count)
      .slice([0, start], [count, end])
      .reshape([count, ...x.shape]);
  };
  const starts = y0.map((y, k) => block(y, k));
  const directions = moving.map((p, j) => block(p, y0.length + j).mul(scales[j]!));
  const { slopes, status } = changes(given, problem, {
    count,
    y0: starts,
    closed: directions.slice(0, own.length),
    ofEvents: directions.slice(own.length),
  });
  let next = 0;
  const part = (x: Tensor, k: number): Tensor => {
    const [start, end] = [next, (next += sizes[k]!)];
    const total = slopes.map((g) => cast(g.slice([start], [end]), x.dtype)).reduce((a, b) => a.add(b));
    return sizes[k] === x.size ? total.reshape(x.shape) : zerosLike(x);
  };
  const lambda = y0.map(part);
  const mu = moving.map((p, j) => part(p, y0.length + j).div(scales[j]!));
  return { lambda, mu: mu.slice(0, own.length), ofEvents: mu.slice(own.length), status };
}

/** How the loss changes along directions: what states and times add to it, each `[count]`. */
function changes(
  given: Backward,
  problem: Problem,
  seeds: Seeds,
): { readonly slopes: readonly Tensor[]; readonly status: Tensor } {
  const { events } = given;
  if (!events) {
    const { ys, status } = alongOutputs(given, problem, seeds);
    return { slopes: ys.map((s, k) => power(s, given.rows.cotangents[k]!)), status };
  }
  const { knots, passages } = events;
  const { ys, times, end, status } = alongKnots(given, knots, passages, problem, seeds);
  const ofEnd = (s: Tensor, ct: Tensor): Tensor => power(s.reshape([1, ...s.shape]), ct.reshape([1, ...ct.shape]));
  return {
    slopes: [
      ...ys.map((s, k) => power(s, knots.rows.cotangents[k]!)),
      ...end.y.map((s, k) => ofEnd(s, knots.end.y[k]!)),
      power(times, knots.ofTimes),
      ofEnd(end.t, knots.end.t),
    ],
    status,
  };
}

/** Sums of directions `[rows, count, …]` times cotangents `[rows, …]`: `[count]`. */
function power(s: Tensor, cotangents: Tensor): Tensor {
  const [rows, ...shape] = cotangents.shape;
  const product = s.mul(cotangents.reshape([rows!, 1, ...shape]));
  return product.sum(product.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis])));
}

/** Forward mode: the direction that is given. */
function along(given: Backward, problem: Problem, tangents: Tangents, { raise }: AdjointParts): readonly Tensor[] {
  const { closed, marks, y0, t0, field, events, mass } = given;
  const slope = mass?.slope ?? fieldOf(field, closed);
  const moving = [...closed.filter((_, j) => marks[j]), ...(events?.passages.moving ?? [])];
  const own = tangents.closed.filter((dp) => dp !== undefined);
  const directions = [...own, ...tangents.ofEvents.filter((dp) => dp !== undefined)];
  const behind = tangents.t0 && slope(t0, y0);
  const start = y0.map((y, k) => {
    const dy = tangents.y0[k] ?? zerosLike(y);
    return behind ? dy.sub(behind[k]!.mul(cast(tangents.t0, y.dtype))) : dy;
  });
  const sizes = [...start, ...directions.map((dp, j) => dp.div(scaleOf(moving[j]!)))]
    .filter((x) => x.size > 0)
    .map((x) => cast(stopGradient(x).abs().max(), t0.dtype));
  const most = sizes.reduce((a, b) => maximum(a, b), t0.mul(0));
  const size = stopGradient(where(most.equal(0), 1, most));
  const one = (x: Tensor): Tensor => x.div(cast(size, x.dtype)).reshape([1, ...x.shape]);
  const scaled = directions.map(one);
  const seeds: Seeds = {
    count: 1,
    y0: start.map(one),
    closed: scaled.slice(0, own.length),
    ofEvents: scaled.slice(own.length),
  };
  const { found, status } = (events ? movedKnots : movedOutputs)(given, problem, seeds, slope, {
    size,
    times: tangents.times,
  });
  return refused(found, status, undefined, raise);
}

type Slope = (t: Tensor, y: readonly Tensor[]) => Tensor[];

/** The size of the one direction, and how times of outputs move. */
interface Moving {
  readonly size: Tensor;
  readonly times: Tensor | undefined;
}

interface Moved {
  readonly found: readonly Tensor[];
  readonly status: Tensor;
}

/** How states at the outputs move. */
function movedOutputs(given: Backward, problem: Problem, seeds: Seeds, slope: Slope, { size, times }: Moving): Moved {
  const { ys, status } = alongOutputs(given, problem, seeds);
  const moved = ys.map((s, k) => s.reshape(given.rows.ys[k]!.shape).mul(cast(size, s.dtype)));
  return { found: withTimes(given, slope, moved, times), status };
}

/** How states at the outputs, what is recorded of events, and the times of the outputs move. */
function movedKnots(given: Backward, problem: Problem, seeds: Seeds, slope: Slope, { size, times }: Moving): Moved {
  const { knots, passages, outcome } = given.events!;
  const { valid, list, log } = outcome;
  const { places, used } = log!;
  const varied = alongKnots(given, knots, passages, problem, seeds);
  const back = argsort(places);
  const outputs = valid.shape[0]!;
  const sized = (x: Tensor): Tensor => x.mul(cast(size, x.dtype));
  const rows = (x: Tensor): Tensor => sized(take(x.reshape([x.shape[0]!, ...x.shape.slice(2)]), back, 0));
  const [ys, ts] = [varied.ys.map(rows), rows(varied.times)];
  const among = (x: Tensor, start: number, count: number): Tensor =>
    x.slice([start, ...x.shape.slice(1).map(() => 0)], [start + count, ...x.shape.slice(1)]);
  const own = withTimes(
    given,
    slope,
    ys.map((y) => among(y, 0, outputs)),
    times,
    among(used, 0, outputs),
  );
  const each = list.flatMap(({ t }, slot) => [ts, ...ys].map((x) => among(x, outputs + slot * t.size, t.size)));
  const none = zerosLike(given.rows.times);
  return {
    found: [
      ...own.map((dy, k) => where(beside(valid, dy), dy, sized(varied.end.y[k]!))),
      ...each,
      where(valid, times ?? none, sized(varied.end.t)),
    ],
    status: varied.status,
  };
}

/** Adds how states at the outputs move with their times. @param used which outputs were reached */
function withTimes(
  { rows }: Backward,
  slope: Slope,
  ys: readonly Tensor[],
  times: Tensor | undefined,
  used?: Tensor,
): readonly Tensor[] {
  if (!times) return ys;
  const ahead = slopesAt(slope, rows.times, rows.ys);
  return ys.map((dy, k) => {
    const by = ahead[k]!.mul(beside(cast(times, dy.dtype), dy));
    return dy.add(used ? where(beside(used, dy), by, 0) : by);
  });
}

/** Slopes at the outputs. */
function slopesAt(
  slope: (t: Tensor, y: readonly Tensor[]) => Tensor[],
  times: Tensor,
  ys: readonly Tensor[],
): readonly Tensor[] {
  const none: Tensor[] = [];
  const rows: { t: Tensor; y: Tensor[] } = { t: times, y: [...ys] };
  return scan((carry: Tensor[], { t, y }: typeof rows) => [carry, slope(t, y)], none, rows)[1];
}

/** How large a parameter is, component by component: 1 for those that are 0, and for those that are no number, as preset times of no event are. */
function scaleOf(p: Tensor): Tensor {
  const size = stopGradient(p).abs();
  return where(size.greater(0).and(size.less(Infinity)), size, 1);
}
