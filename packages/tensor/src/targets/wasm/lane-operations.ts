import type { DType } from "../../dtype";
import type { FusedProducts } from "../../lower/emitter";
import type { BinaryOp, UnaryOp } from "../../lower/math/scalar";

/** SIMD instructions, behind the prefix 0xfd (WebAssembly core specification 2.0, §5.4.9). */
export const vector = {
  load: 0x00,
  load8Splat: 0x07,
  store: 0x0b,
  const: 0x0c,
  shuffle: 0x0d,
  i32x4Splat: 0x11,
  f32x4Splat: 0x13,
  f64x2Splat: 0x14,
  i32x4Extract: 0x1b,
  i32x4Replace: 0x1c,
  f32x4Extract: 0x1f,
  f32x4Replace: 0x20,
  f64x2Extract: 0x21,
  f64x2Replace: 0x22,
  i32x4Eq: 0x37,
  i32x4Ne: 0x38,
  not: 0x4d,
  and: 0x4e,
  andNot: 0x4f,
  or: 0x50,
  xor: 0x51,
  bitselect: 0x52,
  anyTrue: 0x53,
  load8Lane: 0x54,
  store8Lane: 0x58,
  load32Zero: 0x5c,
  load64Zero: 0x5d,
  f32x4DemoteF64x2Zero: 0x5e,
  f64x2PromoteLowF32x4: 0x5f,
  i8x16NarrowI16x8S: 0x65,
  i16x8NarrowI32x4S: 0x85,
  i16x8ExtendLowI8x16U: 0x89,
  i16x8ExtendHighI8x16U: 0x8a,
  i32x4ExtendLowI16x8U: 0xa9,
  i32x4ExtendHighI16x8U: 0xaa,
  i32x4Shl: 0xab,
  i32x4ShrS: 0xac,
  i32x4ShrU: 0xad,
  i32x4Add: 0xae,
  i32x4Sub: 0xb1,
  i32x4Mul: 0xb5,
  i64x2ExtmulLowI32x4U: 0xde,
  i64x2ExtmulHighI32x4U: 0xdf,
  f32x4Pmin: 0xea,
  f32x4Pmax: 0xeb,
  f64x2Pmin: 0xf6,
  f64x2Pmax: 0xf7,
  i32x4TruncSatF32x4S: 0xf8,
  i32x4TruncSatF32x4U: 0xf9,
  f32x4ConvertI32x4S: 0xfa,
  f32x4ConvertI32x4U: 0xfb,
  i32x4TruncSatF64x2SZero: 0xfc,
  i32x4TruncSatF64x2UZero: 0xfd,
  f64x2ConvertLowI32x4S: 0xfe,
  f64x2ConvertLowI32x4U: 0xff,
} as const;

type Table<Name extends string> = Readonly<Partial<Record<Name, number>>>;

const signed: Table<BinaryOp> = {
  add: vector.i32x4Add,
  sub: vector.i32x4Sub,
  mul: vector.i32x4Mul,
  min: 0xb6,
  max: 0xb8,
  and: vector.and,
  or: vector.or,
  xor: vector.xor,
  equal: vector.i32x4Eq,
  notEqual: vector.i32x4Ne,
  less: 0x39,
  lessEqual: 0x3d,
};

/** The one instruction on two vectors for a binary operation, where there is one. */
export const binaryInstructions: Readonly<Record<DType, Table<BinaryOp>>> = {
  // min and max of these instructions are those of the emitter, signed zeros and NaN included.
  float32: {
    add: 0xe4,
    sub: 0xe5,
    mul: 0xe6,
    div: 0xe7,
    min: 0xe8,
    max: 0xe9,
    equal: 0x41,
    notEqual: 0x42,
    less: 0x43,
    lessEqual: 0x45,
  },
  float64: {
    add: 0xf0,
    sub: 0xf1,
    mul: 0xf2,
    div: 0xf3,
    min: 0xf4,
    max: 0xf5,
    equal: 0x47,
    notEqual: 0x48,
    less: 0x49,
    lessEqual: 0x4b,
  },
  int32: signed,
  uint32: { ...signed, min: 0xb7, max: 0xb9, less: 0x3a, lessEqual: 0x3e },
  bool: { min: vector.and, max: vector.or, and: vector.and, or: vector.or, xor: vector.xor, notEqual: vector.xor },
};

/** The one instruction for a unary operation, where there is one. */
export const unaryInstructions: Readonly<Record<DType, Table<UnaryOp>>> = {
  float32: { abs: 0xe0, neg: 0xe1, sqrt: 0xe3, ceil: 0x67, floor: 0x68, trunc: 0x69, round: 0x6a },
  float64: { abs: 0xec, neg: 0xed, sqrt: 0xef, ceil: 0x74, floor: 0x75, trunc: 0x7a, round: 0x94 },
  int32: { abs: 0xa0, neg: 0xa1, not: vector.not },
  uint32: { neg: 0xa1, not: vector.not },
  bool: { not: vector.not },
};

/** For a, b and c, in this order; rounded once where the processor can (relaxed SIMD). */
export function fusedInstruction(name: keyof FusedProducts, dtype: DType): number {
  const [add, sub] = dtype === "float32" ? [0x105, 0x106] : [0x107, 0x108];
  return name === "addProduct" ? add : sub;
}

/** Minimum and maximum as a comparison and a selection: `b < a ? b : a` and `a < b ? b : a`. */
export const selections: Readonly<Record<"float32" | "float64", { readonly least: number; readonly most: number }>> = {
  float32: { least: vector.f32x4Pmin, most: vector.f32x4Pmax },
  float64: { least: vector.f64x2Pmin, most: vector.f64x2Pmax },
};

interface Access {
  readonly splat: number;
  readonly extract: number;
  readonly replace: number;
}

const integers: Access = { splat: vector.i32x4Splat, extract: vector.i32x4Extract, replace: vector.i32x4Replace };

/** How single lanes of a vector are read and written. */
export const laneAccess: Readonly<Record<Exclude<DType, "bool">, Access>> = {
  float32: { splat: vector.f32x4Splat, extract: vector.f32x4Extract, replace: vector.f32x4Replace },
  float64: { splat: vector.f64x2Splat, extract: vector.f64x2Extract, replace: vector.f64x2Replace },
  int32: integers,
  uint32: integers,
};

/** The immediate of a shuffle that takes these lanes, of so many bytes each: first those of one vector, then those of the other. */
export const taking = (bytes: number, lanes: readonly number[]): readonly number[] =>
  lanes.flatMap((lane) => Array.from({ length: bytes }, (_, i) => lane * bytes + i));

/** The same for 32-bit words. */
export const words = (...list: readonly number[]): readonly number[] => taking(4, list);
