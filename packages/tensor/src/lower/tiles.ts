import { int, type Site } from "./addressing";
import type { Value } from "./emitter";
import type { Lowering } from "./lower";

/** Neighbouring positions of a range. */
export interface Part {
  readonly from: Value;
  readonly length: number;
}

/** Additions of elements below which waking another thread may cost more than it saves: some tenths of a millisecond. */
const leastOperations = 2 ** 21;

/** Tiles for each thread, so that one that is held up leaves its share to others. */
const tilesPerThread = 4;

/** Work on positions that do not depend on each other. */
export interface Work {
  readonly name: string;
  readonly length: number;
  /** How many there are in all, roughly, as additions. Asked for only where there are several threads. */
  readonly operations: number;
  /** Tiles are multiples of so many positions. */
  readonly unit: number;
  /** Positions may be worked on twice, by two threads at a time. */
  readonly repeatable: boolean;
}

/**
 * Emits work at once, or as tiles for several threads where there is enough of it.
 * @param body emits a part of it; `thread` is undefined where only one takes part
 */
export function inTiles(
  lowering: Lowering,
  site: Site,
  work: Work,
  body: (site: Site, part: Part, thread?: Value) => void,
): void {
  const { module } = lowering;
  const { name, length, unit, repeatable } = work;
  const threads = module.threads ?? 1;
  const tile = Math.ceil(length / (threads * tilesPerThread) / unit) * unit;
  const tiles = Math.ceil(length / tile);
  if (threads === 1 || tiles < 2 || work.operations < leastOperations)
    return body(site, { from: int(site.k, 0), length });
  const job = module.declare(lowering.nameOf(name), 3);
  const rest = length - tile * (tiles - 1);
  module.define(job, (k, [frame, number, thread]) => {
    const inner: Site = { k, frame: frame!, fixed: false };
    const from = k.mul(number!, int(k, tile));
    const emit = (at: Value, count: number): void => body(inner, { from: at, length: count }, thread);
    if (rest === tile) emit(from, tile);
    else if (repeatable) emit(k.min(from, int(k, length - tile)), tile);
    else
      k.if(
        k.less(number!, int(k, tiles - 1)),
        () => emit(from, tile),
        () => emit(from, rest),
      );
  });
  site.k.parallel!(job, site.frame, tiles);
}
