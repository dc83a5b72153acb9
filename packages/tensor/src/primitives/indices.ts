import type { Emitter, Value } from "../lower/emitter";
import type { Domain } from "../primitive";
import type { Shape } from "../shape";

/** Where indices are drawn from in tests: some count from the end, some are out of range. */
export const indexDomain: Domain = { low: -4, high: 4 };

/** The shape of what gather takes. */
export const gatherShape = (x: Shape, indices: Shape, axis: number, batch: number): number[] => [
  ...x.slice(0, axis),
  ...indices.slice(batch),
  ...x.slice(axis + 1),
];

/** Emits the position that an index stands for: negative counts from the end, out of range is the nearest. */
export function settleIndex(k: Emitter, index: Value, length: number): Value {
  const zero = k.literal("int32", 0);
  const counted = k.select(k.less(index, zero), k.add(index, k.literal("int32", length)), index);
  return k.max(zero, k.min(counted, k.literal("int32", length - 1)));
}

/** Emits the start nearest to the wanted one with which `length` elements fit into `whole`. */
export const settleStart = (k: Emitter, start: Value, whole: number, length: number): Value =>
  k.max(k.literal("int32", 0), k.min(start, k.literal("int32", whole - length)));
