import { transforms } from "@dzdt/autograd";
import { applyTape, type Aval, cast, scan, sizeOf, take, type Tensor, zerosLike } from "@dzdt/tensor";
import { choose } from "../events/choose";
import { exactly, timeAmong } from "../fine-time";
import { integrate } from "../integrate";
import { numbers, type Problem, startOf, stopsOf } from "../problem";
import { isRestless, resting } from "../resting";
import { placesOf } from "../rows";
import type { Method } from "../step";
import { scaledNorm } from "../tolerance";
import { flow } from "../flow";
import { realOf, type StateType, traced } from "../vectorField";
import type { Backward } from "./continuous";
import { after, type Interval, intervalsTo, measured } from "./intervals";
import type { Knots } from "./knots";
import type { Passages, Passing } from "./passages";
import { motionOf } from "./standing";
import { listState, methodFor, steppingFor } from "./settings";

/** Directions, for each state and each closed value that is marked, of the field and of events: `[count, …shape]`. */
export interface Seeds {
  readonly count: number;
  readonly y0: readonly Tensor[];
  readonly closed: readonly Tensor[];
  readonly ofEvents: readonly Tensor[];
}

/** Derivatives in these directions at the outputs, `[outputs, count, …leaf]`. */
export interface Varied {
  readonly ys: readonly Tensor[];
  /** A number of `Status`. */
  readonly status: Tensor;
}

/** The state and its derivatives, from t0 to the last output in one solve. */
export function alongOutputs(given: Backward, problem: Problem, seeds: Seeds): Varied {
  const { settings, dt, t0, stops, outputs, y0, rests, state } = given;
  const { method, norm, start } = variationsOf(given, seeds);
  const times = { t0, stops, outputs, ...(rests && { rests }) };
  const end = timeAmong(stopsOf(times), numbers(t0).int(stops.size - 1));
  const { ys, status } = integrate({
    method: method(undefined),
    stepping: steppingFor(settings, norm, { from: startOf(times), to: end, dt }),
    ...times,
    y0: [...y0, ...start(t0, y0, seeds.y0)],
    timesMove: true,
    maxSteps: problem.maxSteps,
    watched: false,
    checkpoints: "all",
  });
  return { ys: ys.slice(state.leaves.length), status };
}

/** Derivatives at the knots, `[knots, count, …]`, 0 in rows that are of no use. */
export interface VariedKnots extends Varied {
  /** Of the times of events. */
  readonly times: Tensor;
  /** Of the time and the state at which a terminal event ended the solve, `[count, …]`. */
  readonly end: Pick<Passing, "t" | "y">;
}

/** What goes on from knot to knot. */
interface Carried {
  /** The state with which the solve goes on, and its directions. */
  readonly y: readonly Tensor[];
  readonly s: readonly Tensor[];
  readonly end: Pick<Passing, "t" | "y">;
  readonly status: Tensor;
}

/** A knot, and what leads to it. */
interface Row {
  readonly interval: Interval;
  readonly trigger: Tensor;
  /** int32: how many came before. */
  readonly place: Tensor;
}

/** A solve from each output or event to the next. At an event directions are those of what it makes of the state. */
export function alongKnots(
  given: Backward,
  { rows, triggers, count }: Knots,
  passages: Passages,
  problem: Problem,
  seeds: Seeds,
): VariedKnots {
  const { settings, dt, t0, y0, state } = given;
  const size = state.leaves.length;
  const { int } = numbers(t0);
  const { method, norm, start, standing } = variationsOf(given, seeds);
  const none = zerosLike(t0).broadcastTo([seeds.count]);
  const init: Carried = { y: y0, s: seeds.y0, end: { t: none, y: seeds.y0.map((s) => zerosLike(s)) }, status: int(0) };
  const xs: Row = {
    interval: intervalsTo(given, rows),
    trigger: triggers,
    place: placesOf(t0, triggers.size),
  };
  type Step = { readonly carried: Carried; readonly at: Pick<Passing, "t" | "y"> };
  const [last, found] = scan(
    (carry: Carried, xs: Row) => {
      const step: Step = choose(
        xs.place.less(count),
        { carried: carry, row: xs },
        ({ carried, row }) => meet(0, { carried: across(carried, row.interval), row }),
        ({ carried }) => ({ carried, at: init.end }),
      );
      return [step.carried as never, step.at as never];
    },
    init as never,
    xs as never,
  ) as unknown as [Carried, Step["at"]];
  return { ys: found.y, times: found.t, end: last.end, status: last.status };

  function across(carried: Carried, interval: Interval): Carried {
    const { from, to } = interval;
    const [length] = interval.length;
    return choose(
      length ? length.equal(0) : from.equal(to),
      { carried, interval },
      ({ carried, interval }) => ({ ...carried, s: standing(interval, carried) }),
      (now) => solved(now.carried, now.interval),
    );
  }

  function solved({ y, s, end, status }: Carried, interval: Interval): Carried {
    const { from, to, origin } = measured(interval);
    const outcome = integrate({
      method: method(origin),
      stepping: steppingFor(settings, norm, { from: exactly(to), to: exactly(from), dt }),
      t0: to,
      y0: [...y, ...start(interval.to, y, s)],
      stops: from.reshape([1]),
      outputs: undefined,
      timesMove: true,
      maxSteps: problem.maxSteps,
      watched: false,
      checkpoints: "all",
    });
    const reached = outcome.ys.slice(size).map((x) => x.reshape(x.shape.slice(1)));
    return { y, s: reached, end, status: status.maximum(outcome.status) };
  }

  /** At a knot, whose trigger is the i-th or a later one, or none. */
  function meet(i: number, now: { readonly carried: Carried; readonly row: Row }): Step {
    if (i === passages.count) {
      const { carried, row } = now;
      return { carried: { ...carried, y: row.interval.y }, at: { t: none, y: carried.s } };
    }
    return choose(
      now.row.trigger.equal(int(i)),
      now,
      ({ carried, row }) => {
        const { from, y } = row.interval;
        const pushed = passages.push(i, from, y, { y: carried.s, closed: seeds.ofEvents });
        const end = passages.terminal(i) ? { t: pushed.t, y: pushed.after } : carried.end;
        return {
          carried: { ...carried, y: passages.after(i, from, y), s: pushed.after, end },
          at: { t: pushed.t, y: pushed.y },
        };
      },
      (rest) => meet(i + 1, rest),
    );
  }
}

/** The equations of variation. */
interface Variations {
  /** Steps of the state together with its directions. @param origin what times are measured from */
  readonly method: (origin: Tensor | undefined) => Method;
  readonly norm: ReturnType<typeof scaledNorm>;
  /** Directions with which a solve begins: those given, as far as algebraic equations allow them. */
  readonly start: (t: Tensor, y: readonly Tensor[], s: readonly Tensor[]) => readonly Tensor[];
  /** Directions over an interval of no length: as they are, but they move with its ends. */
  readonly standing: (interval: Pick<Interval, "from" | "to">, at: Pick<Carried, "y" | "s">) => readonly Tensor[];
}

function variationsOf(given: Backward, seeds: Seeds): Variations {
  const { settings, state, rtol, atol, mass } = given;
  const size = state.leaves.length;
  const wide = state.leaves.map(({ dtype, shape }): Aval => ({ dtype, shape: [seeds.count, ...shape] }));
  const whole = listState([...state.leaves, ...wide]);
  const slopes = varied(given, seeds);
  const weights = mass?.repeated(seeds.count, realOf(whole));
  return {
    norm: worstNorm(state, rtol, atol, given.t0),
    method: (origin) => {
      const method = methodFor(
        settings,
        (t, all) => slopes(after(origin, t), all),
        whole,
        [...rtol, ...rtol],
        [...atol, ...atol],
        weights,
      );
      // Outputs may be at the same time.
      return isRestless(settings.solver) ? resting(method, true) : method;
    },
    start: (t, y, s) => {
      if (!mass) return s;
      const forced = slopes(t, [...y, ...s.map((x) => zerosLike(x))]).slice(size);
      return mass.start(t, y, s, forced);
    },
    standing: ({ from, to }, { y, s }) =>
      flow(varied({ ...given, ...motionOf(given) }, seeds), to, from, [...y, ...s]).slice(size),
  };
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
      // Branches and loops are batched as a whole: what no direction moves is then in each row.
      const slopes = found.slice(0, size).map((x, k) => (wide.batchedOuts[k] ? take(x, 0, 0) : x));
      let next = size;
      return [...slopes, ...s.map((x, k) => (pushed.movedOuts[k] ? found[next++]! : zerosLike(x)))];
    },
    types,
  );
  return (t, all) => run([cast(t, types[0]!.dtype), ...all]);
}
