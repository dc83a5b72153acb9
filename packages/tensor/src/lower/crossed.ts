import { byteSize } from "../dtype";
import { type Shape, stridesOf } from "../shape";
import { int, type Site } from "./addressing";
import type { Value } from "./emitter";
import { type Loop, producersOf } from "./operands";
import type { Nest } from "./stretch";

/** Elements of a block across the last axis. */
const deep = 16;

/**
 * Elements of which some are made of what lies side by side along another axis than theirs, as in a transpose: in blocks, where lines of memory are so far
 * apart that those which a run touches would push each other out of the cache before their neighbours' turn comes. Gives false where they are not.
 */
export function emitCrossed({ k }: Site, { loop, shape, rank, part, elements }: Nest): boolean {
  const crossed = part.axes === 1 ? crossedAxis(loop, shape, rank) : undefined;
  if (!crossed) return false;
  const { across, bytes } = crossed;
  const wide = 2 * bytes;
  const lanes = k.lanes(wide);
  if (!lanes) return false;
  const lengthOf = (axis: number): number => (axis === 0 ? part.length : shape[axis]!);
  const fromOf = (axis: number): Value => (axis === 0 ? part.from : int(k, 0));
  if (lengthOf(across) < deep || lengthOf(rank - 1) < wide) return false;
  const ones = shape.slice(rank).map(() => int(k, 0));
  /** The last block begins so that it ends with the axis: some elements are computed twice. */
  const blocks = (axis: number, side: number, body: (first: Value) => void): void => {
    const length = lengthOf(axis);
    k.loop(Math.ceil(length / side), (n) => {
      const first = k.mul(n, int(k, side));
      body(k.add(fromOf(axis), length % side === 0 ? first : k.min(first, int(k, length - side))));
    });
  };
  const level = (axis: number, at: readonly Value[]): void => {
    if (axis === across) level(axis + 1, [...at, int(k, 0)]);
    else if (axis < rank - 1) k.loop(lengthOf(axis), (i) => level(axis + 1, [...at, k.add(fromOf(axis), i)]));
    else
      blocks(across, deep, (first) =>
        blocks(axis, wide, (start) =>
          k.loop(deep, (i) =>
            elements(lanes)(lanes.index(shape, [...at.with(across, k.add(first, i)), lanes.ramp(start, 1), ...ones])),
          ),
        ),
      );
  };
  level(0, []);
  return true;
}

/** Bytes between lines of memory of which few fit the nearest cache at a time. */
const crowded = 512;

/** The axis, other than the last, along which memory is read that some operand's order of axes puts there, and the bytes of an element. */
function crossedAxis(
  { plan, members }: Loop,
  shape: Shape,
  rank: number,
): { readonly across: number; readonly bytes: number } | undefined {
  const producers = producersOf(plan);
  const seen = new Set(members);
  const todo = [...members];
  for (let node = todo.pop(); node; node = todo.pop()) {
    const { op, ins, attributes } = node;
    const order = op.order?.(attributes);
    if (order?.length === shape.length) {
      const from = plan.tape.avals[ins[0]!]!;
      const across = order.indexOf(from.shape.findLastIndex((length) => length > 1));
      const bytes = byteSize(from.dtype);
      const apart = stridesOf(from.shape)[order[rank - 1]!]! * bytes;
      if (across >= 0 && across !== rank - 1 && bytes >= 4 && apart % crowded === 0) return { across, bytes };
    } else if (op.fusion === "map")
      for (const id of ins) {
        const made = producers.get(id);
        if (!made || seen.has(made) || plan.places[id]) continue;
        seen.add(made);
        todo.push(made);
      }
  }
  return undefined;
}
