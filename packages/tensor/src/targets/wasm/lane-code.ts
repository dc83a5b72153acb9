import type { DType } from "../../dtype";
import type { Value } from "../../lower/emitter";
import type { MachineEmitter } from "../../lower/machine";
import type { Remember } from "../../lower/math/positions";
import { type FunctionCode, type Held, held, literalOf } from "./emit-code";
import { op } from "./encode";
import { laneAccess, vector, words } from "./lane-operations";
import {
  type Lanes,
  type Mask,
  type Width,
  isLanes,
  isMask,
  isRamp,
  lanesPerPart,
  partsFor,
  widthOf,
} from "./lane-values";

export type Parts = readonly number[];

/** Makes and takes apart the vectors of `count` lanes, in the function that `scalar` emits. */
export class LaneCode {
  readonly count: number;
  readonly scalar: MachineEmitter;
  readonly code: FunctionCode;
  readonly remember: Remember;
  readonly #splats = new WeakMap<Value, () => number>();

  constructor(count: number, scalar: MachineEmitter, code: FunctionCode, remember: Remember) {
    this.count = count;
    this.scalar = scalar;
    this.code = code;
    this.remember = remember;
  }

  /** One instruction on every part of its operands: neighbouring instructions are independent, so the machine overlaps them. */
  apply(operands: readonly Parts[], instruction: number, immediates?: readonly number[]): Parts {
    const { code } = this;
    const results = new Array<number>(operands[0]!.length);
    for (let p = 0; p < results.length; p++) {
      for (let i = 0; i < operands.length; i++) code.get(operands[i]![p]!);
      code.simd(instruction, immediates);
      results[p] = code.takeVector();
    }
    return results;
  }

  /** Every lane's bits moved by one number. */
  shift(parts: Parts, instruction: number, by: Value): Parts {
    return parts.map((part) => {
      this.code.get(part);
      this.code.push(by);
      this.code.simd(instruction);
      return this.code.takeVector();
    });
  }

  vector(dtype: DType, parts: Parts): Lanes {
    return { dtype, width: widthOf(dtype), parts: () => parts };
  }

  /** A mask whose code is emitted where it is asked for: by then its operands must still be what they are now. */
  mask(width: Width, make: () => Parts, less?: readonly [Value, Value]): Mask {
    const parts = this.remember(make);
    const other = this.remember(() => this.#resize(parts(), width));
    return { dtype: "bool", width, parts, resized: (wanted) => (wanted === width ? parts() : other()), less };
  }

  #resize(parts: Parts, from: Width): Parts {
    const { code } = this;
    return Array.from({ length: partsFor(this.count, from === 32 ? 64 : 32) }, (_, p) => {
      const [first, second] = from === 32 ? [parts[p >> 1]!, parts[p >> 1]!] : [parts[2 * p]!, parts[2 * p + 1]!];
      code.get(first);
      code.get(second ?? first);
      const taken = from === 64 ? words(0, 2, 4, 6) : p % 2 === 0 ? words(0, 0, 1, 1) : words(2, 2, 3, 3);
      code.simd(vector.shuffle, taken);
      return code.takeVector();
    });
  }

  /** The same number in all lanes of one part. */
  #splat(value: Held): number {
    const number = literalOf(value);
    if (number !== undefined) return this.code.constant(value.dtype, number);
    const known = this.#splats.get(value);
    if (known !== undefined) return known();
    const make = this.remember(() => {
      const { code } = this;
      if (value.dtype === "bool") code.int(0);
      code.push(value);
      if (value.dtype === "bool") code.bytes.byte(op.i32Sub);
      code.simd(value.dtype === "bool" ? vector.i32x4Splat : laneAccess[value.dtype].splat);
      return code.takeVector();
    });
    this.#splats.set(value, make);
    return make();
  }

  /** A value as vectors; `width` says how wide where it is a truth value. */
  parts(value: Value, width: Width = widthOf(value.dtype)): Parts {
    if (isMask(value)) return value.resized(width);
    if (isLanes(value)) return value.parts();
    return new Array<number>(partsFor(this.count, width)).fill(this.#splat(held(value)));
  }

  /** A copy in locals of its own, to be changed. */
  copy(parts: Parts): Parts {
    return parts.map((part) => {
      this.code.get(part);
      return this.code.takeVector();
    });
  }

  assign(locals: Parts, parts: Parts): void {
    // All are read before the first is written: a variable may be set to what it was made of.
    parts.forEach((part) => this.code.get(part));
    for (let p = locals.length - 1; p >= 0; p--) this.code.set({ local: locals[p]! });
  }

  /** One lane's number. */
  lane(value: Value, lane: number): Value {
    if (!isLanes(value)) return value;
    const { code, scalar } = this;
    const { dtype, width } = value;
    if (isRamp(value)) return scalar.add(value.base, scalar.literal(dtype, lane * value.step));
    const each = lanesPerPart(width);
    code.get(value.parts()[Math.floor(lane / each)]!);
    const at = lane % each;
    if (dtype !== "bool") code.simd(laneAccess[dtype].extract, [at]);
    else {
      code.simd(vector.i32x4Extract, [width === 64 ? 2 * at : at]);
      code.int(1);
      code.bytes.byte(op.i32And);
    }
    return code.take(dtype);
  }

  /** The numbers of even lanes, and those of odd ones, in half as many vectors; undefined where vectors are odd in number or not full. */
  halves(value: Value): readonly [Lanes, Lanes] | undefined {
    if (!isLanes(value) || value.dtype === "bool" || (this.count * value.width) % 256 > 0) return undefined;
    const { code } = this;
    const { dtype, width } = value;
    const parts = value.parts();
    const taking = (odd: number): Lanes => {
      const taken =
        width === 64 ? [2 * odd, 2 * odd + 1, 4 + 2 * odd, 5 + 2 * odd] : [0, 2, 4, 6].map((at) => at + odd);
      const halved = parts.slice(parts.length / 2).map((_, p) => {
        code.get(parts[2 * p]!);
        code.get(parts[2 * p + 1]!);
        code.simd(vector.shuffle, words(...taken));
        return code.takeVector();
      });
      return this.vector(dtype, halved);
    };
    return [taking(0), taking(1)];
  }

  /** In how many lanes the condition holds, up to and with each. */
  upTo(condition: Value): Lanes {
    const holds = this.parts(condition, 32);
    const zeros = holds.map(() => this.code.constant("int32", 0));
    const add = (a: Parts, b: Parts): Parts => this.apply([a, b], vector.i32x4Add);
    const shuffled = (a: Parts, b: Parts, ...taken: number[]): Parts =>
      this.apply([a, b], vector.shuffle, words(...taken));
    // Truth is −1: so these are below 0.
    const pairs = add(holds, shuffled(zeros, holds, 0, 4, 5, 6));
    const sums = [...add(pairs, shuffled(zeros, pairs, 0, 0, 4, 5))];
    for (let p = 1; p < sums.length; p++) {
      const before = [sums[p - 1]!];
      sums[p] = add([sums[p]!], shuffled(before, before, 3, 3, 3, 3))[0]!;
    }
    return this.vector("int32", this.apply([zeros, sums], vector.i32x4Sub));
  }

  /** What `rule` makes of each lane's numbers, for what has no SIMD form. */
  each(dtype: DType, args: readonly Value[], rule: (args: readonly Value[], lane: number) => Value): Lanes {
    const { code, scalar } = this;
    const stored = dtype === "bool" ? "int32" : dtype;
    const per = lanesPerPart(widthOf(stored));
    // Made now, so that they are not lost with the lanes' scopes.
    for (const arg of args) if (isLanes(arg) && !isRamp(arg)) arg.parts();
    const parts = Array.from({ length: partsFor(this.count, widthOf(stored)) }, () => code.vector());
    for (let lane = 0; lane < this.count; lane++) {
      const local = parts[Math.floor(lane / per)]!;
      scalar.scope(() => {
        const result = scalar.cast(
          rule(
            args.map((arg) => this.lane(arg, lane)),
            lane,
          ),
          stored,
        );
        if (lane % per > 0) code.get(local);
        code.push(result);
        if (lane % per > 0) code.simd(laneAccess[stored].replace, [lane % per]);
        else code.simd(laneAccess[stored].splat);
        code.set({ local });
      });
    }
    if (dtype !== "bool") return this.vector(dtype, parts);
    const zero = parts.map(() => this.code.constant("int32", 0));
    const mask = this.apply([parts, zero], vector.i32x4Ne);
    return this.mask(32, () => mask);
  }
}
