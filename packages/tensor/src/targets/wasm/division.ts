import type { Value } from "../../lower/emitter";
import type { MachineEmitter } from "../../lower/machine";
import { type FunctionCode, literalOf } from "./emit-code";
import { binaryInstruction } from "./emit-operations";

/** Division of integers that does not trap: by 0 it gives 0, and INT_MIN / -1 wraps. */
export function divide(k: MachineEmitter, code: FunctionCode, name: "div" | "rem", a: Value, b: Value): Value {
  const { dtype } = a;
  const divisor = literalOf(b);
  const instruction = binaryInstruction(name, dtype)!;
  const one = k.literal(dtype, 1);
  const zero = k.literal(dtype, 0);
  if (divisor === -1 && dtype === "int32") return name === "div" ? k.neg(a) : zero;
  if (divisor !== undefined) return code.emit(dtype, [a, b], instruction);
  const isZero = k.equal(b, zero);
  const isMinusOne = dtype === "int32" ? k.equal(b, k.literal(dtype, -1)) : k.literal("bool", 0);
  const safe = k.select(k.or(isZero, isMinusOne), one, b);
  const result = code.emit(dtype, [a, safe], instruction);
  // Whatever it stands for, dividing by 1 leaves the remainder 0.
  if (name === "rem") return result;
  return k.select(isZero, zero, k.select(isMinusOne, k.neg(a), result));
}
