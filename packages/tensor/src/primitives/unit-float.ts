import { type DType, isFloat } from "../dtype";
import { DTypeError, invariant } from "../errors";
import { type Primitive, primitive } from "../primitive";
import { sameShape } from "../shape";
import { alignBatch } from "./elementwise";

const one = { float32: 0x3f800000, float64: 0x3ff00000 };

/**
 * Random bits as a float in [0, 1): the upper bits become the mantissa of a number in [1, 2), less 1. Elementwise; float32 takes one uint32
 * tensor (23 bits of it are used), float64 takes the high and the low words (52 bits).
 */
export const unitFloat: Primitive<{ readonly dtype: DType }> = primitive({
  name: "unitFloat",
  domain: { low: 0, high: 4e9 },
  fusion: "map",
  shape: (ins, { dtype }) => {
    invariant(
      isFloat(dtype) && ins.length === (dtype === "float32" ? 1 : 2),
      `unitFloat: ${ins.length} words for ${dtype}`,
    );
    for (const x of ins) {
      invariant(sameShape(x.shape, ins[0]!.shape), "unitFloat: inputs were not broadcast");
      if (x.dtype !== "uint32") throw new DTypeError(`unitFloat: takes uint32 tensors, not ${x.dtype}; cast it first`);
    }
    return [{ dtype, shape: ins[0]!.shape }];
  },
  vjp: (_o, _cts, ins) => ins.map(() => undefined),
  jvp: () => [undefined],
  batch: (o, ins, batched, attributes, size) => o.bind(unitFloat, alignBatch(o, ins, batched, size), attributes),
  element: (k, [first, second], i, { dtype }) => {
    const word = (value: number): ReturnType<typeof k.literal> => k.literal("uint32", value);
    const high = first!.at(i);
    if (dtype === "float32")
      return k.sub(k.bitcast(k.or(k.shiftRight(high, word(9)), word(one.float32)), dtype), k.literal(dtype, 1));
    const low = k.or(k.shiftLeft(high, word(20)), k.shiftRight(second!.at(i), word(12)));
    return k.sub(k.fromWords(k.or(k.shiftRight(high, word(12)), word(one.float64)), low), k.literal(dtype, 1));
  },
});
