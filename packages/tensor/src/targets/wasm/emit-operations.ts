import type { DType } from "../../dtype";
import { isFloat } from "../../dtype";
import type { BinaryOp, UnaryOp } from "../../lower/math/scalar";
import { bulk, f32, f64, i32, op } from "./encode";

/** The type of the locals that hold a dtype. */
export const localType = (dtype: DType): number => (dtype === "float32" ? f32 : dtype === "float64" ? f64 : i32);

/** Float instructions come in one order for both widths: distances from `add` and from `abs`. */
const floatArithmetic: Readonly<Record<string, number>> = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  min: 4,
  max: 5,
  copySign: 6,
};
const floatUnary: Readonly<Record<string, number>> = { abs: 0, neg: 1, ceil: 2, floor: 3, trunc: 4, round: 5, sqrt: 6 };
const floatComparison: Readonly<Record<string, number>> = { equal: 0, notEqual: 1, less: 2, lessEqual: 4 };

const signed: Readonly<Record<string, number>> = {
  add: op.i32Add,
  sub: op.i32Sub,
  mul: op.i32Mul,
  and: op.i32And,
  or: op.i32Or,
  xor: op.i32Xor,
  shiftLeft: op.i32Shl,
  shiftRight: op.i32ShrS,
  div: op.i32DivS,
  rem: op.i32RemS,
  equal: op.i32Eq,
  notEqual: op.i32Ne,
  less: op.i32LtS,
  lessEqual: op.i32LeS,
};
const unsigned: Readonly<Record<string, number>> = {
  ...signed,
  shiftRight: op.i32ShrU,
  div: op.i32DivU,
  rem: op.i32RemU,
  less: op.i32LtU,
  lessEqual: op.i32LeU,
};

/** The one instruction for a binary operation, or undefined where it takes several. */
export function binaryInstruction(name: BinaryOp, dtype: DType): number | undefined {
  if (!isFloat(dtype)) return (dtype === "int32" ? signed : unsigned)[name];
  const wide = dtype === "float64";
  const comparison = floatComparison[name];
  if (comparison !== undefined) return (wide ? op.f64Eq : op.f32Eq) + comparison;
  const arithmetic = floatArithmetic[name];
  return arithmetic === undefined ? undefined : (wide ? op.f64Add : op.f32Add) + arithmetic;
}

/** The one instruction for a unary operation on floats. */
export function unaryInstruction(name: UnaryOp, dtype: DType): number | undefined {
  const distance = floatUnary[name];
  return distance === undefined ? undefined : (dtype === "float64" ? op.f64Abs : op.f32Abs) + distance;
}

/** The instruction that converts between two dtypes of different representation; none where the bits stay (integers, bool to integer). */
export function conversion(from: DType, to: DType): readonly number[] {
  if (to === "float32") {
    if (from === "float64") return [op.f32DemoteF64];
    return [from === "int32" ? op.f32ConvertI32S : op.f32ConvertI32U];
  }
  if (to === "float64") {
    if (from === "float32") return [op.f64PromoteF32];
    return [from === "int32" ? op.f64ConvertI32S : op.f64ConvertI32U];
  }
  if (from === "float32") return to === "int32" ? bulk.i32TruncSatF32S : bulk.i32TruncSatF32U;
  if (from === "float64") return to === "int32" ? bulk.i32TruncSatF64S : bulk.i32TruncSatF64U;
  return [];
}

/** Load and store instructions with the alignment (log2 of bytes) that goes with them. */
export const access: Readonly<
  Record<DType, { readonly load: number; readonly store: number; readonly align: number }>
> = {
  float32: { load: op.f32Load, store: op.f32Store, align: 2 },
  float64: { load: op.f64Load, store: op.f64Store, align: 3 },
  int32: { load: op.i32Load, store: op.i32Store, align: 2 },
  uint32: { load: op.i32Load, store: op.i32Store, align: 2 },
  bool: { load: op.i32Load8U, store: op.i32Store8, align: 0 },
};
