import { type DType, isFloat } from "../../dtype";
import type { BinaryOp } from "./scalar";

/** What an integer operation with one literal operand is, when it is not worth an instruction: an operand, a literal, or a cheaper operation. */
export type Simpler =
  | { readonly keep: "a" | "b" }
  | { readonly literal: number }
  | { readonly op: BinaryOp; readonly by: number }
  | undefined;

/** The other operand, where one is the number that changes nothing. */
const neutral = (unit: number, a: number | undefined, b: number | undefined): Simpler =>
  a === unit ? { keep: "b" } : b === unit ? { keep: "a" } : undefined;

/** The number that the result is where either operand is it. */
const absorbing = (number: number, a: number | undefined, b: number | undefined): Simpler =>
  a === number || b === number ? { literal: number } : undefined;

/** Identities of integer arithmetic; index computations rely on them. `a` or `b` is undefined where it is not a literal. */
export function simplify(name: BinaryOp, dtype: DType, a: number | undefined, b: number | undefined): Simpler {
  if (isFloat(dtype)) return undefined;
  switch (name) {
    case "add":
    case "xor":
      return neutral(0, a, b);
    case "or":
      return (dtype === "bool" ? absorbing(1, a, b) : undefined) ?? neutral(0, a, b);
    case "and":
      return absorbing(0, a, b) ?? neutral(dtype === "bool" ? 1 : -1, a, b);
    case "mul":
      return absorbing(0, a, b) ?? neutral(1, a, b);
    case "sub":
    case "shiftLeft":
    case "shiftRight":
      return b === 0 ? { keep: "a" } : undefined;
    case "div":
      if (b === 1) return { keep: "a" };
      if (b === 0) return { literal: 0 };
      return dtype === "uint32" && isPowerOfTwo(b) ? { op: "shiftRight", by: 31 - Math.clz32(b!) } : undefined;
    case "rem":
      if (b === 1 || b === 0) return { literal: 0 };
      return dtype === "uint32" && isPowerOfTwo(b) ? { op: "and", by: b! - 1 } : undefined;
    default:
      return undefined;
  }
}

const isPowerOfTwo = (n: number | undefined): boolean => n !== undefined && n > 0 && (n & (n - 1)) === 0;
