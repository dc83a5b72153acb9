import { transforms } from "@dzdt/autograd";
import { applyTape, isFloat, type Tape, type Tensor, trace, withinRule, zerosLike } from "@dzdt/tensor";
import type { Events } from "../events/leaf-event";
import { typeOf } from "../leaves";
import type { Method } from "../step";

/** What one trigger of an event does, as a tape of (its time, the state then…, closed…) → (its time, the state then…, the state after…). */
interface PassageTape {
  readonly tape: Tape;
  readonly closed: readonly Tensor[];
  readonly terminal: boolean;
}

/** All triggers of a solve. What they close over is one list. */
export interface TracedPassages {
  readonly list: readonly PassageTape[];
  readonly closed: readonly Tensor[];
}

/** Traces what events do. */
export function tracedPassages(
  { triggers, machinery }: Events,
  method: Method,
  t: Tensor,
  y: readonly Tensor[],
): TracedPassages {
  const list = triggers.map((trigger): PassageTape => {
    const { tape, captured } = withinRule(() =>
      trace(
        "event",
        (time, ...state) => {
          const passed = machinery.passage(method, trigger, time, state);
          return [passed.t, ...passed.y, ...passed.after];
        },
        [t, ...y].map(typeOf),
      ),
    );
    return { tape, closed: captured, terminal: trigger.terminal };
  });
  return { list, closed: list.flatMap(({ closed }) => closed) };
}

/** Cotangents or directions of what an event does: of its time, of the state then, and of the state after. */
export interface Passing {
  readonly t: Tensor;
  readonly y: readonly Tensor[];
  readonly after: readonly Tensor[];
}

/** What events do, with values for what they close over. */
export interface Passages {
  /** How many triggers there are. */
  readonly count: number;
  /** Does a trigger end the solve? */
  terminal(i: number): boolean;
  /** The state after an event of a trigger. */
  after(i: number, t: Tensor, y: readonly Tensor[]): Tensor[];
  /** Cotangents of the state before it, of the time at which that state is, and of all closed values that are marked. */
  pull(
    i: number,
    t: Tensor,
    y: readonly Tensor[],
    cotangents: Passing,
  ): { readonly t: Tensor; readonly y: readonly Tensor[]; readonly closed: readonly Tensor[] };
  /** In directions `[count, …]` of the state before it and of all closed values that are marked: how its time moves, the state then, and the state after. */
  push(
    i: number,
    t: Tensor,
    y: readonly Tensor[],
    directions: { readonly y: readonly Tensor[]; readonly closed: readonly Tensor[] },
  ): Passing;
  /** The closed values that are marked. */
  readonly moving: readonly Tensor[];
}

/** @param wanted of which of the closed values there are to be derivatives */
export function passagesOf({ list }: TracedPassages, values: readonly Tensor[], wanted: readonly boolean[]): Passages {
  const marks = values.map((x, j) => wanted[j]! && isFloat(x.dtype));
  const moving = values.filter((_, j) => marks[j]);
  const one = (
    i: number,
  ): PassageTape & { readonly own: readonly Tensor[]; readonly flags: readonly boolean[]; readonly place: number } => {
    const from = list.slice(0, i).reduce((n, { closed }) => n + closed.length, 0);
    const part = [from, from + list[i]!.closed.length] as const;
    const place = marks.slice(0, from).filter((mark) => mark).length;
    return { ...list[i]!, own: values.slice(...part), flags: marks.slice(...part), place };
  };
  return {
    count: list.length,
    moving,
    terminal: (i) => list[i]!.terminal,
    after: (i, t, y) => {
      const { tape, own } = one(i);
      return applyTape(tape, [t, ...y, ...own]).slice(1 + y.length);
    },
    push: (i, t, y, { y: states, closed }) => {
      const { tape, own, flags, place } = one(i);
      const [size, count] = [y.length, states[0]!.shape[0]!];
      const moved = closed.slice(place, place + flags.filter((flag) => flag).length);
      const pushed = transforms.jvp(tape, [false, ...y.map(() => true), ...flags]);
      const plain = 1 + size + own.length;
      const marks = pushed.tape.inputs.map((_, k) => k >= plain && k < plain + size + moved.length);
      const outs = tape.outputs.length;
      const wide = transforms.batch(
        pushed.tape,
        marks,
        count,
        pushed.tape.outputs.map((_, k) => k >= outs),
      );
      const found = applyTape(wide.tape, [t, ...y, ...own, ...states, ...moved, ...pushed.captured, ...wide.captured]);
      let next = outs;
      const all = found
        .slice(0, outs)
        .map((x, k) => (pushed.movedOuts[k] ? found[next++]! : zerosLike(x).broadcastTo([count, ...x.shape])));
      return { t: all[0]!, y: all.slice(1, 1 + size), after: all.slice(1 + size) };
    },
    pull: (i, t, y, { t: ofTime, y: ofState, after }) => {
      const { tape, own, flags, place } = one(i);
      const pulled = transforms.vjp(
        tape,
        [true, ...y.map(() => true), ...flags],
        tape.outputs.map(() => true),
      );
      const [time, ...found] = applyTape(pulled.tape, [
        t,
        ...y,
        ...own,
        ofTime,
        ...ofState,
        ...after,
        ...pulled.captured,
      ]);
      return {
        t: time!,
        y: found.slice(0, y.length),
        closed: moving.map((x, k) => (k < place ? undefined : found[y.length + k - place]) ?? zerosLike(x)),
      };
    },
  };
}
