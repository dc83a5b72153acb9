import {
  applyTape,
  bind,
  isFloat,
  type Primitive,
  primitive,
  real,
  stopGradient,
  type RuleOps,
  type Tape,
  type Tensor,
  trace,
  zerosLike,
} from "@dzdt/tensor";
import type { EventLeaves, EventOutcome } from "../events/collect";
import { batched, type Level } from "../implicit/root";
import { integrate } from "../integrate";
import { flat, type Flat, typeOf } from "../leaves";
import type { Outcome, Problem } from "../problem";

/** Derivatives of one solve. */
export type SolveRule = {
  /** Cotangents of the inputs that are marked in `wanted`, in order, from those of the states at the outputs and of what follows them. */
  readonly pullback: (
    ins: readonly Tensor[],
    outs: readonly Tensor[],
    cotangents: readonly Tensor[],
    wanted: readonly boolean[],
  ) => readonly Tensor[];
  /** Tangents of the states at the outputs. Without it, those of the steps that were taken. */
  readonly push?: (
    ins: readonly Tensor[],
    outs: readonly Tensor[],
    tangents: readonly (Tensor | undefined)[],
  ) => readonly Tensor[];
};

type SolveAttributes = {
  /** What the node computes: (inputs…) → (states at the outputs…, the rest of the outcome…). */
  readonly tape: Tape;
  readonly rule: SolveRule;
  /** How many results have derivatives; they come first. */
  readonly states: number;
  /** Outermost first. */
  readonly levels: readonly Level[];
};

/** A whole solve with derivatives of its own. */
const solving: Primitive<SolveAttributes> = primitive<SolveAttributes>({
  name: "solve",
  domain: real,
  fusion: "expand",
  control: "call",
  shape: (_ins, { tape }) => tape.outputs.map((id) => tape.avals[id]!),
  forward: (_o, ins, { tape }) => ({ outs: applyTape(tape, ins), saved: [] }),
  backward: (o, cotangents, ins, outs, a, wanted) => pulled(o, cotangents, ins, outs, a, wanted),
  vjp: (o, cotangents, ins, outs, a, wanted) => pulled(o, cotangents, ins, outs, a, wanted),
  jvp: (o, tangents, ins, outs, { tape, rule, states, levels }) => {
    const moving = tangents.map((dx) => dx !== undefined);
    const given = tangents.filter((dx) => dx !== undefined);
    if (!rule.push) {
      const pushed = o.transforms.jvp(tape, moving);
      const found = applyTape(pushed.tape, [...ins, ...given, ...pushed.captured]);
      return place(found.slice(outs.length), pushed.movedOuts);
    }
    const push = (all: readonly Tensor[]): Tensor[] => {
      const rest = all.slice(ins.length + outs.length);
      return [...rule.push!(all.slice(0, ins.length), all.slice(ins.length, -rest.length), place(rest, moving))];
    };
    const wide = levels.map(({ size, marks }) => ({
      size,
      marks: [...marks, ...outs.map(() => true), ...marks.filter((_, j) => moving[j])],
    }));
    const found = batched(o, push, [...ins, ...outs, ...given], wide);
    return outs.map((_, k) => (k < states ? found[k] : undefined));
  },
  batch: (o, ins, marks, a, size) => {
    const wide = o.transforms.batch(
      a.tape,
      marks,
      size,
      a.tape.outputs.map(() => true),
    );
    return bind(solving, ins, { ...a, tape: wide.tape, levels: [{ size, marks }, ...a.levels] });
  },
});

function pulled(
  o: RuleOps,
  cotangents: readonly (Tensor | undefined)[],
  ins: readonly Tensor[],
  outs: readonly Tensor[],
  { rule, states, levels }: SolveAttributes,
  wanted: readonly boolean[],
): (Tensor | undefined)[] {
  const flags = ins.map((x, j) => wanted[j]! && isFloat(x.dtype));
  const given = outs.slice(0, states).map((y, k) => cotangents[k] ?? o.zerosLike(y));
  if (!flags.includes(true) || cotangents.every((ct) => ct === undefined)) return [];
  const pull = (all: readonly Tensor[]): Tensor[] => [
    ...rule.pullback(all.slice(0, ins.length), all.slice(ins.length, -states), all.slice(-states), flags),
  ];
  const wide = levels.map(({ size, marks }) => ({
    size,
    marks: [...marks, ...outs.map(() => true), ...given.map(() => true)],
  }));
  const own = ({ marks }: Level): boolean[] => marks.slice(0, ins.length).filter((_, j) => flags[j]);
  return place(batched(o, pull, [...ins, ...outs, ...given], wide, own), flags);
}

/** Values in the places that are marked, undefined elsewhere. */
function place(values: readonly Tensor[], marks: readonly boolean[]): (Tensor | undefined)[] {
  let next = 0;
  return marks.map((mark) => (mark ? values[next++] : undefined));
}

/**
 * Records what a tape computes as one node with derivatives of its own.
 * @param states how many results have derivatives; they come first
 */
export const recordNode = (ins: readonly Tensor[], tape: Tape, states: number, rule: SolveRule): Tensor[] =>
  bind(solving, ins, { tape, rule, states, levels: [] });

/** A problem's times and initial state, which are the first inputs of its node. */
export interface Start {
  readonly t0: Tensor;
  readonly stops: Tensor;
  readonly outputs: Tensor | undefined;
  readonly y0: readonly Tensor[];
  readonly rests?: NonNullable<Problem["rests"]>;
}

/**
 * Records a solve as one node of (times, y0, `closed`…), and whatever else it closes over, with derivatives of its own.
 * @param ruleOf gets, of lists that follow the inputs, the parts
 * @param keepEnd whether derivatives need the state and what the method carries at the end, which then follow the states at the outputs
 */
export function recordSolve(
  problem: Problem,
  closed: readonly Tensor[],
  ruleOf: (inputs: Inputs, unflatten: (outs: readonly Tensor[]) => Outcome) => SolveRule,
  keepEnd = false,
): Outcome {
  const { t0, stops, outputs, y0, rests } = problem;
  const inputs = inputsOf(y0.length, outputs !== undefined, closed.length, rests !== undefined);
  const parts = rests ? [rests.t0, rests.stops, ...(rests.outputs ? [rests.outputs] : [])] : [];
  const ins = [t0, stops, ...(outputs ? [outputs] : []), ...y0, ...closed, ...parts];
  let still: Flat<Still> | undefined;
  let [kept, moving] = [0, 0];
  const { tape, captured } = trace(
    "solve",
    (...all) => {
      const { ys, y, memory, events, ...rest } = integrate({ ...problem, ...inputs.start(all) });
      still = flat({ ...rest, ...(!keepEnd && { y }), ...(events && { events: stillOf(events) }) } as Still);
      const end = keepEnd ? [...y, ...memory] : [];
      const happened = events ? movingOf(events) : [];
      [kept, moving] = [end.length, happened.length];
      const fixed = still.leaves.map((x) => (isFloat(x.dtype) ? stopGradient(x) : x));
      return [...ys, ...end, ...happened, ...fixed];
    },
    ins.map(typeOf),
  );
  const count = y0.length;
  const [ended, states] = [count + kept, count + kept + moving];
  const rebuild = (outs: readonly Tensor[]): Outcome => {
    const { events, ...rest } = still!.rebuild(outs.slice(states));
    return {
      ys: outs.slice(0, count),
      ...(keepEnd && { y: outs.slice(count, 2 * count) }),
      memory: keepEnd ? outs.slice(2 * count, ended) : [],
      ...rest,
      ...(events && { events: { ...events, ...eventsAmong(outs.slice(ended, states), count, events.list) } }),
    };
  };
  const rule = ruleOf(inputs, rebuild);
  return rebuild(recordNode([...ins, ...captured], tape, states, rule));
}

/** What is known of events and has no derivatives. */
type StillEvents = Omit<EventOutcome, "list" | "ts" | "kept"> & {
  readonly list: readonly Pick<EventLeaves, "count">[];
};

type Still = Omit<Outcome, "ys" | "y" | "memory" | "events"> & Pick<Outcome, "y"> & { readonly events?: StillEvents };

const stillOf = ({ list, ts: _ts, kept: _kept, ...events }: EventOutcome): StillEvents => ({
  ...events,
  list: list.map(({ count }) => ({ count })),
});

/** What has: of each event the times, then the leaves of the states; the times of the outputs, which a terminal event moves; and what was kept. */
const movingOf = ({ list, ts, kept = [] }: EventOutcome): Tensor[] => [
  ...list.flatMap(({ t, y }) => [t, ...y]),
  ts,
  ...kept,
];

/** The inverse of `movingOf`, also for cotangents. */
export function eventsAmong<T>(
  moving: readonly Tensor[],
  leaves: number,
  list: readonly T[],
): {
  readonly list: readonly (T & Pick<EventLeaves, "t" | "y">)[];
  readonly ts: Tensor;
  readonly kept: readonly Tensor[];
} {
  const width = 1 + leaves;
  return {
    list: list.map((one, slot) => {
      const [t, ...y] = moving.slice(slot * width, (slot + 1) * width);
      return { ...one, t: t!, y };
    }),
    ts: moving[list.length * width]!,
    kept: moving.slice(list.length * width + 1),
  };
}

/** Where things are among a node's inputs. */
export interface Inputs {
  start(list: readonly Tensor[]): Start;
  closed<T>(list: readonly T[]): readonly T[];
  /** Cotangents in the order of the inputs, of those that are wanted; zero where none is given. */
  results(
    ins: readonly Tensor[],
    wanted: readonly boolean[],
    found: {
      readonly t0: Tensor | undefined;
      readonly times: Tensor | undefined;
      readonly y0: readonly Tensor[];
      readonly closed: readonly (Tensor | undefined)[];
    },
  ): Tensor[];
  /** Of t0, the times at which states are wanted, and the states. */
  moving<T>(list: readonly T[]): { readonly t0: T; readonly times: T; readonly y0: readonly T[] };
}

function inputsOf(states: number, dense: boolean, closed: number, fine: boolean): Inputs {
  const first = dense ? 3 : 2;
  const at = first + states;
  const rests = at + closed;
  return {
    start: (list) => ({
      t0: list[0]!,
      stops: list[1]!,
      outputs: dense ? list[2] : undefined,
      y0: list.slice(first, at),
      ...(fine && {
        rests: { t0: list[rests]!, stops: list[rests + 1]!, outputs: dense ? list[rests + 2] : undefined },
      }),
    }),
    closed: (list) => list.slice(at, at + closed),
    moving: (list) => ({ t0: list[0]!, times: list[first - 1]!, y0: list.slice(first, at) }),
    results: (ins, wanted, found) => {
      const times = dense ? [undefined, found.times] : [found.times];
      const all = [found.t0, ...times, ...found.y0, ...found.closed];
      return ins.flatMap((x, j) => (wanted[j] ? [all[j] ?? zerosLike(x)] : []));
    },
  };
}
