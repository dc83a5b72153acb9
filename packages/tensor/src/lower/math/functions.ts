import type { Emitter, MathFunction, Value } from "../emitter";
import { acos } from "./acos";
import { asin } from "./asin";
import { atan } from "./atan";
import { atan2 } from "./atan2";
import { cos } from "./cos";
import { cosh } from "./cosh";
import { erf } from "./erf";
import { erfinv } from "./erfinv";
import { exp } from "./exp";
import { expm1 } from "./expm1";
import { log } from "./log";
import { log1p } from "./log1p";
import { pow } from "./pow";
import { remainder } from "./remainder";
import { sin } from "./sin";
import { sinh } from "./sinh";
import { tan } from "./tan";
import { tanh } from "./tanh";

/** Emits an elementary function of one or two arguments of one float dtype. */
export interface MathRule {
  readonly arguments: 1 | 2;
  /** So much code that even targets that repeat the code of others where it is used call this one. */
  readonly long: boolean;
  emit(k: Emitter, args: readonly Value[]): Value;
}

const unary = (rule: (k: Emitter, x: Value) => Value, long = false): MathRule => ({
  arguments: 1,
  long,
  emit: (k, args) => rule(k, args[0]!),
});
const binary = (rule: (k: Emitter, x: Value, y: Value) => Value, long = false): MathRule => ({
  arguments: 2,
  long,
  emit: (k, args) => rule(k, args[0]!, args[1]!),
});

/** How each elementary function is computed on targets that have none of their own. */
export const mathFunctions: Readonly<Record<MathFunction, MathRule>> = {
  exp: unary(exp),
  expm1: unary(expm1),
  log: unary(log),
  log1p: unary(log1p),
  sin: unary(sin),
  cos: unary(cos),
  tan: unary(tan, true),
  asin: unary(asin),
  acos: unary(acos),
  atan: unary(atan),
  atan2: binary(atan2),
  sinh: unary(sinh),
  cosh: unary(cosh),
  tanh: unary(tanh),
  erf: unary(erf),
  erfinv: unary(erfinv),
  pow: binary(pow, true),
};

const remainders: MathRule = binary(remainder, true);

/** The rule of an elementary function, or of the float remainder. */
export const mathRule = (name: MathFunction | "rem"): MathRule => (name === "rem" ? remainders : mathFunctions[name]);
