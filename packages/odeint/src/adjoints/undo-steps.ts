import { bind, isFloat, loop, take, type Tensor, trace, where, whileLoop, zerosLike } from "@dzdt/tensor";
import { sameTime, since, timeAmong } from "../fine-time";
import { numbers, outputsOf, startOf, stopsOf } from "../problem";
import { place, powers } from "./continuous";
import type { Inputs } from "./node";
import { typeOf } from "./pullback";
import { beginPull, outputPull, stepHalves, timesOf, type Way, type When } from "./step-pulls";

/** What goes from step to step, backwards. Cotangents begin with `ct`. */
interface Undone {
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
  readonly ctY: readonly Tensor[];
  readonly ctMemory: readonly Tensor[];
  readonly ctClosed: readonly Tensor[];
  /** Of t0, or of the drift of all steps; and of the stops. */
  readonly ctStart: Tensor;
  readonly ctStops: Tensor;
  /** Outputs yet to come. */
  readonly left: Tensor;
}

const plus = (xs: readonly Tensor[], ys: readonly Tensor[]): Tensor[] => xs.map((x, k) => x.add(ys[k]!));

/** Undoes all steps. Gives the cotangents of the inputs, and whether y0 did not come back. */
export function undoSteps(
  way: Way,
  inputs: Inputs,
  ins: readonly Tensor[],
  wanted: readonly boolean[],
): { readonly results: readonly Tensor[]; readonly astray: Tensor } {
  const { t0, y0, stops, outputs, pieces, closed, marks, end, cotangents, maxSteps, fixed } = way;
  const { int } = numbers(t0);
  const size = y0.length;
  const states = cotangents.slice(0, size);
  const ending = cotangents.slice(size, 2 * size);
  const start: Undone = {
    y: end.y,
    memory: end.memory,
    // The only output of steps of one length is where they end.
    ctY:
      fixed && !outputs
        ? plus(
            ending,
            states.map((ct) => ct.reshape(ct.shape.slice(1))),
          )
        : ending,
    ctMemory: cotangents.slice(2 * size),
    ctClosed: closed.filter((_, j) => marks[j]).map((x) => zerosLike(x)),
    ctStart: zerosLike(t0),
    ctStops: zerosLike(stops),
    left: int(outputs ? outputs.size : 0),
  };
  const flat = flatten(start);
  const rebuild = unflattened(start);
  const { ahead, behind } = stepHalves(way);
  const pull = outputs && outputPull(way);
  const direction = since(timeAmong(stopsOf(way), int(stops.size - 1)), startOf(way)).sign();
  const body = trace(
    "undo",
    (n, ...list) => {
      const c = rebuild(list);
      const when = timesOf(way, n, t0, stops, fixed ? closed[0] : undefined);
      const before = pieces.undo.run([when.t.t, when.tNext.t, when.h, ...c.y, ...c.memory], closed);
      const found = ahead(n, before);
      const [step, saved] = [found.slice(0, pieces.step.outs.length), found.slice(pieces.step.outs.length)];
      const dense = step.slice(before.length);
      const own =
        fixed || outputs
          ? c.ctY
          : plus(
              c.ctY,
              states.map((ct) => take(ct, n, 0)),
            );
      let sums: Sums = {
        after: [...own, ...c.ctMemory, ...dense.map((x) => zerosLike(x))],
        start: c.ctStart,
        closed: [...c.ctClosed],
        left: c.left,
      };
      if (pull) sums = outputsWithin(sums, when, [...c.y, ...c.memory, ...dense]);
      const [ofStart, ofStops, ...rest] = behind(saved, sums.after);
      const floats = before.map(({ dtype }) => isFloat(dtype));
      const cts = place(rest, floats).map((ct, k) => ct ?? zerosLike(before[k]!));
      return flatten({
        y: before.slice(0, size),
        memory: before.slice(size),
        ctY: cts.slice(0, size),
        ctMemory: cts.slice(size),
        ctClosed: plus(sums.closed, rest.slice(floats.filter((is) => is).length)),
        ctStart: sums.start.add(ofStart!),
        ctStops: c.ctStops.add(ofStops!),
        left: sums.left,
      });
    },
    [{ dtype: "int32", shape: [] }, ...flat.map(typeOf)],
  );
  const found = rebuild(
    bind(loop, [end.steps, ...flat, ...body.captured], {
      body: body.tape,
      condition: undefined,
      carries: flat.length,
      xs: 0,
      length: maxSteps,
      counted: true,
      reverse: true,
      ys: [],
      rows: 0,
      lanes: 0,
    }),
  );
  return { results: results(found), astray: astray(found.y) };

  /** All outputs within a step. */
  function outputsWithin(sums: Sums, when: When, step: readonly Tensor[]): Sums {
    return whileLoop<Sums>(
      ({ left }) =>
        left.greater(0).and(direction.mul(since(timeAmong(outputsOf(way), left.sub(1).maximum(0)), when.t)).greater(0)),
      ({ after, start, closed, left }) => {
        const index = left.sub(1);
        const one = pull!(when, step, index);
        return {
          after: plus(after, one.after),
          start: start.add(one.start),
          closed: plus(closed, one.closed),
          left: index,
        };
      },
      sums,
      { maxSteps: outputs!.size },
    );
  }

  function results(c: Undone): Tensor[] {
    const first = beginPull(way, way.t0, way.y0, c.ctMemory);
    const asked = inputs.moving(wanted);
    // Outputs at t0 are y0.
    const atStart = outputs
      ? states.map((ct) => {
          const is = sameTime(outputsOf(way), startOf(way)).reshape([outputs.size, ...ct.shape.slice(1).map(() => 1)]);
          return where(is, ct, 0).sum([0]);
        })
      : y0.map((y) => zerosLike(y));
    const slope = (t: Tensor, y: readonly Tensor[]): Tensor[] => pieces.slope.run([t, ...y], closed);
    const powerful = outputs && (asked.t0 || asked.times);
    const times = powerful ? powers(slope, { times: outputs, ys: end.ys, cotangents: states }) : c.ctStops;
    const moved = c.ctStart.add(first.t);
    return inputs.results(ins, wanted, {
      t0: powerful ? moved.sub(times.sum()) : moved,
      times,
      y0: plus(plus(c.ctY, first.y), atStart),
      closed: place(plus(c.ctClosed, first.closed), marks),
    });
  }

  /** bool: y0 did not come back to half of its digits. */
  function astray(y: readonly Tensor[]): Tensor {
    return y
      .filter((x) => x.size > 0)
      .map((x, k) => {
        const scale = y0[k]!.abs().max().maximum(end.y[k]!.abs().max()).add(1e-3);
        return x
          .sub(y0[k]!)
          .abs()
          .max()
          .lessEqual(scale.mul(x.dtype === "float32" ? 1e-3 : 1e-7))
          .not();
      })
      .reduce((a, b) => a.or(b), int(0).greater(0));
  }
}

/** Cotangents of a step's end (state, memory, dense output), of all times, of closed values; and outputs that are left. */
type Sums = {
  readonly after: Tensor[];
  readonly start: Tensor;
  readonly closed: Tensor[];
  readonly left: Tensor;
};

const flatten = ({ y, memory, ctY, ctMemory, ctClosed, ctStart, ctStops, left }: Undone): Tensor[] => [
  ...y,
  ...memory,
  ...ctY,
  ...ctMemory,
  ...ctClosed,
  ctStart,
  ctStops,
  left,
];

/** The inverse of `flatten`, for lists like the one of `like`. */
const unflattened =
  (like: Undone) =>
  (list: readonly Tensor[]): Undone => {
    const rest = [...list];
    const take = (part: readonly Tensor[]): Tensor[] => rest.splice(0, part.length);
    const parts = {
      y: take(like.y),
      memory: take(like.memory),
      ctY: take(like.ctY),
      ctMemory: take(like.ctMemory),
      ctClosed: take(like.ctClosed),
    };
    return { ...parts, ctStart: rest[0]!, ctStops: rest[1]!, left: rest[2]! };
  };
