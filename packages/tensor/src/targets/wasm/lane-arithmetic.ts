import { type DType, isFloat, isInteger } from "../../dtype";
import { invariant, mistake } from "../../errors";
import type { FusedProducts, Value } from "../../lower/emitter";
import { simplify } from "../../lower/math/identities";
import { type BinaryOp, type UnaryOp, comparisons } from "../../lower/math/scalar";
import { held, literalOf } from "./emit-code";
import type { LaneCode, Parts } from "./lane-code";
import { divideByLiteral } from "./lane-division";
import { binaryInstructions, fusedInstruction, selections, unaryInstructions, vector } from "./lane-operations";
import { type Grid, type Lanes, type Ramp, isGrid, isLanes, isMask, isRamp, widthOf } from "./lane-values";

export interface LaneArithmetic {
  readonly binary: (name: BinaryOp, a: Value, b: Value) => Value;
  readonly unary: (name: UnaryOp, a: Value) => Value;
  readonly select: (condition: Value, a: Value, b: Value) => Value;
  readonly fusedProduct: (name: keyof FusedProducts, c: Value, a: Value, b: Value) => Value;
  readonly ramp: (dtype: DType, base: Value, step: number) => Value;
  readonly grid: (dtype: DType, steps: Steps) => Value;
}

/** How an integer grows from lane to lane. */
type Steps = Pick<Grid, "first" | "along" | "down" | "columns">;

/** Is it the same number whatever the code computes? */
function same(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (isLanes(a) || isLanes(b) || a.dtype !== b.dtype) return false;
  const [x, y] = [literalOf(a), literalOf(b)];
  return x === undefined || y === undefined ? x === y && held(a).local === held(b).local : Object.is(x, y);
}

/** Arithmetic, comparisons and selections on lanes. */
export function laneArithmetic(k: LaneCode): LaneArithmetic {
  const { scalar } = k;
  const int = (dtype: DType, number: number): Value => scalar.literal(dtype, number);

  /** A number that grows by so much up to each lane: made where it is asked for. */
  const growing = (base: Value, by: (lane: number) => number): (() => Parts) =>
    k.remember((): Parts => {
      const start = k.parts(base);
      return start.map((part, p) => {
        k.code.get(part);
        const steps = new DataView(new ArrayBuffer(16));
        for (let i = 0; i < 4; i++) steps.setInt32(4 * i, by(4 * p + i), true);
        k.code.simd(vector.const, Array.from(new Uint8Array(steps.buffer)));
        k.code.simd(vector.i32x4Add);
        return k.code.takeVector();
      });
    });

  function ramp(dtype: DType, base: Value, step: number): Value {
    const wrapped = step | 0;
    if (wrapped === 0) return base;
    const parts = growing(base, (lane) => Math.imul(lane, wrapped));
    const result: Ramp = { dtype, width: 32, parts, base, step: wrapped };
    return result;
  }

  function grid(dtype: DType, { first, along, down, columns }: Steps): Value {
    if (down === along * columns) return ramp(dtype, first, along);
    const at = (lane: number): number => Math.imul(lane % columns, along) + Math.imul(Math.floor(lane / columns), down);
    const result: Grid = { dtype, width: 32, parts: growing(first, at), first, along, down, columns };
    return result;
  }

  /** How a number grows, in rows of so many lanes; undefined where there is no rule. */
  function stepsOf(x: Value, columns: number): Steps | undefined {
    if (isGrid(x)) return x.columns === columns ? x : undefined;
    if (isRamp(x)) return { first: x.base, along: x.step, down: x.step * columns, columns };
    return isLanes(x) ? undefined : { first: x, along: 0, down: 0, columns };
  }

  /** The result where it grows by rule again. */
  function grown(name: BinaryOp, a: Value, b: Value): Value | undefined {
    const columns = isGrid(a) ? a.columns : isGrid(b) ? b.columns : 1;
    const [left, right] = [stepsOf(a, columns), stepsOf(b, columns)];
    if (!left || !right) return undefined;
    const first = (): Value => scalar[name as "add"](left.first, right.first);
    if (name === "add" || name === "sub") {
      const sign = name === "add" ? 1 : -1;
      const [along, down] = [left.along + sign * right.along, left.down + sign * right.down];
      return grid(a.dtype, { first: first(), along, down, columns });
    }
    const number = isLanes(a) ? literalOf(b) : literalOf(a);
    if (number === undefined || !(name === "mul" || (name === "shiftLeft" && isLanes(a)))) return undefined;
    const factor = name === "mul" ? number : 1 << number;
    const { along, down } = isLanes(a) ? left : right;
    return grid(a.dtype, { first: first(), along: Math.imul(along, factor), down: Math.imul(down, factor), columns });
  }

  function compare(name: BinaryOp, a: Value, b: Value): Value {
    const { dtype } = a;
    if (dtype !== "bool") {
      const less = name === "less" && isFloat(dtype) ? ([a, b] as const) : undefined;
      const instruction = binaryInstructions[dtype][name]!;
      return k.mask(widthOf(dtype), () => k.apply([k.parts(a), k.parts(b)], instruction), less);
    }
    if (name === "notEqual") return binary("xor", a, b);
    if (name === "equal") return unary("not", binary("xor", a, b));
    return name === "less" ? binary("and", unary("not", a), b) : binary("or", unary("not", a), b);
  }

  function shift(name: "shiftLeft" | "shiftRight", a: Value, by: Value): Value {
    if (isLanes(by)) return k.each(a.dtype, [a, by], ([x, n]) => scalar[name](x!, n!));
    const instruction =
      name === "shiftLeft" ? vector.i32x4Shl : a.dtype === "int32" ? vector.i32x4ShrS : vector.i32x4ShrU;
    return k.vector(a.dtype, k.shift(k.parts(a), instruction, by));
  }

  function binary(name: BinaryOp, a: Value, b: Value): Value {
    const { dtype } = a;
    if (dtype !== b.dtype) throw mistake(`${name} of ${dtype} and ${b.dtype}`);
    if (!isLanes(a) && !isLanes(b)) return scalar[name](a, b);
    if (comparisons.has(name)) return compare(name, a, b);
    const right = literalOf(b);
    const simpler = simplify(name, dtype, literalOf(a), right);
    if (simpler !== undefined) {
      if ("keep" in simpler) return simpler.keep === "a" ? a : b;
      if ("literal" in simpler) return int(dtype, simpler.literal);
      return binary(simpler.op, a, int(dtype, simpler.by));
    }
    const grows = isInteger(dtype) ? grown(name, a, b) : undefined;
    if (grows !== undefined) return grows;
    if (name === "shiftLeft" || name === "shiftRight") return shift(name, a, b);
    if (name === "copySign") {
      const sign = k.parts(int(dtype, -0));
      return k.vector(dtype, k.apply([k.parts(b), k.parts(a), sign], vector.bitselect));
    }
    if ((name === "div" || name === "rem") && isInteger(dtype) && right !== undefined)
      return divideByLiteral(k, name, a, right);
    if ((name === "min" || name === "max") && isFloat(dtype)) return floatExtreme(name, a, b);
    const instruction = binaryInstructions[dtype][name];
    if (instruction === undefined) return k.each(dtype, [a, b], ([x, y]) => scalar[name](x!, y!));
    if (dtype !== "bool") return k.vector(dtype, k.apply([k.parts(a), k.parts(b)], instruction));
    // Two widths meet in the narrow one, which takes half as many vectors.
    const widths = [a, b].map((x) => (isLanes(x) ? x.width : 64));
    const width = widths[0] === 64 && widths[1] === 64 ? 64 : 32;
    const parts = k.apply([k.parts(a, width), k.parts(b, width)], instruction);
    return k.mask(width, () => parts);
  }

  /**
   * Minimum or maximum in fewer instructions than the engine's own takes on x86, which has them for numbers that are not NaN or zeros. Both orders
   * of a selection give the same, but for zeros of both signs, whose bits are put together, and where one operand is NaN: all bits set is one.
   */
  function floatExtreme(name: "min" | "max", a: Value, b: Value): Value {
    const { dtype } = a;
    const [number] = [literalOf(a), literalOf(b)].filter((x) => x !== undefined);
    const chosen = (dtype === "float32" ? selections.float32 : selections.float64)[name === "min" ? "least" : "most"];
    // One selection is enough beside a number that is no zero of the sign that gives way.
    if (number !== undefined && !Number.isNaN(number) && !Object.is(number, name === "min" ? -0 : 0)) {
      const [x, y] = isLanes(a) ? [a, b] : [b, a];
      return k.vector(dtype, k.apply([k.parts(x), k.parts(y)], chosen));
    }
    const [x, y] = [k.parts(a), k.parts(b)];
    const [first, second] = [k.apply([x, y], chosen), k.apply([y, x], chosen)];
    const both = k.apply([first, second], name === "min" ? vector.or : vector.and);
    const differs = k.apply([first, second], binaryInstructions[dtype].notEqual!);
    return k.vector(dtype, k.apply([both, differs], vector.or));
  }

  function unary(name: UnaryOp, a: Value): Value {
    if (!isLanes(a)) return scalar[name](a);
    const { dtype, width } = a;
    const instruction = unaryInstructions[dtype][name];
    if (instruction === undefined) {
      invariant(!isFloat(dtype) && name !== "sqrt", `${name} is not an operation on ${dtype}`);
      return a;
    }
    if (isRamp(a) && name === "neg") return ramp(dtype, scalar.neg(a.base), -a.step);
    // Engines make the mask of the sign bit anew for each of their own instructions.
    if (isFloat(dtype) && (name === "neg" || name === "abs")) {
      const sign = k.parts(int(dtype, -0));
      return k.vector(dtype, k.apply([k.parts(a), sign], name === "neg" ? vector.xor : vector.andNot));
    }
    const parts = k.apply([k.parts(a, width)], instruction);
    return dtype === "bool" ? k.mask(width, () => parts) : k.vector(dtype, parts);
  }

  /** A selection by `less` of its own operands is a minimum or a maximum. */
  function extreme(condition: Value, a: Value, b: Value): Lanes | undefined {
    if (!isMask(condition) || condition.less === undefined) return undefined;
    const [x, y] = condition.less;
    const instructions = a.dtype === "float32" ? selections.float32 : selections.float64;
    if (same(a, x) && same(b, y)) return k.vector(a.dtype, k.apply([k.parts(y), k.parts(x)], instructions.least));
    if (same(a, y) && same(b, x)) return k.vector(a.dtype, k.apply([k.parts(x), k.parts(y)], instructions.most));
    return undefined;
  }

  function select(condition: Value, a: Value, b: Value): Value {
    const { dtype } = a;
    if (dtype !== b.dtype) throw mistake(`select between ${dtype} and ${b.dtype}`);
    if (!isLanes(condition)) {
      const known = literalOf(condition);
      if (known !== undefined) return known ? a : b;
      if (!isLanes(a) && !isLanes(b)) return scalar.select(condition, a, b);
      if (isRamp(a) && isRamp(b) && a.step === b.step)
        return ramp(dtype, scalar.select(condition, a.base, b.base), a.step);
    }
    if (same(a, b)) return a;
    const least = extreme(condition, a, b);
    if (least !== undefined) return least;
    if (dtype === "bool") return selectMask(condition, a, b);
    const mask = k.parts(condition, widthOf(dtype));
    // A selection from 0 needs one instruction where the general one is three on most machines.
    const isZero = (x: Value): boolean => !isLanes(x) && Object.is(literalOf(x), 0);
    if (isZero(b)) return k.vector(dtype, k.apply([k.parts(a), mask], vector.and));
    if (isZero(a)) return k.vector(dtype, k.apply([k.parts(b), mask], vector.andNot));
    return k.vector(dtype, k.apply([k.parts(a), k.parts(b), mask], vector.bitselect));
  }

  function selectMask(condition: Value, a: Value, b: Value): Value {
    const lanes = [condition, a, b].filter(isLanes);
    const width = lanes.every((x) => x.width === 64) ? 64 : 32;
    const parts = k.apply([k.parts(a, width), k.parts(b, width), k.parts(condition, width)], vector.bitselect);
    return k.mask(width, () => parts);
  }

  function fusedProduct(name: keyof FusedProducts, c: Value, a: Value, b: Value): Value {
    const operands = [a, b, c];
    if (!operands.some(isLanes)) return scalar.fused![name](c, a, b);
    const vectors = operands.map((x) => k.parts(x));
    return k.vector(a.dtype, k.apply(vectors, fusedInstruction(name, a.dtype)));
  }

  return { binary, unary, select, fusedProduct, ramp, grid };
}
