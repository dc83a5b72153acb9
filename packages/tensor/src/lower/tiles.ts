import { int, type Site } from "./addressing";
import type { Value } from "./emitter";
import type { Lowering } from "./lower";
import type { MachineModule } from "./machine";

/** Neighbouring positions of a range. */
export interface Part {
  readonly from: Value;
  readonly length: number;
}

/** Additions of elements below which waking another thread may cost more than it saves: some tenths of a millisecond. */
export const leastOperations: number = 2 ** 21;

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

/** What lowering for one thread throws where a module for several is wanted. */
export class WorthSharing extends Error {
  override readonly name: string = "WorthSharing";
}

/** Positions of a tile; undefined where one thread does all. @throws WorthSharing where the module is for one, and more are available */
function tileOf({ threads = 1, available = threads }: MachineModule, work: Work): number | undefined {
  if (available === 1) return undefined;
  const tile = Math.ceil(work.length / (available * tilesPerThread) / work.unit) * work.unit;
  if (tile >= work.length || work.operations < leastOperations) return undefined;
  if (threads === 1) throw new WorthSharing(`${work.name} is work for ${available} threads; lower it for them`);
  return tile;
}

/** For work that is emitted in another way on one thread. @throws WorthSharing where the module is for one, and more are available */
export const checkAlone = (module: MachineModule, work: Work): void => void tileOf(module, work);

/**
 * Emits work at once, and as tiles for several threads too where there is enough of it.
 * @param body emits a part of it; `thread` is undefined where only one takes part
 */
export function inTiles(
  lowering: Lowering,
  site: Site,
  work: Work,
  body: (site: Site, part: Part, thread?: Value) => void,
): void {
  const { module } = lowering;
  const { name, length, repeatable } = work;
  const tile = tileOf(module, work);
  const alone = (): void => body(site, { from: int(site.k, 0), length });
  if (tile === undefined) return alone();
  const tiles = Math.ceil(length / tile);
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
  site.k.parallel!(job, site.frame, tiles, alone);
}
