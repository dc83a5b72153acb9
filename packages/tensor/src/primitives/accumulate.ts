import { type DType, isFloat } from "../dtype";
import type { Emitter, Index, Operand, Value } from "../lower/emitter";
import { adding, type Fold, foldChain, foldStrips, foldWidth } from "../lower/fold";
import type { Aval } from "../primitive";
import { type Shape, sizeOf } from "../shape";
import { mergeIndex } from "./axes";

/** A span of fewer elements at the end of a shape is folded together with the axis before. */
const shortest = 64;

/**
 * Emits the fold of x over `axes` (ascending) for the result element at `index`. `of` makes the terms of the elements.
 *
 * Where the last axis is folded, so are with it the axes before that belong to `axes`, until there are enough elements in a row to share out
 * among lanes; the axes that are left, and those before an axis that stays, are folded one after another around that.
 */
export function foldAxes(
  k: Emitter,
  x: Operand,
  axes: readonly number[],
  index: Index,
  fold: Fold,
  of: (value: Value) => Value = (value) => value,
): Value {
  const { shape, dtype } = x;
  const int = (value: number): Value => k.literal("int32", value);
  const kept = index.axes();
  const first = spanOf(shape, axes);
  const outer = axes.filter((axis) => axis < first);
  const length = sizeOf(shape.slice(first));
  const none = axes.filter((axis) => axis >= first).map(() => int(0));
  const element = (at: readonly Value[], i: Value): Value => {
    if (none.length === 0) return x.at(mergeIndex(k, shape, axes, at, kept));
    if (none.length === 1) return x.at(mergeIndex(k, shape, axes, [...at, i], kept));
    return x.at(k.flatIndex(shape, k.add(mergeIndex(k, shape, axes, [...at, ...none], kept).flat(), i)));
  };
  const level = (depth: number, at: readonly Value[]): Value => {
    if (depth < outer.length)
      return foldChain(k, dtype, fold, shape[outer[depth]!]!, (i) => level(depth + 1, [...at, i]));
    return foldStrips(k, dtype, fold, length, (i) => of(element(at, i)));
  };
  return level(0, []);
}

/** Where the axes begin that {@link foldAxes} folds as one, being folded and last; the rank if the last axis stays. */
export function spanOf(shape: Shape, axes: readonly number[]): number {
  let first = shape.length;
  let length = 1;
  while (first > 0 && length < shortest && (axes.includes(first - 1) || shape[first - 1] === 1))
    length *= shape[--first]!;
  return first;
}

/** Are there enough terms in a row for lanes to share them? */
export const foldsStrips = ({ shape, dtype }: Pick<Aval, "shape" | "dtype">, axes: readonly number[]): boolean =>
  sizeOf(shape.slice(spanOf(shape, axes))) > 2 * foldWidth(dtype);

/** Emits Σ a·b over the index space `lengths`. Floats are added in runs of 32, runs of runs and so on. */
export function sumOfProducts(
  k: Emitter,
  dtype: DType,
  lengths: readonly number[],
  factors: (at: readonly Value[]) => readonly [Value, Value],
): Value {
  const fused = isFloat(dtype) ? k.fused : undefined;
  const addTo = fused && ((sum: Value, at: readonly Value[]) => fused.addProduct(sum, ...factors(at)));
  const level = (axis: number, at: readonly Value[]): Value => {
    if (axis === lengths.length) return k.mul(...factors(at));
    const last = axis === lengths.length - 1;
    return foldChain(
      k,
      dtype,
      adding,
      lengths[axis]!,
      (i) => level(axis + 1, [...at, i]),
      last && addTo ? (sum, i) => addTo(sum, [...at, i]) : undefined,
    );
  };
  return level(0, []);
}
