import { DTypeError, invariant } from "../errors";
import type { Emitter, Value } from "../lower/emitter";
import { type Primitive, primitive } from "../primitive";
import { sameShape } from "../shape";
import { alignBatch } from "./elementwise";

/** Which half of the 64 random bits is the result, or both folded into one word. */
export type ThreefryWord = "high" | "low" | "xor";

const rotations: readonly (readonly number[])[] = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];
const parity = 0x1bd11bda;

/**
 * Threefry-2x32 with 20 rounds: 64 random bits for each counter (c0, c1) under the key (k0, k1), elementwise. All four inputs are uint32 of
 * one shape, as is the result. Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405.
 */
export const threefry: Primitive<{ readonly word: ThreefryWord }> = primitive({
  name: "threefry",
  domain: { low: 0, high: 1e9 },
  fusion: "map",
  shape: (ins) => {
    invariant(ins.length === 4, `threefry takes 4 inputs, not ${ins.length}`);
    for (const x of ins) {
      invariant(sameShape(x.shape, ins[0]!.shape), "threefry: inputs were not broadcast");
      if (x.dtype !== "uint32") throw new DTypeError(`threefry: takes uint32 tensors, not ${x.dtype}; cast it first`);
    }
    return [{ dtype: "uint32", shape: ins[0]!.shape }];
  },
  vjp: () => [undefined, undefined, undefined, undefined],
  jvp: () => [undefined],
  batch: (o, ins, batched, attributes, size) => o.bind(threefry, alignBatch(o, ins, batched, size), attributes),
  element: (k, [k0, k1, c0, c1], i, { word }) =>
    wordOf(k, threefryRounds(k, [k0!.at(i), k1!.at(i)], [c0!.at(i), c1!.at(i)]), word),
});

/** The word that is asked for of a high and a low one. */
export const wordOf = (k: Emitter, [high, low]: readonly [Value, Value], word: ThreefryWord): Value =>
  word === "high" ? high : word === "low" ? low : k.xor(high, low);

/** The high and the low random word of a counter under a key, all uint32. */
export function threefryRounds(
  k: Emitter,
  key: readonly [Value, Value],
  counter: readonly [Value, Value],
): [Value, Value] {
  const word = (value: number): Value => k.literal("uint32", value);
  const keys = [key[0], key[1], k.xor(k.xor(key[0], key[1]), word(parity))];
  let [x, y] = [k.add(counter[0], key[0]), k.add(counter[1], key[1])];
  for (let group = 1; group <= 5; group++) {
    for (const by of rotations[(group - 1) % 2]!) {
      x = k.add(x, y);
      y = k.xor(k.or(k.shiftLeft(y, word(by)), k.shiftRight(y, word(32 - by))), x);
    }
    x = k.add(x, keys[group % 3]!);
    y = k.add(y, k.add(keys[(group + 1) % 3]!, word(group)));
  }
  return [x, y];
}
