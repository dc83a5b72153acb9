import type { DType } from "@dzdt/tensor";
import * as scalar from "@dzdt/tensor/lower";
import { literalText, pairValue, type Term } from "./types";

/** A value known while emitting, if there is one. */
export type Folded = Term | undefined;

/** A number as a value. */
export function literal(dtype: DType, value: number): Term {
  const number = dtype === "float64" ? pairValue(value) : scalar.represent(dtype, value);
  return { dtype, number, text: literalText(dtype, number) };
}

export function unary(name: scalar.UnaryOp, { dtype, number }: Term): Folded {
  return number === undefined ? undefined : literal(dtype, scalar.unary(name, dtype)(number));
}

export function cast({ dtype, number }: Term, to: DType): Folded {
  return number === undefined ? undefined : literal(to, scalar.convert(dtype, to)(number));
}

export function bitcast({ dtype, number }: Term, to: DType): Folded {
  return number === undefined ? undefined : literal(to, scalar.reinterpret(dtype, to)(number));
}

/** Arithmetic on literals, and the identities of integers that index computations rely on. */
export function binary(name: scalar.BinaryOp, a: Term, b: Term): Folded {
  const { dtype } = a;
  const [x, y] = [a.number, b.number];
  if (x !== undefined && y !== undefined)
    return literal(scalar.comparisons.has(name) ? "bool" : dtype, scalar.binary(name, dtype)(x, y));
  if (dtype === "float32" || dtype === "float64") return undefined;
  switch (name) {
    case "add":
    case "xor":
      if (dtype === "bool") return undefined;
      return x === 0 ? b : y === 0 ? a : undefined;
    case "or":
      if (dtype === "bool" && (x === 1 || y === 1)) return literal(dtype, 1);
      return x === 0 ? b : y === 0 ? a : undefined;
    case "and":
      if (x === 0 || y === 0) return literal(dtype, 0);
      return dtype !== "bool" ? undefined : x === 1 ? b : y === 1 ? a : undefined;
    case "sub":
    case "shiftLeft":
    case "shiftRight":
      return y === 0 ? a : undefined;
    case "mul":
      if (x === 0 || y === 0) return literal(dtype, 0);
      return x === 1 ? b : y === 1 ? a : undefined;
    case "div":
      return y === 1 ? a : y === 0 ? literal(dtype, 0) : undefined;
    case "rem":
      return y === 1 || y === 0 ? literal(dtype, 0) : undefined;
    default:
      return undefined;
  }
}
