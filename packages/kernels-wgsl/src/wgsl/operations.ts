import { type DType, invariant, isFloat } from "@dzdt/tensor";
import { type BinaryOp, comparisons, type UnaryOp } from "@dzdt/tensor/lower";
import { opaqueText, type Term, typeOf } from "./types";

/** An operation as text, and the helper that it calls. */
export interface OperationText {
  readonly text: string;
  readonly dtype: DType;
  readonly helper?: string;
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
  typeOf(dtype);
  const type = comparisons.has(name) ? "bool" : dtype;
  const call = (helper: string): OperationText => ({ dtype: type, helper, text: `${helper}(${a.text}, ${b.text})` });
  const plain = (left = a.text, right = b.text): OperationText => ({
    dtype: type,
    text: `${left} ${infix[name]!} ${right}`,
  });
  if (isFloat(dtype)) {
    if (name === "notEqual") {
      const { text, ...rest } = binaryText("equal", a, b);
      return { ...rest, text: `!(${text})` };
    }
    // Of a literal it is known that it is a number.
    const other = a.number !== undefined ? b : a;
    if (comparisons.has(name) && Number.isFinite(a.number ?? b.number))
      return { dtype: type, helper: "is_nan", text: `(${plain().text}) & !is_nan(${other.text})` };
    const helper = floatHelpers[name];
    if (helper) return call(helper);
    // Optimisers of drivers know that (c + x) - c is x, which it is not.
    if (name === "add" || name === "sub") return plain(opaque(a), opaque(b));
    invariant(name === "mul" || name === "div", `${name} is not an operation on ${dtype}`);
    return plain();
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

const opaque = ({ number, text }: Term): string =>
  number === undefined || !Number.isFinite(number) || number === 0 ? text : opaqueText(number);

/** A unary operation; no text where it changes nothing. */
export function unaryText(
  name: UnaryOp,
  { dtype, text }: Term,
): { readonly text: string | undefined; readonly helper?: string } {
  const call = (helper: string): { text: string; helper: string } => ({ helper, text: `${helper}(${text})` });
  typeOf(dtype);
  if (name === "not") return { text: dtype === "bool" ? `!${text}` : `~${text}` };
  if (isFloat(dtype)) {
    if (name === "neg" || name === "abs" || name === "sqrt") return call(`${name}_float`);
    return { text: `${name}(${text})` };
  }
  if (name === "neg") return { text: dtype === "int32" ? `-${text}` : `0u - ${text}` };
  if (name === "abs" && dtype === "int32") return { text: `abs(${text})` };
  invariant(name !== "sqrt", `sqrt is not an operation on ${dtype}`);
  return { text: undefined };
}

/** A conversion to another dtype that is not bool. */
export function castText({ dtype, text }: Term, to: DType): { readonly text: string; readonly helper?: string } {
  const type = typeOf(to);
  typeOf(dtype);
  if (dtype === "bool") {
    const [zero, one] = to === "float32" ? ["0.0f", "1.0f"] : to === "int32" ? ["0i", "1i"] : ["0u", "1u"];
    return { text: `select(${zero}, ${one}, ${text})` };
  }
  if (dtype !== "float32") return { text: `${type}(${text})` };
  const helper = to === "int32" ? "int_of_float" : "uint_of_float";
  return { helper, text: `${helper}(${text})` };
}
