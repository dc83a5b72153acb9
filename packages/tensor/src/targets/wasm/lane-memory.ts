import { type DType, byteSize } from "../../dtype";
import { mistake } from "../../errors";
import type { Value } from "../../lower/emitter";
import type { LaneArithmetic } from "./lane-arithmetic";
import type { LaneCode, Parts } from "./lane-code";
import type { LaneControl } from "./lane-control";
import { op } from "./encode";
import { taking, vector } from "./lane-operations";
import {
  type Grid,
  type Lanes,
  type Ramp,
  isContiguous,
  isGrid,
  isLanes,
  isRamp,
  lanesPerPart,
  partsFor,
  widthOf,
} from "./lane-values";
import { pieces } from "./pieces";
import { transposeSquare } from "./transpose-square";

export interface LaneMemory {
  load(dtype: DType, address: Value, offset: number): Value;
  store(dtype: DType, address: Value, offset: number, value: Value): void;
  fail(code: Value, facts?: readonly Value[]): void;
}

/** Reads and writes of lanes: whole vectors at neighbouring addresses, lane by lane at others. */
export function laneMemory(k: LaneCode, arithmetic: LaneArithmetic, control: LaneControl): LaneMemory {
  const { code, scalar, count } = k;

  const memarg = (alignBytes: number, offset: number): void => code.bytes.pair(Math.log2(alignBytes), offset);

  /** Pushes the first `bytes` at `base + offset` as a vector, the rest of which is 0. */
  function pushBytes(base: Value, offset: number, bytes: number, size: number): void {
    for (const { at, bytes: length } of pieces(bytes)) {
      const align = Math.min(size, length);
      if (at > 0) {
        const rest = code.takeVector();
        code.push(base);
        code.get(rest);
      } else if (length < 4) {
        code.push(base);
        code.simd(vector.const, new Array<number>(16).fill(0));
      } else code.push(base);
      if (at > 0 || length < 4) {
        code.simd(vector.load8Lane + Math.log2(length));
        memarg(align, offset + at);
        code.bytes.byte(at / length);
      } else {
        code.simd(length === 16 ? vector.load : length === 8 ? vector.load64Zero : vector.load32Zero);
        memarg(align, offset);
      }
    }
  }

  function storeBytes(part: number, base: Value, offset: number, bytes: number, size: number): void {
    for (const { at, bytes: length } of pieces(bytes)) {
      code.push(base);
      code.get(part);
      code.simd(length === 16 ? vector.store : vector.store8Lane + Math.log2(length));
      memarg(Math.min(size, length), offset + at);
      if (length < 16) code.bytes.byte(at / length);
    }
  }

  /** Bytes in use of each vector of numbers of `size` bytes. */
  function stretches(size: number): readonly number[] {
    const found: number[] = [];
    for (let rest = count * size; rest > 0; rest -= 16) found.push(Math.min(16, rest));
    return found;
  }

  /** A byte for each lane, sixteen lanes a vector, as masks. */
  function spread(bytes: Parts): Parts {
    return Array.from({ length: partsFor(count, 32) }, (_, p) => {
      code.get(bytes[p >> 2]!);
      code.simd(p & 2 ? vector.i16x8ExtendHighI8x16U : vector.i16x8ExtendLowI8x16U);
      code.simd(p & 1 ? vector.i32x4ExtendHighI16x8U : vector.i32x4ExtendLowI16x8U);
      code.get(k.code.constant("int32", 0));
      code.simd(vector.i32x4Ne);
      return code.takeVector();
    });
  }

  /** Masks as bytes 0 and 1, sixteen lanes a vector. */
  function gathered(masks: Parts): Parts {
    return Array.from({ length: Math.ceil(count / 16) }, (_, p) => {
      const of = (i: number): number => masks[Math.min(4 * p + i, masks.length - 1)]!;
      const one = code.vector();
      code.simd(vector.const, new Array<number>(16).fill(1));
      code.set({ local: one });
      for (const i of [0, 2]) {
        code.get(of(i));
        code.get(of(i + 1));
        code.simd(vector.i16x8NarrowI32x4S);
      }
      code.simd(vector.i8x16NarrowI16x8S);
      code.get(one);
      code.simd(vector.and);
      return code.takeVector();
    });
  }

  function neighbours(dtype: DType, base: Value, offset: number): Parts {
    const size = byteSize(dtype);
    const parts = stretches(size).map((bytes, p) => {
      pushBytes(base, offset + 16 * p, bytes, size);
      return code.takeVector();
    });
    return dtype === "bool" ? spread(parts) : parts;
  }

  /** Address of one lane, in so far as it is not a constant offset. */
  function addressOf(address: Lanes, lane: number, offset: number): { readonly base: Value; readonly offset: number } {
    if (isRamp(address) && address.step > 0) return { base: address.base, offset: offset + lane * address.step };
    if (isGrid(address) && address.along >= 0 && address.down >= 0) {
      const [row, column] = [Math.floor(lane / address.columns), lane % address.columns];
      return { base: address.first, offset: offset + column * address.along + row * address.down };
    }
    return { base: k.lane(address, lane), offset };
  }

  function gather(dtype: DType, address: Lanes, offset: number): Lanes {
    if (dtype === "bool") return k.each("bool", [address], ([at]) => scalar.load("bool", at!, offset));
    const size = byteSize(dtype);
    const per = lanesPerPart(widthOf(dtype));
    const parts = Array.from({ length: partsFor(count, widthOf(dtype)) }, () => code.vector());
    if (!isRamp(address) && !isGrid(address)) address.parts();
    for (let lane = 0; lane < count; lane++)
      scalar.scope(() => {
        const from = addressOf(address, lane, offset);
        const local = parts[Math.floor(lane / per)]!;
        code.push(from.base);
        if (lane % per === 0) code.simd(size === 4 ? vector.load32Zero : vector.load64Zero);
        else {
          code.get(local);
          code.simd(vector.load8Lane + Math.log2(size));
        }
        memarg(size, from.offset);
        if (lane % per > 0) code.bytes.byte(lane % per);
        code.set({ local });
      });
    return k.vector(dtype, parts);
  }

  /** Do the lanes of a row of the grid fill a vector, in which they are neighbours, or in another those of a column? */
  const isBlock = (address: Value, dtype: DType): address is Grid =>
    isGrid(address) && address.columns * byteSize(dtype) === 16 && address.along >= 0 && address.down >= 0;

  /** The rows of a grid, read as they lie, or as vectors of columns of which so many make a square. */
  function loadBlock(dtype: DType, { first, along, down, columns }: Grid, offset: number): Parts | undefined {
    const size = byteSize(dtype);
    const vectorAt = (at: number): number => {
      pushBytes(first, offset + at, 16, size);
      return code.takeVector();
    };
    const rows = count / columns;
    if (along === size) return Array.from({ length: rows }, (_, row) => vectorAt(row * down));
    if (down !== size || rows % columns !== 0) return undefined;
    const squares = Array.from({ length: rows / columns }, (_, square) =>
      transposed(
        dtype,
        Array.from({ length: columns }, (_, column) => vectorAt(column * along + 16 * square)),
      ),
    );
    return squares.flat();
  }

  /** Rows of a square of numbers from its columns, each a vector. */
  const transposed = (dtype: DType, columns: Parts): Parts =>
    transposeSquare(columns, (a, b, taken) => {
      code.get(a);
      code.get(b);
      code.simd(vector.shuffle, taking(byteSize(dtype), taken));
      return code.takeVector();
    });

  /** Are all of `bytes` from `base + offset` on below the end of memory? */
  function fits(base: Value, offset: number, bytes: number): Value {
    code.push(base);
    code.bytes.bytes([op.i64ExtendI32U, op.i64Const]);
    code.bytes.signed(offset + bytes);
    code.bytes.bytes([op.i64Add, op.memorySize, 0, op.i64ExtendI32U, op.i64Const, 16, op.i64Shl, op.i64LeU]);
    return code.take("bool");
  }

  /** A read in those lanes only that take part: the addresses of the others may be anything, so 0 stands for them. */
  function maskedLoad(dtype: DType, address: Lanes, offset: number, mask: Parts): Lanes {
    const inside = (): Lanes => gather(dtype, k.vector("int32", k.apply([address.parts(), mask], vector.and)), offset);
    if (!isContiguous(address, dtype)) return inside();
    const bool = dtype === "bool";
    const locals = Array.from({ length: partsFor(count, widthOf(dtype)) }, () => code.vector());
    scalar.if(
      fits(address.base, offset, count * byteSize(dtype)),
      () => k.assign(locals, neighbours(dtype, address.base, offset)),
      () => k.assign(locals, k.parts(inside(), bool ? 32 : undefined)),
    );
    return bool ? k.mask(32, () => locals) : k.vector(dtype, locals);
  }

  function load(dtype: DType, address: Value, offset: number): Value {
    if (!isLanes(address)) return scalar.load(dtype, address, offset);
    if (offset < 0) return load(dtype, arithmetic.binary("add", address, scalar.literal("int32", offset)), 0);
    const mask = control.mask();
    if (mask !== undefined) return maskedLoad(dtype, address, offset, mask.resized(32));
    const block = isBlock(address, dtype) ? loadBlock(dtype, address, offset) : undefined;
    if (block) return k.vector(dtype, block);
    if (!isContiguous(address, dtype)) return gather(dtype, address, offset);
    const parts = neighbours(dtype, address.base, offset);
    return dtype === "bool" ? k.mask(32, () => parts) : k.vector(dtype, parts);
  }

  function storeNeighbours(dtype: DType, base: Value, offset: number, value: Value): void {
    const size = byteSize(dtype);
    const parts = dtype === "bool" ? gathered(k.parts(value, 32)) : k.parts(value);
    stretches(size).forEach((bytes, p) => storeBytes(parts[p]!, base, offset + 16 * p, bytes, size));
  }

  function storeLane(dtype: DType, address: Value, offset: number, value: Value, lane: number): void {
    scalar.scope(() => {
      const to = isLanes(address) ? addressOf(address, lane, offset) : { base: address, offset };
      if (!isLanes(value) || dtype === "bool" || isRamp(value))
        return scalar.store(dtype, to.base, to.offset, k.lane(value, lane));
      const per = lanesPerPart(widthOf(dtype));
      code.push(to.base);
      code.get(value.parts()[Math.floor(lane / per)]!);
      code.simd(vector.store8Lane + Math.log2(byteSize(dtype)));
      memarg(byteSize(dtype), to.offset);
      code.bytes.byte(lane % per);
    });
  }

  function store(dtype: DType, address: Value, offset: number, value: Value): void {
    if (value.dtype !== dtype) throw mistake(`a ${value.dtype} stored as ${dtype}`);
    if (offset < 0) return store(dtype, arithmetic.binary("add", address, scalar.literal("int32", offset)), 0, value);
    if (!isLanes(address) && !isLanes(value)) return scalar.store(dtype, address, offset, value);
    // What the branches below need is made before them.
    if (isLanes(address) && !isRamp(address) && !isGrid(address)) address.parts();
    if (isLanes(value)) value.parts();
    const mask = control.mask();
    const oneByOne = (): void => {
      for (let lane = 0; lane < count; lane++)
        if (mask === undefined) storeLane(dtype, address, offset, value, lane);
        else scalar.if(k.lane(mask, lane), () => storeLane(dtype, address, offset, value, lane));
    };
    // At one address the last lane's number stays.
    if (!isLanes(address) && mask === undefined) return storeLane(dtype, address, offset, value, count - 1);
    if (mask === undefined && isBlock(address, dtype) && address.along === byteSize(dtype)) {
      const parts = k.parts(value);
      return parts.forEach((part, row) =>
        storeBytes(part, address.first, offset + row * address.down, 16, byteSize(dtype)),
      );
    }
    if (!isContiguous(address, dtype)) return oneByOne();
    const whole = (base: Ramp): void => storeNeighbours(dtype, base.base, offset, value);
    if (mask === undefined) whole(address);
    else scalar.if(control.full(), () => whole(address), oneByOne);
  }

  /** The first lane's failure is the one that counts. */
  function fail(number: Value, facts: readonly Value[] = []): void {
    const its = (value: Value, lane: number): Value => (isLanes(value) ? k.lane(value, lane) : value);
    if (!isLanes(number))
      return scalar.fail(
        number,
        facts.map((fact) => its(fact, 0)),
      );
    for (const fact of facts) if (isLanes(fact)) fact.parts();
    const mask = control.mask();
    const zero = scalar.literal("int32", 0);
    const taken =
      mask === undefined ? number : k.vector("int32", k.apply([number.parts(), mask.resized(32)], vector.and));
    scalar.if(control.any(arithmetic.binary("notEqual", taken, zero)), () => {
      let [first, ...told] = [taken, ...facts].map((value) => its(value, count - 1));
      for (let lane = count - 2; lane >= 0; lane--) {
        const code = k.lane(taken, lane);
        const fine = scalar.equal(code, zero);
        first = scalar.select(fine, first!, code);
        told = told.map((fact, n) => scalar.select(fine, fact, its(facts[n]!, lane)));
      }
      scalar.fail(first!, told);
    });
  }

  return { load, store, fail };
}
