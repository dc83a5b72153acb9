import { type DType, isFloat } from "../../dtype";
import { mistake } from "../../errors";
import type { Emitter, FusedProducts, Index, MathFunction, Value, Variable } from "../../lower/emitter";
import type { FunctionHandle, LaneEmitter, MachineEmitter, MatmulSpec } from "../../lower/machine";
import { failureFacts } from "../../lower/heap";
import { simplify } from "../../lower/math/identities";
import { indexOfAxes, indexOfFlat } from "../../lower/math/positions";
import type { BinaryOp, UnaryOp } from "../../lower/math/scalar";
import { exactRuns } from "../../lower/runs";
import * as scalar from "../../lower/math/scalar";
import { Operations } from "../../lower/operations";
import type { Shape } from "../../shape";
import type { Callees } from "./callees";
import { divide } from "./division";
import { FunctionCode, held, literal, literalOf } from "./emit-code";
import { access, binaryInstruction, conversion, unaryInstruction } from "./emit-operations";
import { emitFirst, emitFork } from "./threads/parallel";
import { words } from "./threads/words";
import { bulk, empty, op } from "./encode";
import { LaneCode } from "./lane-code";
import { fusedInstruction, vector } from "./lane-operations";
import { laneEmitter } from "./lanes";
import { matmulArguments } from "./matmul";
import { ensureMemory } from "./memory-growth";

/** A stretch of code; what it computed may be reused as long as it is open. */
interface Block {
  open: boolean;
}

/** Emits the body of one WebAssembly function. */
export class WasmEmitter extends Operations implements MachineEmitter {
  readonly target = "wasm";
  readonly fused?: FusedProducts;
  readonly #callees: Callees;
  readonly #code: FunctionCode;
  readonly #blocks: Block[] = [{ open: true }];
  /** One for each number of lanes. */
  readonly #lanes = new Map<number, LaneEmitter>();

  /** A function of `parameters`, or of so many vectors. */
  constructor(parameters: readonly DType[] | number, callees: Callees) {
    super();
    this.#callees = callees;
    this.#code = new FunctionCode(parameters);
    if (callees.engine.fused)
      this.fused = {
        addProduct: (c, a, b) => this.#fusedProduct("addProduct", c, a, b),
        subProduct: (c, a, b) => this.#fusedProduct("subProduct", c, a, b),
      };
  }

  get longBodyVectors(): number {
    return this.#callees.engine.ordered ? 4 : 2;
  }

  get parameters(): readonly Value[] {
    return this.#code.parameters;
  }

  /** The function's body as the code section holds it, giving `result` if there is one. */
  finish(result?: Value): Uint8Array {
    if (result !== undefined) this.#code.push(result);
    return this.#code.finish();
  }

  /** The body of a function of vectors, whose results `body` gives. */
  finishLanes(count: number, body: (k: LaneCode) => readonly number[]): Uint8Array {
    for (const local of body(this.#laneCode(count))) this.#code.get(local);
    return this.#code.finish();
  }

  #laneCode(count: number): LaneCode {
    return new LaneCode(count, this, this.#code, this.#remember);
  }

  readonly literal = (dtype: DType, value: number): Value => literal(dtype, value);

  protected binary(name: BinaryOp, a: Value, b: Value): Value {
    const { dtype } = a;
    if (dtype !== b.dtype) throw mistake(`${name} of ${dtype} and ${b.dtype}`);
    const left = literalOf(a);
    const right = literalOf(b);
    const compares = scalar.comparisons.has(name);
    const type = compares ? "bool" : dtype;
    if (left !== undefined && right !== undefined) return this.literal(type, scalar.binary(name, dtype)(left, right));
    const simpler = simplify(name, dtype, left, right);
    if (simpler !== undefined) {
      if ("keep" in simpler) return simpler.keep === "a" ? a : b;
      if ("literal" in simpler) return this.literal(dtype, simpler.literal);
      return this.binary(simpler.op, a, this.literal(dtype, simpler.by));
    }
    if (name === "rem" && isFloat(dtype)) return this.#helper("rem", [a, b]);
    if ((name === "div" || name === "rem") && !isFloat(dtype)) return divide(this, this.#code, name, a, b);
    const instruction = binaryInstruction(name, dtype);
    if (instruction !== undefined) return this.#code.emit(type, [a, b], instruction);
    if (name !== "min" && name !== "max") throw mistake(`${name} is not an operation on ${dtype}`);
    return this.select(this.binary("less", a, b), name === "min" ? a : b, name === "min" ? b : a);
  }

  /** There is no such instruction for scalars, so that they go through vectors: they have the bits of lanes. */
  #fusedProduct(name: keyof FusedProducts, c: Value, a: Value, b: Value): Value {
    const { dtype } = a;
    for (const value of [a, b, c]) this.#code.splat(value);
    this.#code.simd(fusedInstruction(name, dtype));
    this.#code.simd(dtype === "float32" ? vector.f32x4Extract : vector.f64x2Extract, [0]);
    return this.#code.take(dtype);
  }

  protected unary(name: UnaryOp, a: Value): Value {
    const { dtype } = a;
    const number = literalOf(a);
    if (number !== undefined) return this.literal(dtype, scalar.unary(name, dtype)(number));
    if (isFloat(dtype)) {
      const instruction = unaryInstruction(name, dtype);
      if (instruction === undefined) throw mistake(`${name} is not an operation on ${dtype}`);
      return this.#code.emit(dtype, [a], instruction);
    }
    const zero = this.literal(dtype, 0);
    if (name === "neg") return this.sub(zero, a);
    if (name === "not")
      return dtype === "bool" ? this.#code.emit("bool", [a], op.i32Eqz) : this.xor(a, this.literal(dtype, -1));
    if (name === "abs" && dtype === "int32") return this.select(this.less(a, zero), this.neg(a), a);
    if (name === "sqrt") throw mistake(`sqrt is not an operation on ${dtype}`);
    return a;
  }

  select(condition: Value, a: Value, b: Value): Value {
    if (a.dtype !== b.dtype) throw mistake(`select between ${a.dtype} and ${b.dtype}`);
    const known = literalOf(condition);
    if (known !== undefined) return known ? a : b;
    return this.#code.emit(a.dtype, [a, b, condition], op.select);
  }

  cast(a: Value, dtype: DType): Value {
    if (a.dtype === dtype) return a;
    const number = literalOf(a);
    if (number !== undefined) return this.literal(dtype, scalar.convert(a.dtype, dtype)(number));
    if (dtype === "bool") return this.notEqual(a, this.literal(a.dtype, 0));
    if (!isFloat(a.dtype) && !isFloat(dtype)) return { ...held(a), dtype };
    return this.#code.emit(dtype, [a], ...conversion(a.dtype, dtype));
  }

  bitcast(a: Value, dtype: DType): Value {
    if (a.dtype === dtype) return a;
    const number = literalOf(a);
    if (number !== undefined) return this.literal(dtype, scalar.reinterpret(a.dtype, dtype)(number));
    if (a.dtype === "float32") return this.#code.emit(dtype, [a], op.i32ReinterpretF32);
    return dtype === "float32" ? this.#code.emit(dtype, [a], op.f32ReinterpretI32) : { ...held(a), dtype };
  }

  words(a: Value): { readonly high: Value; readonly low: Value } {
    const number = literalOf(a);
    const word = (which: "high" | "low"): Value => {
      if (number !== undefined) return this.literal("uint32", scalar.wordOf(number, which));
      const shift = which === "high" ? [op.i64Const, 32, op.i64ShrU] : [];
      return this.#code.emit("uint32", [a], op.i64ReinterpretF64, ...shift, op.i32WrapI64);
    };
    return { high: word("high"), low: word("low") };
  }

  fromWords(high: Value, low: Value): Value {
    const [upper, lower] = [literalOf(high), literalOf(low)];
    if (upper !== undefined && lower !== undefined) return this.literal("float64", scalar.doubleOf(upper, lower));
    const code = this.#code.bytes;
    this.#code.push(high);
    code.bytes([op.i64ExtendI32U, op.i64Const, 32, op.i64Shl]);
    if (lower !== 0) {
      this.#code.push(low);
      code.bytes([op.i64ExtendI32U, op.i64Or]);
    }
    code.byte(op.f64ReinterpretI64);
    return this.#code.take("float64");
  }

  math(name: MathFunction, ...args: Value[]): Value {
    return this.#helper(name, args);
  }

  #helper(name: MathFunction | "rem", args: readonly Value[]): Value {
    const { dtype } = args[0]!;
    this.#code.call(this.#callees.math(name, dtype), args);
    return this.#code.take(dtype);
  }

  variable(initial: Value): Variable {
    const { dtype } = initial;
    const local = this.#code.local(dtype);
    const set = (value: Value): void => {
      if (value.dtype !== dtype) throw mistake(`a ${dtype} variable set to a ${value.dtype}`);
      this.#code.push(value);
      this.#code.set(local);
    };
    set(initial);
    // A copy, as the variable may change before the value is used.
    return { get: () => this.#code.emit(dtype, [local]), set };
  }

  #block(body: () => void): void {
    const block: Block = { open: true };
    this.#blocks.push(block);
    body();
    this.#blocks.pop();
    block.open = false;
  }

  loop(count: Value | number, body: (i: Value) => void): void {
    const total = typeof count === "number" ? this.literal("int32", count) : count;
    const known = literalOf(total);
    if (known !== undefined && known <= 0) return;
    if (known === 1) return this.#block(() => body(this.literal("int32", 0)));
    if (known === undefined) return this.if(this.less(this.literal("int32", 0), total), () => this.#count(total, body));
    this.#count(total, body);
  }

  #count(total: Value, body: (i: Value) => void): void {
    const code = this.#code.bytes;
    const i = this.#code.local("int32");
    this.#code.int(0);
    this.#code.set(i);
    code.bytes([op.loop, empty]);
    this.#block(() => body(i));
    this.#code.push(i);
    this.#code.int(1);
    code.byte(op.i32Add);
    this.#code.set(i);
    this.#code.push(i);
    this.#code.push(total);
    code.bytes([op.i32LtS, op.brIf, 0, op.end]);
  }

  while(condition: () => Value, body: () => void): void {
    const code = this.#code.bytes;
    code.bytes([op.block, empty, op.loop, empty]);
    this.#block(() => {
      this.#code.push(condition());
      code.bytes([op.i32Eqz, op.brIf, 1]);
      body();
    });
    code.bytes([op.br, 0, op.end, op.end]);
  }

  if(condition: Value, then: () => void, otherwise?: () => void): void {
    const known = literalOf(condition);
    if (known !== undefined) return known ? then() : otherwise?.();
    this.#code.push(condition);
    this.#code.bytes.bytes([op.if, empty]);
    this.#block(then);
    if (otherwise !== undefined) {
      this.#code.bytes.byte(op.else);
      this.#block(otherwise);
    }
    this.#code.bytes.byte(op.end);
  }

  scope(body: () => void): void {
    this.#code.recycle(() => this.#block(body));
  }

  /** Computes once per stretch of code: again only where the code that did may not have run. */
  readonly #remember = <T>(make: () => T): (() => T) => {
    let value: T | undefined;
    let block: Block = { open: false };
    return () => {
      if (block.open) return value as T;
      block = this.#blocks.at(-1)!;
      return (value = make());
    };
  };

  fail(code: Value, facts: readonly Value[] = []): void {
    this.if(this.notEqual(code, this.literal("int32", 0)), () =>
      this.if(emitFirst(this, this.#code, this.#callees.engine.threads, code), () =>
        facts.forEach((fact, n) => this.store("float64", this.literal("int32", failureFacts), 8 * n, fact)),
      ),
    );
  }

  readonly index = (shape: Shape, axes: readonly Value[]): Index => indexOfAxes(this, this.#remember, shape, axes);
  readonly flatIndex = (shape: Shape, flat: Value): Index => indexOfFlat(this, this.#remember, shape, flat);

  load(dtype: DType, address: Value, offset: number): Value {
    if (offset < 0) return this.load(dtype, this.add(address, this.literal("int32", offset)), 0);
    const { load, align } = access[dtype];
    this.#code.push(address);
    this.#code.bytes.byte(load);
    this.#code.bytes.pair(align, offset);
    return this.#code.take(dtype);
  }

  store(dtype: DType, address: Value, offset: number, value: Value): void {
    if (value.dtype !== dtype) throw mistake(`a ${value.dtype} stored as ${dtype}`);
    if (offset < 0) return this.store(dtype, this.add(address, this.literal("int32", offset)), 0, value);
    const { store, align } = access[dtype];
    this.#code.push(address);
    this.#code.push(value);
    this.#code.bytes.byte(store);
    this.#code.bytes.pair(align, offset);
  }

  copy(to: Value, from: Value, bytes: Value): void {
    for (const value of [to, from, bytes]) this.#code.push(value);
    this.#code.bytes.bytes(bulk.memoryCopy);
  }

  fill(to: Value, byte: number, bytes: Value): void {
    this.#code.push(to);
    this.#code.int(byte);
    this.#code.push(bytes);
    this.#code.bytes.bytes(bulk.memoryFill);
  }

  call(target: FunctionHandle, args: readonly Value[]): void {
    if (args.length !== target.parameters)
      throw mistake(`${args.length} arguments for ${target.parameters} parameters`);
    this.#code.call(target.index, args);
  }

  matmul(spec: MatmulSpec): void {
    if (spec.m === 0 || spec.n === 0) return;
    this.#code.call(this.#callees.matmul(spec), matmulArguments(spec));
  }

  lanes(count: number): LaneEmitter {
    let emitter = this.#lanes.get(count);
    if (!emitter) this.#lanes.set(count, (emitter = laneEmitter(this.#laneCode(count), this.#callees)));
    return emitter;
  }

  runs(count: Value | number, body: (k: Emitter, i: Value) => void): void {
    exactRuns(this, count, body);
  }

  parallel(job: FunctionHandle, frame: Value, tiles: number, alone: () => void): void {
    const open = this.load("int32", this.literal("int32", words.open), 0);
    this.if(open, () => emitFork(this.#code, this.#callees, job, this.#callees.job(job), frame, tiles), alone);
  }

  trap(): void {
    this.#code.bytes.byte(op.unreachable);
  }

  ensure(end: Value): void {
    this.#callees.noteHeap();
    ensureMemory(this, this.#code, end);
  }
}
