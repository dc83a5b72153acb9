import { DTypeError, invariant } from "../errors";
import type { Emitter, Index, Operand, Value } from "../lower/emitter";
import { type Primitive, primitive } from "../primitive";
import { type Shape, sizeOf } from "../shape";
import { threefryRounds, type ThreefryWord, wordOf } from "./threefry";

/**
 * Random words of `shape` for a key, or for each of several: keys `[...batch, 2]` → `[...batch, ...shape]`, uint32. A word is `threefry` of
 * the element's row-major position in `shape` as a 64-bit counter, JAX's layout with `jax_threefry_partitionable`; so any part of the
 * result can be computed without the rest.
 */
export const randomBits: Primitive<{ readonly shape: Shape; readonly word: ThreefryWord }> = primitive({
  name: "randomBits",
  domain: { low: 0, high: 1e9 },
  fusion: "make",
  shape: ([key], { shape }) => {
    invariant(key!.shape.at(-1) === 2, "randomBits: a key has two words");
    if (key!.dtype !== "uint32") throw new DTypeError(`randomBits: a key is uint32, not ${key!.dtype}; cast it first`);
    return [{ dtype: "uint32", shape: [...key!.shape.slice(0, -1), ...shape] }];
  },
  vjp: () => [undefined],
  jvp: () => [undefined],
  batch: (o, [key], _batched, attributes) => o.bind(randomBits, [key!], attributes),
  element: (k, [key], i, { shape, word }) => wordOf(k, block(k, key!, i, shape), word),
});

type Block = readonly [Value, Value];

const blocks = new WeakMap<Index, Map<Operand, Block>>();

/** Both words at an index; rules that ask for one and then for the other get them from the same rounds. */
function block(k: Emitter, key: Operand, i: Index, shape: Shape): Block {
  let known = blocks.get(i);
  if (!known) blocks.set(i, (known = new Map<Operand, Block>()));
  let words = known.get(key);
  if (words) return words;
  const batch = key.shape.length - 1;
  const axes = batch ? i.axes().slice(0, batch) : [];
  const half = (which: number): Value => key.at(k.index(key.shape, [...axes, k.literal("int32", which)]));
  const position = batch ? k.rem(i.flat(), k.literal("int32", Math.max(1, sizeOf(shape)))) : i.flat();
  // Positions fit 32 bits, so the counter's high word is 0.
  words = threefryRounds(k, [half(0), half(1)], [k.literal("uint32", 0), k.cast(position, "uint32")]);
  known.set(key, words);
  return words;
}
