import { type DType, isFloat } from "../../dtype";
import type { Value } from "../../lower/emitter";
import type { LaneArithmetic } from "./lane-arithmetic";
import type { LaneCode, Parts } from "./lane-code";
import { vector, words } from "./lane-operations";
import { type Lanes, isLanes, isRamp, partsFor, widthOf } from "./lane-values";

export interface LaneConversions {
  cast(a: Value, dtype: DType): Value;
  bitcast(a: Value, dtype: DType): Value;
  words(a: Value): { readonly high: Value; readonly low: Value };
  fromWords(high: Value, low: Value): Value;
}

/** Conversions between the dtypes, which take four or two lanes a vector. */
export function laneConversions(k: LaneCode, { binary, ramp }: LaneArithmetic): LaneConversions {
  const { code, scalar, count } = k;

  /** Four-byte lanes to eight-byte lanes, by an instruction that reads the lower two. */
  const widen = (parts: Parts, instruction: number): Parts =>
    Array.from({ length: partsFor(count, 64) }, (_, p) => {
      const from = parts[p >> 1]!;
      code.get(from);
      if (p % 2 === 1) {
        code.get(from);
        code.simd(vector.shuffle, words(2, 3, 2, 3));
      }
      code.simd(instruction);
      return code.takeVector();
    });

  /** Words of eight-byte lanes side by side. */
  const pick = (parts: Parts, taken: readonly number[]): Parts =>
    Array.from({ length: partsFor(count, 32) }, (_, p) => {
      code.get(parts[2 * p]!);
      code.get(parts[2 * p + 1] ?? parts[2 * p]!);
      code.simd(vector.shuffle, words(...taken));
      return code.takeVector();
    });

  /** Eight-byte lanes to four-byte lanes, by an instruction that gives the lower two. */
  function narrow(parts: Parts, instruction: number): Parts {
    const halves = k.apply([parts], instruction);
    return halves.length === 1 ? halves : pick(halves, [0, 1, 4, 5]);
  }

  function fromMask(a: Value, dtype: DType): Value {
    const one = scalar.literal(dtype, 1);
    return k.vector(dtype, k.apply([k.parts(a, widthOf(dtype)), k.parts(one)], vector.and));
  }

  function convert(parts: Parts, from: DType, to: DType): Parts {
    if (to === "float32") {
      if (from === "float64") return narrow(parts, vector.f32x4DemoteF64x2Zero);
      return k.apply([parts], from === "int32" ? vector.f32x4ConvertI32x4S : vector.f32x4ConvertI32x4U);
    }
    if (to === "float64") {
      if (from === "float32") return widen(parts, vector.f64x2PromoteLowF32x4);
      return widen(parts, from === "int32" ? vector.f64x2ConvertLowI32x4S : vector.f64x2ConvertLowI32x4U);
    }
    if (from === "float64")
      return narrow(parts, to === "int32" ? vector.i32x4TruncSatF64x2SZero : vector.i32x4TruncSatF64x2UZero);
    return k.apply([parts], to === "int32" ? vector.i32x4TruncSatF32x4S : vector.i32x4TruncSatF32x4U);
  }

  /** The same bits under another name. */
  function renamed(a: Lanes, dtype: DType): Value {
    if (isRamp(a)) return ramp(dtype, scalar.bitcast(a.base, dtype), a.step);
    return { ...a, dtype };
  }

  function cast(a: Value, dtype: DType): Value {
    if (a.dtype === dtype) return a;
    if (!isLanes(a)) return scalar.cast(a, dtype);
    if (a.dtype === "bool") return fromMask(a, dtype);
    if (dtype === "bool") return binary("notEqual", a, scalar.literal(a.dtype, 0));
    if (!isFloat(a.dtype) && !isFloat(dtype)) return renamed(a, dtype);
    return k.vector(dtype, convert(a.parts(), a.dtype, dtype));
  }

  function bitcast(a: Value, dtype: DType): Value {
    if (a.dtype === dtype) return a;
    if (!isLanes(a)) return scalar.bitcast(a, dtype);
    if (!isFloat(a.dtype) && !isFloat(dtype)) return renamed(a, dtype);
    return k.vector(dtype, a.parts());
  }

  return {
    cast,
    bitcast,
    words(a) {
      if (!isLanes(a)) return scalar.words(a);
      // Either may not be wanted.
      const word = (taken: readonly number[]): Value => {
        const parts = k.remember(() => pick(a.parts(), taken));
        return { dtype: "uint32", width: 32, parts } as Lanes;
      };
      return { high: word([1, 3, 5, 7]), low: word([0, 2, 4, 6]) };
    },
    fromWords(high, low) {
      if (!isLanes(high) && !isLanes(low)) return scalar.fromWords(high, low);
      const [upper, lower] = [k.parts(high), k.parts(low)];
      const parts = Array.from({ length: partsFor(count, 64) }, (_, p) => {
        code.get(lower[p >> 1]!);
        code.get(upper[p >> 1]!);
        code.simd(vector.shuffle, p % 2 === 0 ? words(0, 4, 1, 5) : words(2, 6, 3, 7));
        return code.takeVector();
      });
      return k.vector("float64", parts);
    },
  };
}
