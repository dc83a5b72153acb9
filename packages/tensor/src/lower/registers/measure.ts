import type { DType } from "../../dtype";
import { invariant } from "../../errors";
import type { Shape } from "../../shape";
import type { Index, Value, Variable } from "../emitter";
import type { MemoryEmitter } from "../machine";
import { type BinaryOp, comparisons, type UnaryOp } from "../math/scalar";
import { Operations } from "../operations";

/** Thrown where code would grow too long, or has no place for a value. */
export class Unfit extends Error {}

const noIndex = (): Index => invariant(false, "indices are made by the emitter before this one") as never;

/** Emits nothing and counts the operations, up to a limit. */
export class Measure extends Operations implements MemoryEmitter {
  readonly target = "none";
  readonly #limit: number;
  operations = 0;
  /** Those on doubles, of which vectors hold half as many. */
  doubles = 0;
  /** Calls of elementary functions. */
  functions = 0;
  /** Does code repeat? */
  repeats = false;

  constructor(limit: number) {
    super();
    this.#limit = limit;
  }

  #count(dtype: DType): Value {
    if (++this.operations > this.#limit) throw new Unfit();
    if (dtype === "float64") this.doubles++;
    return { dtype };
  }

  readonly literal = (dtype: DType): Value => ({ dtype });

  protected binary(name: BinaryOp, a: Value, _b: Value): Value {
    return this.#count(comparisons.has(name) ? "bool" : a.dtype);
  }
  protected unary(_name: UnaryOp, a: Value): Value {
    return this.#count(a.dtype);
  }
  readonly select = (_condition: Value, a: Value): Value => this.#count(a.dtype);
  readonly cast = (_a: Value, dtype: DType): Value => this.#count(dtype);
  readonly bitcast: (a: Value, dtype: DType) => Value = this.cast;
  readonly words = (): { high: Value; low: Value } => ({ high: this.#count("uint32"), low: this.#count("uint32") });
  readonly fromWords = (): Value => this.#count("float64");

  math(_name: string, a: Value): Value {
    this.functions++;
    return this.#count(a.dtype);
  }

  variable(initial: Value): Variable {
    return { get: () => this.#count(initial.dtype), set: () => void this.#count(initial.dtype) };
  }

  loop(_count: Value | number, body: (i: Value) => void): void {
    this.repeats = true;
    body(this.#count("int32"));
  }

  while(condition: () => Value, body: () => void): void {
    this.repeats = true;
    condition();
    body();
  }

  if(_condition: Value, then: () => void, otherwise?: () => void): void {
    then();
    otherwise?.();
  }

  fail(): void {
    this.#count("bool");
  }

  load(dtype: DType): Value {
    return this.#count(dtype);
  }

  store(dtype: DType): void {
    this.#count(dtype);
  }

  readonly index: (shape: Shape, axes: readonly Value[]) => Index = noIndex;
  readonly flatIndex: (shape: Shape, flat: Value) => Index = noIndex;
}
