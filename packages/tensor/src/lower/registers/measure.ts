import type { DType } from "../../dtype";
import { invariant } from "../../errors";
import type { Index, Value, Variable } from "../emitter";
import type { MemoryEmitter } from "../machine";

/** Thrown where code would grow too long, or has no place for a value. */
export class Unfit extends Error {}

/** Emits nothing and counts the operations, up to a limit. */
export class Measure implements MemoryEmitter {
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
    this.#limit = limit;
  }

  #count(dtype: DType): Value {
    if (++this.operations > this.#limit) throw new Unfit();
    if (dtype === "float64") this.doubles++;
    return { dtype };
  }

  readonly literal = (dtype: DType): Value => ({ dtype });

  readonly #same = (a: Value): Value => this.#count(a.dtype);
  readonly #bool = (): Value => this.#count("bool");
  readonly add: (a: Value) => Value = this.#same;
  readonly sub: (a: Value) => Value = this.#same;
  readonly mul: (a: Value) => Value = this.#same;
  readonly div: (a: Value) => Value = this.#same;
  readonly rem: (a: Value) => Value = this.#same;
  readonly min: (a: Value) => Value = this.#same;
  readonly max: (a: Value) => Value = this.#same;
  readonly copySign: (a: Value) => Value = this.#same;
  readonly and: (a: Value) => Value = this.#same;
  readonly or: (a: Value) => Value = this.#same;
  readonly xor: (a: Value) => Value = this.#same;
  readonly shiftLeft: (a: Value) => Value = this.#same;
  readonly shiftRight: (a: Value) => Value = this.#same;
  readonly neg: (a: Value) => Value = this.#same;
  readonly abs: (a: Value) => Value = this.#same;
  readonly sqrt: (a: Value) => Value = this.#same;
  readonly floor: (a: Value) => Value = this.#same;
  readonly ceil: (a: Value) => Value = this.#same;
  readonly trunc: (a: Value) => Value = this.#same;
  readonly round: (a: Value) => Value = this.#same;
  readonly not: (a: Value) => Value = this.#same;
  readonly equal: () => Value = this.#bool;
  readonly notEqual: () => Value = this.#bool;
  readonly less: () => Value = this.#bool;
  readonly lessEqual: () => Value = this.#bool;
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

  readonly index = (): Index => invariant(false, "indices are made by the emitter before this one") as never;
  readonly flatIndex: () => Index = this.index;
}
