import { int } from "./addressing";
import type { Abreast, Value } from "./emitter";
import type { LaneEmitter, MachineEmitter, MemoryEmitter } from "./machine";

/** Where run n begins of runs of `count` of so many positions: the last ends with them, so that some positions are in two. */
export function startOf(k: MachineEmitter, n: Value, count: number, length: number): Value {
  const first = k.mul(n, int(k, count));
  return length % count === 0 ? first : k.min(first, int(k, length - count));
}

/**
 * Emits `body` for the positions 0 … length − 1, so many at once as the target can and `lanes` says. At the end some positions may be visited twice.
 */
export function eachRun(
  k: MachineEmitter,
  length: number,
  lanes: number,
  body: (k: MemoryEmitter, position: Value) => void,
): void {
  if (k.share) return k.share(length, body);
  const emitter = length > 1 ? k.lanes(lanes) : undefined;
  if (!emitter) return k.loop(length, (i) => body(k, i));
  k.loop(Math.ceil(length / lanes), (n) => body(emitter, emitter.ramp(startOf(k, n, lanes, length), 1)));
}

/** Emits `body` for the positions 0 … count − 1, each visited once: eight at a time, then one by one. */
export function exactRuns(
  k: MachineEmitter,
  count: Value | number,
  body: (k: MemoryEmitter, position: Value) => void,
): void {
  const total = typeof count === "number" ? int(k, count) : count;
  const lanes = typeof count === "number" && count < 8 ? undefined : k.lanes(8);
  const whole = lanes ? k.and(k.max(total, int(k, 0)), int(k, -8)) : int(k, 0);
  if (lanes) k.loop(k.shiftRight(whole, int(k, 3)), (n) => body(lanes, lanes.ramp(k.mul(n, int(k, 8)), 1)));
  k.loop(k.sub(total, whole), (i) => body(k, k.add(whole, i)));
}

/**
 * Lanes for runs over `length` positions: about so many vectors, and such a number that few positions are visited twice at the end.
 */
export function fittingLanes(length: number, vectors: number, lanesPerVector: number): number {
  const most = Math.ceil(vectors * 1.5);
  if (length <= most * lanesPerVector) return length;
  let best = vectors * lanesPerVector;
  if (length > 16 * best) return best;
  // A run costs as much again as half a vector, beside its vectors.
  const cost = (lanes: number): number => Math.ceil(length / lanes) * (lanes / lanesPerVector + 0.5);
  for (let count = Math.ceil(vectors / 2); count <= most; count++)
    if (cost(count * lanesPerVector) < cost(best)) best = count * lanesPerVector;
  return best;
}

/** Lanes for rows that are too short for vectors of their own: a whole number of rows, and of vectors. Undefined for others. */
export function shortRun(length: number): number | undefined {
  return length < 2 || length > 7 ? undefined : { 2: 16, 3: 12, 4: 16, 5: 20, 6: 12, 7: 28 }[length];
}

/** The emitter of lanes for a rule that computes one element, all of them sharing its terms: what the rule makes of its index is uniform. */
export function sharedLanes(k: MachineEmitter, lanes: LaneEmitter): LaneEmitter {
  let apart = false;
  const abreast: Abreast = {
    count: lanes.count,
    positions: (from) => lanes.ramp(from, 1),
    lane: (value, lane) => lanes.lane(value, lane),
    halves: (value) => {
      const [even, odd] = lanes.halves?.(value) ?? [];
      return even && odd && { k: sharedLanes(k, k.lanes(lanes.count / 2)!), even, odd };
    },
    within: (body) => {
      apart = true;
      const result = body();
      apart = false;
      return result;
    },
  };
  return { ...lanes, abreast, variable: (initial) => (apart ? lanes : k).variable(initial) };
}
