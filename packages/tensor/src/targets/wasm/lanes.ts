import { isFloat } from "../../dtype";
import { invariant } from "../../errors";
import type { Value } from "../../lower/emitter";
import type { LaneEmitter } from "../../lower/machine";
import { indexOfAxes, indexOfFlat } from "../../lower/math/positions";
import type { BinaryOp, UnaryOp } from "../../lower/math/scalar";
import type { Callees } from "./callees";
import { laneArithmetic } from "./lane-arithmetic";
import { laneControl } from "./lane-control";
import type { LaneCode } from "./lane-code";
import { laneConversions } from "./lane-conversions";
import { laneMath } from "./lane-math";
import { laneMemory } from "./lane-memory";
import { isLanes } from "./lane-values";

/** Emits the code for several elements at once, in the function whose locals and instructions `k` knows. */
export function laneEmitter(k: LaneCode, callees: Callees): LaneEmitter {
  const arithmetic = laneArithmetic(k);
  const control = laneControl(k);
  const conversions = laneConversions(k, arithmetic);
  const memory = laneMemory(k, arithmetic, control);
  const { scalar, count } = k;

  const two =
    (name: BinaryOp) =>
    (a: Value, b: Value): Value =>
      arithmetic.binary(name, a, b);
  const one =
    (name: UnaryOp) =>
    (a: Value): Value =>
      arithmetic.unary(name, a);

  const emitter: LaneEmitter = {
    target: scalar.target,
    count,
    literal: (dtype, value) => scalar.literal(dtype, value),
    add: two("add"),
    sub: two("sub"),
    mul: two("mul"),
    div: two("div"),
    rem: (a, b) => (isFloat(a.dtype) ? laneMath(k, emitter, callees, "rem", [a, b]) : two("rem")(a, b)),
    min: two("min"),
    max: two("max"),
    copySign: two("copySign"),
    equal: two("equal"),
    notEqual: two("notEqual"),
    less: two("less"),
    lessEqual: two("lessEqual"),
    and: two("and"),
    or: two("or"),
    xor: two("xor"),
    shiftLeft: two("shiftLeft"),
    shiftRight: two("shiftRight"),
    neg: one("neg"),
    abs: one("abs"),
    sqrt: one("sqrt"),
    floor: one("floor"),
    ceil: one("ceil"),
    trunc: one("trunc"),
    round: one("round"),
    not: one("not"),
    ...(scalar.fused && {
      fused: {
        addProduct: (c, a, b) => arithmetic.fusedProduct("addProduct", c, a, b),
        subProduct: (c, a, b) => arithmetic.fusedProduct("subProduct", c, a, b),
      },
    }),
    select: (condition, a, b) => arithmetic.select(condition, a, b),
    ...conversions,
    math: (name, ...args) => laneMath(k, emitter, callees, name, args),
    oneByOne: (name, arg) =>
      isLanes(arg) ? k.each(arg.dtype, [arg], ([x]) => scalar.math(name, x!)) : scalar.math(name, arg),
    variable: (initial) => control.variable(initial),
    loop: (total, body) => control.loop(total, body),
    while: (condition, body) => control.while(condition, body),
    if: (condition, then, otherwise) => control.if(condition, then, otherwise),
    ...memory,
    index: (shape, axes) => indexOfAxes(emitter, k.remember, shape, axes),
    flatIndex: (shape, flat) => indexOfFlat(emitter, k.remember, shape, flat),
    ramp: (from, step) => {
      invariant(!isLanes(from), "a ramp from a number that differs between lanes");
      return arithmetic.ramp(from.dtype, from, step);
    },
    grid: (row, column, columns) => [
      arithmetic.grid("int32", { first: row, along: 0, down: 1, columns }),
      arithmetic.grid("int32", { first: column, along: 1, down: 0, columns }),
    ],
    upTo: (condition) => k.upTo(condition),
    lane: (value, lane) => k.lane(value, lane),
    halves: (value) => k.halves(value),
    any: (condition) => control.any(condition),
  };
  return emitter;
}
