import type { Emitter, Index, Memory, Value } from "../lower/emitter";
import type { Shape } from "../shape";

/** The axes of a rank that are not among `axes`, ascending. */
export const otherAxes = (rank: number, axes: readonly number[]): number[] =>
  Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !axes.includes(axis));

/** A shape without some axes. */
export const dropAxes = (shape: Shape, axes: readonly number[]): number[] =>
  shape.filter((_, axis) => !axes.includes(axis));

/** The lengths of some axes. */
export const lengthsOf = (shape: Shape, axes: readonly number[]): number[] => axes.map((axis) => shape[axis]!);

/** Axes as they are called when an axis is put before them all. */
export const shiftAxes = (axes: readonly number[]): number[] => axes.map((axis) => axis + 1);

/** The permutation that brings axis `from` to place `to` and keeps the order of the others. */
export function moveAxis(rank: number, from: number, to: number): number[] {
  const permutation = otherAxes(rank, [from]);
  permutation.splice(to, 0, from);
  return permutation;
}

/** The index of an input from positions along its `axes` and along the others. */
export function mergeIndex(
  k: Emitter,
  shape: Shape,
  axes: readonly number[],
  inner: readonly Value[],
  outer: readonly Value[],
): Index {
  const kept = otherAxes(shape.length, axes);
  const at = new Array<Value>(shape.length);
  axes.forEach((axis, j) => (at[axis] = inner[j]!));
  kept.forEach((axis, j) => (at[axis] = outer[j]!));
  return k.index(shape, at);
}

/** The number of elements before, along and after an axis. */
export function spansOf(shape: Shape, axis: number): { outer: number; length: number; inner: number } {
  const product = (part: Shape): number => part.reduce((n, d) => n * d, 1);
  return { outer: product(shape.slice(0, axis)), length: shape[axis]!, inner: product(shape.slice(axis + 1)) };
}

/**
 * Runs `body` for positions side by side, none of which needs what others write: several at a time where the target can. Memory is read and written
 * through {@link via}.
 */
export function eachOfRun(k: Emitter, count: Value | number, body: (k: Emitter, i: Value) => void): void {
  if (k.runs) k.runs(count, body);
  else k.loop(count, (i) => body(k, i));
}

/** Memory as the emitter of some positions of a run sees it. */
export const via = (k: Emitter, memory: Memory): Memory => memory.via?.(k) ?? memory;

/** Runs `body` for each line along an axis, with the position of its first element; elements are `inner` apart. */
export function eachLine(k: Emitter, shape: Shape, axis: number, body: (from: Value) => void): void {
  const { outer, length, inner } = spansOf(shape, axis);
  const int = (value: number): Value => k.literal("int32", value);
  if (k.independent)
    return k.independent(outer * inner, (line) => {
      const [i, j] = [k.div(line, int(inner)), k.rem(line, int(inner))];
      body(k.add(k.mul(i, int(length * inner)), j));
    });
  k.loop(outer, (i) => {
    const block = k.mul(i, int(length * inner));
    if (inner === 1) body(block);
    else k.loop(inner, (j) => body(k.add(block, j)));
  });
}
