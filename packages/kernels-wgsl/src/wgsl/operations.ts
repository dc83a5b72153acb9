import { type DType, invariant, isFloat } from "@dzdt/tensor";
import { type BinaryOp, comparisons, type UnaryOp } from "@dzdt/tensor/lower";
import { opaqueText, type Term, typeOf } from "./types";

/** An operation as text, and the dtype of its result. */
export interface OperationText {
  readonly text: string;
  readonly dtype: DType;
}

const infix: Readonly<Record<string, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  rem: "%",
  and: "&",
  or: "|",
  xor: "^",
  equal: "==",
  notEqual: "!=",
  less: "<",
  lessEqual: "<=",
};
const floatHelpers: Readonly<Record<string, string>> = {
  min: "min_float",
  max: "max_float",
  copySign: "copy_sign",
  equal: "equal_float",
  less: "less_float",
  lessEqual: "less_equal_float",
};

/** A binary operation of at most one literal. */
export function binaryText(name: BinaryOp, a: Term, b: Term): OperationText {
  const { dtype } = a;
  const type = comparisons.has(name) ? "bool" : dtype;
  const call = (helper: string): OperationText => ({ dtype: type, text: `${helper}(${a.text}, ${b.text})` });
  const plain = (left = a.text, right = b.text): OperationText => ({
    dtype: type,
    text: `${left} ${infix[name]!} ${right}`,
  });
  if (dtype === "float64") return pairBinary(name, a, b, type);
  if (isFloat(dtype)) {
    if (name === "notEqual") {
      return { dtype: type, text: `!(${binaryText("equal", a, b).text})` };
    }
    // Of a literal it is known that it is a number.
    const other = a.number !== undefined ? b : a;
    if (comparisons.has(name) && Number.isFinite(a.number ?? b.number))
      return { dtype: type, text: `(${plain().text}) & !is_nan(${other.text})` };
    const helper = floatHelpers[name];
    if (helper) return call(helper);
    // Optimisers of drivers know that (c + x) - c is x, which it is not.
    if (name === "add" || name === "sub") return plain(opaque(a), opaque(b));
    invariant(name === "mul" || name === "div", `${name} is not an operation on ${dtype}`);
    // They know that 0 · x and 0 / x are 0, too, which of NaN and infinities they are not.
    return plain(opaqueZero(a), opaqueZero(b));
  }
  if (name === "shiftLeft" || name === "shiftRight") {
    const amount = b.number === undefined ? `(u32(${b.text}) & 31u)` : `${b.number & 31}u`;
    return { dtype: type, text: `${a.text} ${name === "shiftLeft" ? "<<" : ">>"} ${amount}` };
  }
  if (dtype === "bool") {
    if (name === "xor" || name === "notEqual") return { dtype: type, text: `${a.text} != ${b.text}` };
    if (name === "less") return { dtype: type, text: `!${a.text} & ${b.text}` };
    if (name === "lessEqual") return { dtype: type, text: `!${a.text} | ${b.text}` };
    if (name === "min") return { dtype: type, text: `${a.text} & ${b.text}` };
    if (name === "max") return { dtype: type, text: `${a.text} | ${b.text}` };
    invariant(name === "and" || name === "or" || name === "equal", `${name} is not an operation on bool`);
    return plain();
  }
  if (name === "min" || name === "max") return { dtype: type, text: `${name}(${a.text}, ${b.text})` };
  if (name === "div" || name === "rem") {
    if (b.number !== undefined && b.number > 0) return plain();
    return call(`${name}_${dtype === "int32" ? "int" : "uint"}`);
  }
  return plain();
}

/** camelCase to snake_case. */
const pairHelper = (name: string): string => `pair_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;

function pairBinary(name: BinaryOp, a: Term, b: Term, dtype: DType): OperationText {
  if (name === "mul" && isHalving(b)) return { dtype, text: `${a.text} * ${b.number}f` };
  const call = (helper: string, x: string, y: string): OperationText => ({ dtype, text: `${helper}(${x}, ${y})` });
  if (name === "sub" && a.number !== undefined) return call("pair_add", flipped(b.text), a.text);
  if (name === "sub") return call("pair_add", a.text, flipped(b.text));
  // Optimisers of drivers know that (c + x) - c is x, which it is not; of (x + c) - x they know nothing.
  if (name === "add" && a.number !== undefined) return call("pair_add", b.text, a.text);
  if (name === "mul" || name === "div") return call(pairHelper(name), opaqueZeros(a), opaqueZeros(b));
  if (name !== "notEqual") return call(pairHelper(name), a.text, b.text);
  return { dtype, text: `!pair_equal(${a.text}, ${b.text})` };
}

/** A pair with the other sign: by its bits, of which optimisers know nothing either. */
const flipped = (pair: string): string => `bitcast<vec2f>(bitcast<vec2u>(${pair}) ^ vec2u(0x80000000u))`;

/** Products with such powers of two are exact, and do not overflow. */
const isHalving = ({ number }: Term): boolean => number === 0.5 || number === 0.25 || number === 0.125;

const opaque = ({ number, text }: Term): string =>
  number === undefined || !Number.isFinite(number) || number === 0 ? text : opaqueText(number);

const opaqueZeros = (x: Term): string => (x.number === 0 ? `vec2f(${opaqueZero(x)}, 0.0f)` : x.text);

const opaqueZero = ({ number, text }: Term): string => (number === 0 ? opaqueText(number) : text);

/** A unary operation; no text where it changes nothing. */
export function unaryText(name: UnaryOp, { dtype, text }: Term): string | undefined {
  if (name === "not") return dtype === "bool" ? `!${text}` : `~${text}`;
  if (dtype === "float64") return name === "neg" ? flipped(text) : `${pairHelper(name)}(${text})`;
  if (isFloat(dtype)) return `${name}${name === "neg" || name === "abs" || name === "sqrt" ? "_float" : ""}(${text})`;
  if (name === "neg") return dtype === "int32" ? `-${text}` : `0u - ${text}`;
  if (name === "abs" && dtype === "int32") return `abs(${text})`;
  invariant(name !== "sqrt", `sqrt is not an operation on ${dtype}`);
  return undefined;
}

/** A conversion to another dtype that is not bool. */
export function castText({ dtype, text }: Term, to: DType): string {
  const type = typeOf(to);
  if (to === "float64") return pairOf(dtype, text);
  if (dtype === "bool") {
    const [zero, one] = to === "float32" ? ["0.0f", "1.0f"] : to === "int32" ? ["0i", "1i"] : ["0u", "1u"];
    return `select(${zero}, ${one}, ${text})`;
  }
  if (dtype === "int32" || dtype === "uint32") return `${type}(${text})`;
  if (to === "float32") return `${text}.x`;
  return `${to === "int32" ? "int" : "uint"}_of_${dtype === "float64" ? "pair" : "float"}(${text})`;
}

function pairOf(dtype: DType, text: string): string {
  if (dtype === "float32") return `vec2f(bitcast<f32>(bitcast<u32>(${text}) ^ run.zero), 0.0f)`;
  if (dtype === "bool") return `vec2f(select(0.0f, 1.0f, ${text}), 0.0f)`;
  return `pair_of_${dtype === "int32" ? "int" : "uint"}(${text})`;
}
