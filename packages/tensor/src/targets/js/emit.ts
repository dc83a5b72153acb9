import type { DType, TypedArray } from "../../dtype";
import { invariant } from "../../errors";
import { failureOf } from "../../failures";
import type { Emitter, Index, MathFunction, Memory, Value, Variable } from "../../lower/emitter";
import { indexOfAxes, indexOfFlat } from "../../lower/math/positions";
import type { BinaryOp, UnaryOp } from "../../lower/math/scalar";
import * as scalar from "../../lower/math/scalar";
import { Operations } from "../../lower/operations";
import type { Shape } from "../../shape";
import { mathOf } from "./math";

/** A register, or a literal (slot < 0). */
interface Held extends Value {
  readonly slot: number;
  readonly number: number;
}
const held = (value: Value): Held => value as Held;

interface Block {
  open: boolean;
  readonly steps: (() => void)[];
}

/**
 * The emitter of the oracle: every operation appends a closure over a register file, and {@link run} calls them in order. Slow, and the
 * meaning of each operation is one line of JavaScript.
 */
export class JsEmitter extends Operations implements Emitter {
  readonly target = "js";
  readonly #registers: number[] = [];
  readonly #parameters: Held[] = [];
  readonly #blocks: Block[] = [{ open: true, steps: [] }];

  /** A value given anew to each run. */
  parameter(dtype: DType): Value {
    const value = this.#register(dtype);
    this.#parameters.push(value);
    return value;
  }

  /** A tensor in a typed array that is asked for at each access, so that runs may use different ones. */
  memory(type: { readonly dtype: DType; readonly shape: Shape }, array: () => TypedArray): Memory {
    const { dtype, shape } = type;
    return {
      dtype,
      shape,
      load: (position) => {
        const at = this.#read(position);
        return this.#emit(dtype, () => array()[at()]!);
      },
      store: (position, value) => {
        invariant(value.dtype === dtype, `a ${value.dtype} stored as ${dtype}`);
        const [at, read] = [this.#read(position), this.#read(value)];
        this.#append(() => (array()[at()] = read()));
      },
    };
  }

  /** Executes what has been emitted, with values for the parameters in the order in which they were made. */
  run(values: readonly number[] = []): void {
    invariant(
      values.length === this.#parameters.length,
      `${values.length} values for ${this.#parameters.length} parameters`,
    );
    this.#parameters.forEach(({ slot, dtype }, i) => (this.#registers[slot] = scalar.represent(dtype, values[i]!)));
    execute(this.#blocks[0]!);
  }

  #register(dtype: DType): Held {
    return { dtype, slot: this.#registers.push(0) - 1, number: 0 };
  }

  #append(step: () => void): void {
    this.#blocks.at(-1)!.steps.push(step);
  }

  #read(value: Value): () => number {
    const { slot, number } = held(value);
    const registers = this.#registers;
    return slot < 0 ? () => number : () => registers[slot]!;
  }

  #emit(dtype: DType, compute: () => number): Value {
    const result = this.#register(dtype);
    const registers = this.#registers;
    this.#append(() => (registers[result.slot] = compute()));
    return result;
  }

  literal(dtype: DType, value: number): Value {
    return { dtype, slot: -1, number: scalar.represent(dtype, value) } as Held;
  }

  protected binary(name: BinaryOp, a: Value, b: Value): Value {
    invariant(a.dtype === b.dtype, `${name} of ${a.dtype} and ${b.dtype}`);
    const rule = scalar.binary(name, a.dtype);
    const [left, right] = [this.#read(a), this.#read(b)];
    return this.#emit(scalar.comparisons.has(name) ? "bool" : a.dtype, () => rule(left(), right()));
  }

  protected unary(name: UnaryOp, a: Value): Value {
    const rule = scalar.unary(name, a.dtype);
    return this.#map(a, a.dtype, rule);
  }

  #map(a: Value, dtype: DType, rule: (a: number) => number): Value {
    const read = this.#read(a);
    return this.#emit(dtype, () => rule(read()));
  }

  select(condition: Value, a: Value, b: Value): Value {
    invariant(a.dtype === b.dtype, `select between ${a.dtype} and ${b.dtype}`);
    const [test, left, right] = [this.#read(condition), this.#read(a), this.#read(b)];
    return this.#emit(a.dtype, () => (test() ? left() : right()));
  }

  cast(a: Value, dtype: DType): Value {
    return a.dtype === dtype ? a : this.#map(a, dtype, scalar.convert(a.dtype, dtype));
  }

  bitcast(a: Value, dtype: DType): Value {
    return a.dtype === dtype ? a : this.#map(a, dtype, scalar.reinterpret(a.dtype, dtype));
  }

  words(a: Value): { readonly high: Value; readonly low: Value } {
    const word = (which: "high" | "low"): Value => this.#map(a, "uint32", (x) => scalar.wordOf(x, which));
    return { high: word("high"), low: word("low") };
  }

  fromWords(high: Value, low: Value): Value {
    const [upper, lower] = [this.#read(high), this.#read(low)];
    return this.#emit("float64", () => scalar.doubleOf(upper(), lower()));
  }

  math(name: MathFunction, ...args: Value[]): Value {
    const rule = mathOf(name);
    const { dtype } = args[0]!;
    const reads = args.map((arg) => this.#read(arg));
    return this.#emit(dtype, () => scalar.represent(dtype, rule(...reads.map((read) => read()))));
  }

  variable(initial: Value): Variable {
    const { dtype } = initial;
    const register = this.#register(dtype);
    const registers = this.#registers;
    const set = (value: Value): void => {
      invariant(value.dtype === dtype, `a ${dtype} variable set to a ${value.dtype}`);
      const read = this.#read(value);
      this.#append(() => (registers[register.slot] = read()));
    };
    set(initial);
    return { get: () => this.#map(register, dtype, (x) => x), set };
  }

  #block(body: () => void): Block {
    const block: Block = { open: true, steps: [] };
    this.#blocks.push(block);
    body();
    this.#blocks.pop();
    block.open = false;
    return block;
  }

  loop(count: Value | number, body: (i: Value) => void): void {
    const total = this.#read(typeof count === "number" ? this.literal("int32", count) : count);
    const i = this.#register("int32");
    const block = this.#block(() => body(i));
    const registers = this.#registers;
    this.#append(() => {
      const end = total();
      for (let n = 0; n < end; n++) {
        registers[i.slot] = n;
        execute(block);
      }
    });
  }

  while(condition: () => Value, body: () => void): void {
    let test = (): number => 0;
    const before = this.#block(() => (test = this.#read(condition())));
    const block = this.#block(body);
    this.#append(() => {
      for (execute(before); test(); execute(before)) execute(block);
    });
  }

  if(condition: Value, then: () => void, otherwise?: () => void): void {
    const test = this.#read(condition);
    const [yes, no] = [this.#block(then), this.#block(otherwise ?? (() => undefined))];
    this.#append(() => execute(test() ? yes : no));
  }

  /** Computes once per block: again only where the block that did may not have run. */
  readonly #remember = <T>(make: () => T): (() => T) => {
    let value: T | undefined;
    let block: Block | undefined;
    return () => {
      if (block?.open) return value as T;
      block = this.#blocks.at(-1)!;
      return (value = make());
    };
  };

  fail(code: Value, facts: readonly Value[] = []): void {
    const read = this.#read(code);
    const reads = facts.map((fact) => this.#read(fact));
    this.#append(() => {
      const failed = read();
      if (failed !== 0)
        throw failureOf(
          failed,
          reads.map((fact) => fact()),
        );
    });
  }

  index(shape: Shape, axes: readonly Value[]): Index {
    return indexOfAxes(this, this.#remember, shape, axes);
  }

  flatIndex(shape: Shape, flat: Value): Index {
    return indexOfFlat(this, this.#remember, shape, flat);
  }
}

function execute(block: Block): void {
  for (const step of block.steps) step();
}
