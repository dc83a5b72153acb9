import type { Value } from "../../lower/emitter";
import type { LaneCode, Parts } from "./lane-code";
import { vector, words } from "./lane-operations";
import { type Lanes, widthOf } from "./lane-values";

/**
 * The quotient of unsigned 32-bit integers by a constant, through the upper half of a product (Granlund and Montgomery 1994,
 * doi:10.1145/178243.178249, figure 4.1).
 */
function quotient(k: LaneCode, a: Parts, divisor: number): Parts {
  const bits = 32 - Math.clz32(divisor - 1);
  const shifted = (parts: Parts, by: number): Parts =>
    by === 0 ? parts : k.shift(parts, vector.i32x4ShrU, k.scalar.literal("int32", by));
  if (2 ** bits === divisor) return shifted(a, bits);
  // ⌊2³²·(2^bits − divisor)/divisor⌋ + 1, in whole numbers.
  const multiplier = Number((2n ** 32n * (2n ** BigInt(bits) - BigInt(divisor))) / BigInt(divisor) + 1n);
  const factor = a.map(() => k.code.constant("uint32", multiplier));
  const low = k.apply([a, factor], vector.i64x2ExtmulLowI32x4U);
  const high = k.apply([a, factor], vector.i64x2ExtmulHighI32x4U);
  const upper = k.apply([low, high], vector.shuffle, words(1, 3, 5, 7));
  const rest = shifted(k.apply([a, upper], vector.i32x4Sub), 1);
  return shifted(k.apply([rest, upper], vector.i32x4Add), bits - 1);
}

/** Division of integers by a constant other than 0; truncates, and INT_MIN / −1 wraps. */
export function divideByLiteral(k: LaneCode, name: "div" | "rem", a: Value, divisor: number): Lanes {
  const { dtype } = a;
  const x = k.parts(a, widthOf(dtype));
  const size = Math.abs(divisor);
  /** −x where the sign is all ones, x where it is 0. */
  const signed = (parts: Parts, sign: Parts): Parts =>
    k.apply([k.apply([parts, sign], vector.xor), sign], vector.i32x4Sub);
  let result: Parts;
  if (dtype === "uint32") result = quotient(k, x, divisor);
  else {
    const sign = k.shift(x, vector.i32x4ShrS, k.scalar.literal("int32", 31));
    const ofSizes = quotient(k, signed(x, sign), size);
    result = signed(ofSizes, divisor < 0 ? k.apply([sign], vector.not) : sign);
  }
  if (name === "div") return k.vector(dtype, result);
  const product = k.apply([result, x.map(() => k.code.constant(dtype, divisor))], vector.i32x4Mul);
  return k.vector(dtype, k.apply([x, product], vector.i32x4Sub));
}
