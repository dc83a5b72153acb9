import { applyTape, type Aval, type Tensor, trace } from "@dzdt/tensor";
import { typeOf } from "../leaves";
import type { Method } from "../step";

/** A function of the problem as a tape: (ins…, closed…) → outs. */
export interface Closed {
  readonly types: readonly Aval[];
  readonly outs: readonly Aval[];
  readonly run: (ins: readonly Tensor[], closed: readonly Tensor[]) => Tensor[];
}

/** All that a solve does, with what it closes over made explicit. */
export interface Pieces {
  /** (t, y…) → memory. */
  readonly begin: Closed;
  /** (t, tNext, h, y…, memory…) → (y…, memory…, dense…). */
  readonly step: Closed;
  /** (t, tNext, h, y…, memory…) → (y…, memory…) before. */
  readonly undo: Closed;
  /** (t, h, s, y…, memory…, dense…) → y. */
  readonly interpolate: Closed;
  /** (t, y…) → dy/dt. */
  readonly slope: Closed;
}

/** Traces the pieces; what they close over is added to `closed`. */
export function piecesOf(
  method: Method & Required<Pick<Method, "undo">>,
  t0: Tensor,
  y0: readonly Tensor[],
  closed: Tensor[],
  dense: boolean,
): Pieces {
  const [time, states] = [typeOf(t0), y0.map(typeOf)];
  const close = (types: readonly Aval[], fn: (...ins: Tensor[]) => readonly Tensor[]): Closed => {
    const { tape, captured } = trace("reversible", fn, types);
    const places = captured.map((x) => {
      if (!closed.includes(x)) closed.push(x);
      return closed.indexOf(x);
    });
    return {
      types,
      outs: tape.outputs.map((id) => typeOf(tape.avals[id]!)),
      run: (ins, all) => applyTape(tape, [...ins, ...places.map((k) => all[k]!)]),
    };
  };
  const count = states.length;
  const begin = close([time, ...states], (t, ...y) => method.begin(t, y));
  const carried = [...states, ...begin.outs];
  const both = (ins: readonly Tensor[]): [Tensor[], Tensor[]] => [
    ins.slice(0, count),
    ins.slice(count, carried.length),
  ];
  const step = close([time, time, time, ...carried], (t, tNext, h, ...ins) => {
    const tried = method.attempt(t, tNext, h, ...both(ins));
    return [...tried.y, ...tried.memory, ...(dense ? tried.dense : [])];
  });
  return {
    begin,
    step,
    undo: close([time, time, time, ...carried], (t, tNext, h, ...ins) => {
      const before = method.undo(t, tNext, h, ...both(ins));
      return [...before.y, ...before.memory];
    }),
    interpolate: close([time, time, time, ...step.outs], (t, h, s, ...ins) => {
      if (!dense) return [];
      const [y, memory] = both(ins);
      return method.interpolate({ t: t, h: h, s: s, y, memory, dense: ins.slice(carried.length) });
    }),
    slope: close([time, ...states], (t, ...y) => method.slope(t, y)),
  };
}
