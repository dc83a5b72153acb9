import {
  applyTape,
  type Aval,
  bind,
  isFloat,
  type Primitive,
  primitive,
  real,
  type RuleOps,
  type Tape,
  type Tensor,
  trace,
  UnsupportedError,
} from "@dzdt/tensor";
import { typeOf } from "./leaves";

/** Slopes at a time and states. `closed` is what the field depends on besides. */
type Field = (t: Tensor, y: readonly Tensor[], closed: readonly Tensor[]) => Tensor[];

type FlowAttributes = {
  /** What the node computes: its states. */
  readonly tape: Tape;
  /** What its derivatives are made of; the node does not compute it. */
  readonly field: Field;
  /** Which constants, and which states, lack the axes of a batch that times have. */
  readonly shared: readonly boolean[];
  readonly loose: readonly boolean[];
};

/**
 * (from, to, states…, closed…) → states at `to`, which equals `from`. Tangents and cotangents flow in turn, by the equations of variations and of
 * the adjoint: so derivatives are right to any order.
 */
const flowing: Primitive<FlowAttributes> = primitive<FlowAttributes>({
  name: "flow",
  domain: real,
  fusion: "expand",
  control: "call",
  shape: (_ins, { tape }) => tape.outputs.map((id) => tape.avals[id]!),
  jvp: (o, [dFrom, dTo, ...tangents], [from, to, ...ins], outs, { field, shared, loose }) => {
    if (dFrom || dTo) checkAlong(loose);
    const count = outs.length;
    const [states, closed] = split(ins, count);
    const along = (slopes: readonly Tensor[], dt: Tensor): Tensor[] =>
      slopes.map((slope) => o.mul(slope, o.cast(beside(o, dt, slope), slope.dtype)));
    const behind = dFrom && along(field(from!, states, closed), dFrom);
    const start = states.map((y, k) => {
      const dy = tangents[k] ?? o.zerosLike(y);
      return behind ? o.sub(dy, behind[k]!) : dy;
    });
    const moving = tangents.slice(count);
    const varied = variations(
      o,
      field,
      moving.map((dc) => dc !== undefined),
    );
    const constants = [...closed, ...moving.filter((dc) => dc !== undefined)];
    const rows = { shared: [...shared, ...shared.filter((_, j) => moving[j])], loose: [...loose, ...loose] };
    const found = record(from!, to!, [...states, ...start], constants, varied, rows).slice(count);
    const ahead = dTo && along(field(to!, outs, closed), dTo);
    return found.map((dy, k) => (ahead ? o.add(dy, ahead[k]!) : dy));
  },
  vjp: (o, cotangents, [from, to, ...ins], outs, { field, shared, loose }, [fromWanted, toWanted, ...wanted]) => {
    if (fromWanted || toWanted) checkAlong(loose);
    const count = outs.length;
    const [states, closed] = split(ins, count);
    const marks = closed.map((c, j) => wanted[count + j]! && isFloat(c.dtype));
    const given = outs.map((y, k) => cotangents[k] ?? o.zerosLike(y));
    const none = closed.filter((_, j) => marks[j]).map((c) => o.zerosLike(c));
    const rows = { shared, loose: [...loose, ...loose, ...shared.filter((_, j) => marks[j])] };
    const found = record(to!, from!, [...outs, ...given, ...none], closed, adjoint(o, field, count, marks), rows);
    const back = found.slice(count, 2 * count);
    const power = (slopes: readonly Tensor[], cts: readonly Tensor[]): Tensor =>
      cts
        .map((ct, k) => o.cast(o.sum(o.mul(ct, slopes[k]!), axesOfState(from!, ct)), from!.dtype))
        .reduce((sum, x) => o.add(sum, x));
    return [
      fromWanted ? o.neg(power(field(from!, states, closed), back)) : undefined,
      toWanted ? power(field(to!, outs, closed), given) : undefined,
      ...back,
      ...place(found.slice(2 * count), marks),
    ];
  },
  batch: (o, [from, to, ...ins], [fromBatched, toBatched, ...batched], { tape, field, shared, loose }, size) => {
    const count = tape.outputs.length;
    const wide = (x: Tensor): Tensor => o.broadcastTo(o.reshape(x, [1, ...x.shape]), [size, ...x.shape]);
    // Axes that times have are in front of those of states, so a further one in front of states is theirs, too.
    const each = fromBatched || toBatched || from!.ndim > 0 || to!.ndim > 0;
    const [start, end] = [fromBatched || !each ? from! : wide(from!), toBatched || !each ? to! : wide(to!)];
    const [states, closed] = split(ins, count);
    const marks = [each, ...states.map(() => true), ...batched.slice(count)];
    const many = states.map((y, k) => (batched[k] ? y : wide(y)));
    const rows = { shared: shared.map((is, j) => is || (each && !batched[count + j])), loose };
    const batchedField: Field = (t, y, c) => {
      const all = [t, ...y, ...c];
      const types = all.map(({ dtype, shape }, j) => ({ dtype, shape: marks[j] ? shape.slice(1) : shape }));
      const found = o.transforms.batch(
        tapeOf(field, types, count),
        marks,
        size,
        y.map(() => true),
      );
      return o.applyTape(found.tape, all);
    };
    return record(start, end, many, closed, batchedField, rows);
  },
});

/** @throws UnsupportedError where what all elements of a batch share would have to flow along the times of each */
function checkAlong(loose: readonly boolean[]): void {
  if (loose.includes(true))
    throw new UnsupportedError(
      "odeint: second derivatives of a batch whose solves have their own times (events) and share large parameters; " +
        "give each its own: vmap(solve, [0, 0])(ys, broadcastTo(p, [rows, ...p.shape]))",
    );
}

/** Axes of a state's leaf that times do not have: those of a batch they may share, in front. */
const axesOfState = ({ ndim }: Tensor, leaf: Tensor): number[] => leaf.shape.map((_, a) => a).slice(ndim);

/** A time, or a batch of them, so that it broadcasts along a leaf of the state then. */
const beside = (o: Pick<RuleOps, "reshape">, t: Tensor, leaf: Tensor): Tensor =>
  t.ndim === 0 ? t : o.reshape(t, [...t.shape, ...axesOfState(t, leaf).map(() => 1)]);

/** (y, dy), with tangents of the constants that move after the constants. */
const variations =
  (o: RuleOps, field: Field, moving: readonly boolean[]): Field =>
  (t, both, constants) => {
    const [y, dy] = split(both, both.length / 2);
    const [closed, moves] = split(constants, moving.length);
    const ins = [t, ...y, ...closed];
    const tape = tapeOf(field, ins, y.length);
    const pushed = o.transforms.jvp(tape, [false, ...y.map(() => true), ...moving]);
    const [slopes, found] = split(o.applyTape(pushed.tape, [...ins, ...dy, ...moves]), y.length);
    return [...slopes, ...place(found, pushed.movedOuts).map((slope, k) => slope ?? o.zerosLike(y[k]!))];
  };

/** (y, cotangents of y, cotangents of marked constants). */
const adjoint =
  (o: RuleOps, field: Field, count: number, marks: readonly boolean[]): Field =>
  (t, all, closed) => {
    const [y, rest] = split(all, count);
    const ins = [t, ...y, ...closed];
    const tape = tapeOf(field, ins, count);
    const flags = y.map(() => true);
    const pulled = o.transforms.vjp(tape, [false, ...flags, ...marks], flags);
    const found = o.applyTape(pulled.tape, [...ins, ...rest.slice(0, count)]);
    return [...field(t, y, closed), ...found.map((ct) => o.neg(ct))];
  };

const split = (xs: readonly Tensor[], at: number): [Tensor[], Tensor[]] => [xs.slice(0, at), xs.slice(at)];

/** Values in the places that are marked, undefined elsewhere. */
function place(values: readonly Tensor[], marks: readonly boolean[]): (Tensor | undefined)[] {
  let next = 0;
  return marks.map((mark) => (mark ? values[next++] : undefined));
}

/** A field of some states as a tape of (time, states…, closed…). */
const tapeOf = (field: Field, types: readonly Aval[], count: number): Tape =>
  trace("flow", (t, ...ins) => field(t, ...split(ins, count)), types.map(typeOf)).tape;

function record(
  from: Tensor,
  to: Tensor,
  states: readonly Tensor[],
  closed: readonly Tensor[],
  field: Field,
  rows: Pick<FlowAttributes, "shared" | "loose">,
): Tensor[] {
  const ins = [from, to, ...states, ...closed];
  const { tape } = trace("flow", (_from, _to, ...rest) => rest.slice(0, states.length), ins.map(typeOf));
  return bind(flowing, ins, { tape, field, ...rows });
}

/**
 * States as the field takes them from one time to another, of the same value: so they stay as they are, at no cost; but their derivatives with
 * respect to times are those of the field.
 */
export function flow(
  field: (t: Tensor, y: readonly Tensor[]) => readonly Tensor[],
  from: Tensor,
  to: Tensor,
  states: readonly Tensor[],
): Tensor[] {
  const types = [from, ...states].map(typeOf);
  const { tape, captured } = trace("flow", (t, ...y) => field(t, y), types);
  const rows = { shared: captured.map(() => false), loose: states.map(() => false) };
  return record(from, to, states, captured, (t, y, closed) => applyTape(tape, [t, ...y, ...closed]), rows);
}
