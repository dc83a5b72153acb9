import type { Emitter, Value, Variable } from "../emitter";
import { spelled } from "./known";

/** A variable while what it holds is known; from the first branch that might set it on, a variable of the code. */
export class Tracked implements Variable {
  readonly #k: Emitter;
  #value: Value;
  #real: Variable | undefined;

  constructor(k: Emitter, initial: Value) {
    this.#k = k;
    this.#value = initial;
  }

  get(): Value {
    return this.#real ? this.#real.get() : this.#value;
  }

  set(value: Value): void {
    if (this.#real) this.#real.set(spelled(this.#k, value));
    else this.#value = value;
  }

  /** Before code that may run any number of times. */
  settle(): void {
    this.#real ??= this.#k.variable(spelled(this.#k, this.#value));
  }
}

/** A variable, what it is to hold, and what it holds. */
export interface Assignment {
  readonly variable: Variable;
  readonly next: Value;
  readonly before: Value;
}
