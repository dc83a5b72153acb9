import { transforms } from "@dzdt/autograd";
import {
  applyTape,
  type Aval,
  cast,
  maximum,
  scan,
  sizeOf,
  stopGradient,
  type Tensor,
  where,
  zerosLike,
} from "@dzdt/tensor";
import { identityLike } from "../implicit/vector";
import { timeAmong } from "../fine-time";
import { integrate } from "../integrate";
import { numbers, type Problem, startOf, stopsOf } from "../problem";
import { scaledNorm } from "../tolerance";
import { type StateType, traced } from "../vectorField";
import type { AdjointParts, CustomAdjoint } from "./adjoint";
import { type Backward, continuous, type Found, type Tangents } from "./continuous";
import { refused } from "./failures";
import { fieldOf } from "./pullback";
import { checkContinuous, type ContinuousOptions, listState, methodFor, settingsOf, steppingFor } from "./settings";

/**
 * Gradients by forward mode: the sensitivities S = ∂y/∂(y0, p) are solved together with the state, dS/dt = (∂f/∂y) S + ∂f/∂p, forwards only, and the
 * error of each of them chooses the steps like that of the state. Reverse mode multiplies cotangents by them. With n states and p parameters the
 * system has n(1 + n + p) unknowns, for implicit solvers in one matrix: for small systems, stiff or long, with few parameters. Nothing is kept but
 * the sensitivities at the outputs.
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

/** Directions, for each state and each closed value that is marked: `[directions, …shape]`. */
interface Seeds {
  readonly count: number;
  readonly y0: readonly Tensor[];
  readonly closed: readonly Tensor[];
}

/** Reverse mode: a direction for each component of all that is wanted. */
function gradients(given: Backward, problem: Problem): Found {
  const { closed, marks, ofStart, y0 } = given;
  const moving = closed.filter((_, j) => marks[j]);
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
  const seeds: Seeds = {
    count,
    y0: y0.map((y, k) => block(y, k)),
    closed: moving.map((p, j) => block(p, y0.length + j).mul(scales[j]!)),
  };
  const { sensitivities, status } = solveWith(given, problem, seeds);
  const { cotangents } = given.rows;
  const slopes = sensitivities.map((s, k) => {
    const ct = cotangents[k]!;
    const product = s.mul(ct.reshape([ct.shape[0]!, 1, ...ct.shape.slice(1)]));
    return product.sum(product.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis])));
  });
  let next = 0;
  const part = (x: Tensor, k: number): Tensor => {
    const [start, end] = [next, (next += sizes[k]!)];
    const total = slopes.map((g) => cast(g.slice([start], [end]), x.dtype)).reduce((a, b) => a.add(b));
    return sizes[k] === x.size ? total.reshape(x.shape) : zerosLike(x);
  };
  return {
    lambda: y0.map(part),
    mu: moving.map((p, j) => part(p, y0.length + j).div(scales[j]!)),
    status,
  };
}

/** Forward mode: the direction that is given. */
function along(given: Backward, problem: Problem, tangents: Tangents, { raise }: AdjointParts): readonly Tensor[] {
  const { closed, marks, y0, t0, field, rows } = given;
  const slope = fieldOf(field, closed);
  const moving = closed.filter((_, j) => marks[j]);
  const directions = tangents.closed.filter((dp) => dp !== undefined);
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
  const { sensitivities, status } = solveWith(given, problem, {
    count: 1,
    y0: start.map(one),
    closed: directions.map(one),
  });
  const ahead = tangents.times && slopesAt(slope, rows.times, rows.ys);
  const found = sensitivities.map((s, k) => {
    const dy = s.reshape(rows.ys[k]!.shape).mul(cast(size, s.dtype));
    if (!ahead) return dy;
    const dt = cast(tangents.times, s.dtype);
    return dy.add(ahead[k]!.mul(dt.reshape([dt.size, ...dy.shape.slice(1).map(() => 1)])));
  });
  return refused(found, status, undefined, raise);
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

/** How large a parameter is, component by component: 1 for those that are 0. */
function scaleOf(p: Tensor): Tensor {
  const size = stopGradient(p).abs();
  return where(size.equal(0), 1, size);
}

/** The state and its derivatives in some directions at the outputs: `[outputs, directions, …leaf]`. */
function solveWith(
  given: Backward,
  problem: Problem,
  seeds: Seeds,
): { readonly sensitivities: readonly Tensor[]; readonly status: Tensor } {
  const { settings, state, rtol, atol, dt, t0, stops, outputs, y0, rests } = given;
  const size = state.leaves.length;
  const wide = state.leaves.map(({ dtype, shape }): Aval => ({ dtype, shape: [seeds.count, ...shape] }));
  const whole = listState([...state.leaves, ...wide]);
  const method = methodFor(settings, varied(given, seeds), whole, [...rtol, ...rtol], [...atol, ...atol]);
  const norm = worstNorm(state, rtol, atol, t0);
  const times = { t0, stops, outputs, ...(rests && { rests }) };
  const end = timeAmong(stopsOf(times), numbers(t0).int(stops.size - 1));
  const outcome = integrate({
    method,
    stepping: steppingFor(settings, norm, { from: startOf(times), to: end, dt }),
    ...times,
    y0: [...y0, ...seeds.y0],
    timesMove: true,
    maxSteps: problem.maxSteps,
    watched: false,
    checkpoints: "all",
  });
  return { sensitivities: outcome.ys.slice(size), status: outcome.status };
}

/** The state's error or, if that is larger, the error of the worst direction. */
function worstNorm(
  state: StateType,
  rtol: readonly Tensor[],
  atol: readonly Tensor[],
  { dtype }: Tensor,
): ReturnType<typeof scaledNorm> {
  const size = state.leaves.length;
  const own = scaledNorm(rtol, atol, "rms", state, dtype);
  const components = state.leaves.reduce((n, { shape }) => n + sizeOf(shape), 0);
  return (error, y, next) => {
    const squares = error.slice(size).flatMap((e, k) => {
      if (e.size === 0) return [];
      const most = y[size + k]!.abs().maximum(next[size + k]!.abs());
      const scaled = e.div(most.mul(cast(rtol[k]!, e.dtype)).add(cast(atol[k]!, e.dtype)));
      const axes = e.shape.flatMap((_, axis) => (axis === 0 ? [] : [axis]));
      const square = scaled.mul(scaled).add(next[size + k]!.mul(0));
      return [cast(axes.length > 0 ? square.sum(axes) : square, dtype)];
    });
    const states = own(error.slice(0, size), y.slice(0, size), next.slice(0, size));
    if (squares.length === 0) return states;
    const total = squares.reduce((a, b) => a.add(b));
    return states.maximum(total.max().div(components).sqrt());
  };
}

/** (t, (y, S)) → (f, (∂f/∂y) S + ∂f/∂p), all directions at once. */
function varied(
  { field, closed, marks, state }: Backward,
  seeds: Seeds,
): (t: Tensor, all: readonly Tensor[]) => Tensor[] {
  const size = state.leaves.length;
  const pushed = transforms.jvp(field.tape, [false, ...state.leaves.map(() => true), ...marks]);
  const plain = size + 1 + closed.length;
  const tangents = pushed.tape.inputs.map((_, k) => k >= plain && k < plain + size + seeds.closed.length);
  const wide = transforms.batch(
    pushed.tape,
    tangents,
    seeds.count,
    pushed.tape.outputs.map((_, k) => k >= size),
  );
  const types = [
    ...field.types,
    ...state.leaves.map(({ dtype, shape }) => ({ dtype, shape: [seeds.count, ...shape] })),
  ];
  const run = traced(
    "sensitivities",
    (t, ...all) => {
      const [y, s] = [all.slice(0, size), all.slice(size)];
      const found = applyTape(wide.tape, [
        t,
        ...y,
        ...closed,
        ...s,
        ...seeds.closed,
        ...pushed.captured,
        ...wide.captured,
      ]);
      let next = size;
      return [...found.slice(0, size), ...s.map((x, k) => (pushed.movedOuts[k] ? found[next++]! : zerosLike(x)))];
    },
    types,
  );
  return (t, all) => run([t, ...all]);
}
