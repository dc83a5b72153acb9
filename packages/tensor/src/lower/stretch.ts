import type { Shape } from "../shape";
import { int, type Site } from "./addressing";
import type { Index, Value } from "./emitter";
import type { MemoryEmitter } from "./machine";
import type { Loop, Prepared } from "./operands";
import { startOf } from "./runs";
import type { Part } from "./tiles";

/** Neighbouring positions along the first so many axes, taken as one. */
export interface Stretch extends Part {
  readonly axes: number;
}

/** What emits the elements at an index, with the emitter that is given. */
export type Elements = (k: MemoryEmitter) => (index: Index) => void;

/** What the code of a loop needs to be emitted for some of its positions. */
export interface Nest {
  readonly loop: Loop;
  readonly prepared: Prepared;
  readonly shape: Shape;
  /** Axes before those of length 1 at the end. */
  readonly rank: number;
  readonly part: Stretch;
  readonly elements: Elements;
  /** Lanes for a run of so many elements. */
  readonly lanesFor: (length: number) => number;
  /** Is there so little to compute that values of four vectors fit registers? */
  readonly brief: boolean;
}

/** Pieces of a stretch, the last of which begins so that it ends with the stretch: some positions may be visited twice. */
export function eachPiece(
  { k }: Site,
  from: Value,
  length: number,
  side: number,
  body: (first: Value, length: number) => void,
): void {
  const size = Math.min(length, side);
  k.loop(Math.ceil(length / side), (n) => body(k.add(from, startOf(k, n, size, length)), size));
}

/** Loops over axes, of the first ones a part, which give positions along them. */
export function eachOuter({ k }: Site, lengths: Shape, part: Stretch, body: (at: readonly Value[]) => void): void {
  const level = (axis: number, at: readonly Value[]): void => {
    if (axis === lengths.length) body(at);
    else if (axis === 0)
      k.loop(part.length, (i) => {
        const row = k.add(part.from, i);
        level(part.axes, part.axes === 1 ? [row] : k.flatIndex(lengths.slice(0, part.axes), row).axes());
      });
    else if (lengths[axis] === 1) level(axis + 1, [...at, int(k, 0)]);
    else k.loop(lengths[axis]!, (i) => level(axis + 1, [...at, i]));
  };
  level(0, []);
}
