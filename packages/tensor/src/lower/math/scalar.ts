import type { DType } from "../../dtype";

/** Operations of the emitter on one number. */
export type UnaryOp = "neg" | "abs" | "sqrt" | "floor" | "ceil" | "trunc" | "round" | "not";
/** Operations of the emitter on two numbers of one dtype; those of {@link comparisons} give `bool`. */
export type BinaryOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "rem"
  | "min"
  | "max"
  | "copySign"
  | "and"
  | "or"
  | "xor"
  | "shiftLeft"
  | "shiftRight"
  | Comparison;
export type Comparison = "equal" | "notEqual" | "less" | "lessEqual";

/** The binary operations that give `bool`. */
export const comparisons: ReadonlySet<string> = new Set<Comparison>(["equal", "notEqual", "less", "lessEqual"]);

type Unary = (a: number) => number;
type Binary = (a: number, b: number) => number;

const view = new DataView(new ArrayBuffer(8));
const isNegative = (x: number): boolean => x < 0 || Object.is(x, -0);

/** To the nearest integer, ties to even, keeping the sign of zero. */
function roundEven(x: number): number {
  const below = Math.floor(x);
  const part = x - below;
  const up = part > 0.5 || (part === 0.5 && below % 2 !== 0);
  const rounded = up ? below + 1 : below;
  return rounded === 0 && isNegative(x) ? -0 : rounded;
}

const floats: Readonly<Record<string, Binary>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  rem: (a, b) => a % b,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  copySign: (a, b) => (isNegative(b) ? -Math.abs(a) : Math.abs(a)),
  neg: (a) => -a,
  abs: Math.abs,
  sqrt: Math.sqrt,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  round: roundEven,
};

const same: Unary = (a) => a;
const integers: Readonly<Record<string, Binary>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: Math.imul,
  div: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  rem: (a, b) => (b === 0 ? 0 : a % b),
  min: Math.min,
  max: Math.max,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shiftLeft: (a, b) => a << b,
  neg: (a) => -a,
  abs: Math.abs,
  not: (a) => ~a,
  floor: same,
  ceil: same,
  trunc: same,
  round: same,
};

const compared: Readonly<Record<Comparison, Binary>> = {
  equal: (a, b) => Number(a === b),
  notEqual: (a, b) => Number(a !== b),
  less: (a, b) => Number(a < b),
  lessEqual: (a, b) => Number(a <= b),
};

/** The number of `dtype` that stands for `x`: rounded to single, or wrapped to 32 bits; anything but 0 is true. */
export function represent(dtype: DType, x: number): number {
  switch (dtype) {
    case "float32":
      return Math.fround(x);
    case "float64":
      return x;
    case "int32":
      return x | 0;
    case "uint32":
      return x >>> 0;
    case "bool":
      return x !== 0 ? 1 : 0;
  }
}

function ruleOf(op: string, dtype: DType): Binary {
  if (op === "shiftRight") return dtype === "uint32" ? (a, b) => a >>> b : (a, b) => a >> b;
  if (op === "not" && dtype === "bool") return (a) => Number(a === 0);
  const rule = (dtype === "float32" || dtype === "float64" ? floats : integers)[op];
  if (rule === undefined) throw new TypeError(`${op}: not an operation on ${dtype}`);
  return rule;
}

/** What `op` does to one number of `dtype`; the meaning that every target must reproduce. */
export function unary(op: UnaryOp, dtype: DType): Unary {
  const rule = ruleOf(op, dtype);
  return (a) => represent(dtype, rule(a, 0));
}

/** What `op` does to two numbers of `dtype`. */
export function binary(op: BinaryOp, dtype: DType): Binary {
  if (comparisons.has(op)) return compared[op as Comparison];
  const rule = ruleOf(op, dtype);
  return (a, b) => represent(dtype, rule(a, b));
}

const bounds = { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1] } as const;

/** NumPy's conversion of a number between dtypes; floats out of range saturate and NaN becomes 0. */
export function convert(from: DType, to: DType): Unary {
  if ((to === "int32" || to === "uint32") && (from === "float32" || from === "float64")) {
    const [low, high] = bounds[to];
    return (a) => (Number.isNaN(a) ? 0 : Math.trunc(Math.min(Math.max(a, low), high)) + 0);
  }
  return (a) => represent(to, a);
}

/** The same 32 bits read as another dtype. */
export function reinterpret(from: DType, to: DType): Unary {
  return (a) => {
    if (from === "float32") view.setFloat32(0, a);
    else view.setInt32(0, a);
    return to === "float32" ? view.getFloat32(0) : to === "int32" ? view.getInt32(0) : view.getUint32(0);
  };
}

/** Upper or lower 32 bits of a double. */
export function wordOf(a: number, which: "high" | "low"): number {
  view.setFloat64(0, a);
  return view.getUint32(which === "high" ? 0 : 4);
}

/** The double with these upper and lower 32 bits. */
export function doubleOf(high: number, low: number): number {
  view.setUint32(0, high);
  view.setUint32(4, low);
  return view.getFloat64(0);
}
