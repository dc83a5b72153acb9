import type { DType } from "../../dtype";
import type { MathFunction, Value } from "../../lower/emitter";
import type { LaneEmitter } from "../../lower/machine";
import { mathRule } from "../../lower/math/functions";
import type { Callees } from "./callees";
import type { LaneCode, Parts } from "./lane-code";
import { isLanes, partsFor, widthOf } from "./lane-values";

/** Calls the function that computes this for a few vectors: as many as go through registers. */
function call(k: LaneCode, callees: Callees, name: MathFunction | "rem", args: readonly Value[]): Value {
  const { dtype } = args[0]!;
  const vectors = args.map((arg) => k.parts(arg));
  const parts: number[] = [];
  const most = args.length === 1 ? 4 : 2;
  for (let p = 0; p < vectors[0]!.length; p += most) {
    const group = vectors.map((list) => list.slice(p, p + most));
    for (const local of group.flat()) k.code.get(local);
    k.code.call(callees.vectorMath(name, dtype, group[0]!.length), []);
    const results = group[0]!.map(() => k.code.vector());
    for (const local of results.toReversed()) k.code.set({ local });
    parts.push(...results);
  }
  return k.vector(dtype, parts);
}

/** An elementary function of lanes: its code again where it is short, as a call would cost as much again. */
export function laneMath(
  k: LaneCode,
  lanes: LaneEmitter,
  callees: Callees,
  name: MathFunction | "rem",
  args: readonly Value[],
): Value {
  if (!args.some(isLanes)) return name === "rem" ? k.scalar.rem(args[0]!, args[1]!) : k.scalar.math(name, ...args);
  if (!callees.repeatsMath(name)) return call(k, callees, name, args);
  const { dtype } = args[0]!;
  const vectors = args.map((arg) => k.vector(dtype, k.parts(arg)));
  const result = Array.from({ length: partsFor(k.count, widthOf(dtype)) }, () => k.code.vector());
  k.scalar.scope(() => k.assign(result, k.parts(mathRule(name).emit(lanes, vectors))));
  return k.vector(dtype, result);
}

/** The results of an elementary function in a function of its own, the parameters of which are the vectors of its arguments. */
export function mathOfVectors(k: LaneCode, lanes: LaneEmitter, name: MathFunction | "rem", dtype: DType): Parts {
  const rule = mathRule(name);
  const vectors = partsFor(k.count, widthOf(dtype));
  const args = Array.from({ length: rule.arguments }, (_, i) =>
    k.vector(
      dtype,
      Array.from({ length: vectors }, (_, p) => i * vectors + p),
    ),
  );
  return k.parts(rule.emit(lanes, args));
}
