import { type DType, isFloat } from "../dtype";
import type { Emitter, Value } from "../lower/emitter";

/** Terms that are added up before their sum is added to the next level. */
const blockLength = 128;

/**
 * Emits Σ term over the index space `lengths`. Floats are added in blocks of 128, blocks of blocks and so on, so that the error grows
 * with log n and not with n.
 */
export function sumOver(
  k: Emitter,
  dtype: DType,
  lengths: readonly number[],
  term: (at: readonly Value[]) => Value,
): Value {
  const level = (axis: number, at: readonly Value[]): Value =>
    axis === lengths.length ? term(at) : sumAlong(k, dtype, lengths[axis]!, (i) => level(axis + 1, [...at, i]));
  return level(0, []);
}

function sumAlong(k: Emitter, dtype: DType, length: number, term: (i: Value) => Value): Value {
  const int = (value: number): Value => k.literal("int32", value);
  if (length === 1) return term(int(0));
  if (length <= blockLength || !isFloat(dtype))
    return foldAlong(k, k.literal(dtype, 0), length, (sum, i) => k.add(sum, term(i)));
  return sumAlong(k, dtype, Math.ceil(length / blockLength), (block) => {
    const from = k.mul(block, int(blockLength));
    const count = k.min(int(blockLength), k.sub(int(length), from));
    return foldAlong(k, k.literal(dtype, 0), count, (sum, i) => k.add(sum, term(k.add(from, i))));
  });
}

function foldAlong(k: Emitter, initial: Value, count: Value | number, step: (sum: Value, i: Value) => Value): Value {
  const sum = k.variable(initial);
  k.loop(count, (i) => sum.set(step(sum.get(), i)));
  return sum.get();
}

/** Emits loops over the index space `lengths`, last axis innermost. */
export function eachIndex(k: Emitter, lengths: readonly number[], body: (at: readonly Value[]) => void): void {
  const level = (axis: number, at: readonly Value[]): void => {
    if (axis === lengths.length) body(at);
    else if (lengths[axis] === 1) level(axis + 1, [...at, k.literal("int32", 0)]);
    else k.loop(lengths[axis]!, (i) => level(axis + 1, [...at, i]));
  };
  level(0, []);
}
