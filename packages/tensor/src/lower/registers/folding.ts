import type { DType } from "../../dtype";
import { isFloat } from "../../dtype";
import type { FusedProducts, Index, MathFunction, Value, Variable } from "../emitter";
import type { LaneEmitter, MachineEmitter, MemoryEmitter } from "../machine";
import { simplify } from "../math/identities";
import { indexOfAxes, indexOfFlat } from "../math/positions";
import * as scalar from "../math/scalar";
import { Operations } from "../operations";
import type { Shape } from "../../shape";
import { Known, knownInt, knownOf, spelled } from "./known";
import { type Assignment, Tracked } from "./tracked";

/** Loops of so many iterations are written out. */
const longestUnrolled = 32;

/**
 * Writes straight-line code for another emitter: numbers that are known are computed at once, equal operations are written once, loops of known
 * length are unrolled, and variables that no branch sets are not variables at all. What each operation gives is the same bit for bit.
 */
export class Folding extends Operations implements MemoryEmitter {
  readonly target: string;
  readonly fused?: FusedProducts;
  readonly inner: MemoryEmitter;
  /** Where the inner emitter has lanes, and the code around them. */
  readonly #lanes: { readonly emitter: LaneEmitter; readonly scalar: MachineEmitter } | undefined;
  /** The lanes for which the code at hand is meant; undefined: all. */
  #running: Value | undefined;
  /** What selections chose between. */
  readonly #selections = new Map<Value, readonly [condition: Value, yes: Value, no: Value]>();
  /** What has been computed in each open stretch of code, by operation and operands. */
  readonly #computed: Map<string, Value>[] = [new Map<string, Value>()];
  readonly #names = new Map<Value, number>();
  #named = 0;
  /** Numbers that are never −0. */
  readonly #unsigned = new Set<Value>();
  /** Variables that code to come may still set. */
  #open: Tracked[] = [];

  constructor(inner: MemoryEmitter, lanes?: { readonly emitter: LaneEmitter; readonly scalar: MachineEmitter }) {
    super();
    this.inner = inner;
    this.target = inner.target;
    const { fused } = inner;
    if (fused)
      this.fused = {
        addProduct: (...operands) => this.#once("addProduct", operands, fused.addProduct),
        subProduct: (...operands) => this.#once("subProduct", operands, fused.subProduct),
      };
    this.#lanes = lanes;
  }

  readonly literal = (dtype: DType, value: number): Value => new Known(dtype, value);

  #nameOf(value: Value): string {
    if (value instanceof Known) return `${value.dtype}:${Object.is(value.number, -0) ? "-0" : value.number}`;
    let name = this.#names.get(value);
    if (name === undefined) this.#names.set(value, (name = this.#named++));
    return String(name);
  }

  /** The value of a pure operation: computed now, or known from before. */
  #once(name: string, operands: readonly Value[], make: (...spelt: Value[]) => Value): Value {
    const key = `${name} ${operands.map((x) => this.#nameOf(x)).join()}`;
    for (let level = this.#computed.length - 1; level >= 0; level--) {
      const found = this.#computed[level]!.get(key);
      if (found) return found;
    }
    const value = make(...operands.map((x) => spelled(this.inner, x)));
    this.#computed.at(-1)!.set(key, value);
    return value;
  }

  protected binary(name: scalar.BinaryOp, a: Value, b: Value): Value {
    const [left, right] = [knownOf(a), knownOf(b)];
    const result = scalar.comparisons.has(name) ? "bool" : a.dtype;
    if (left !== undefined && right !== undefined) return new Known(result, scalar.binary(name, a.dtype)(left, right));
    const simple = simpler(name, a, b, left, right);
    if (simple) return simple;
    // Adding 0 changes nothing but −0.
    if (name === "add" && left === 0 && this.#unsigned.has(b)) return b;
    const value = this.#once(name, [a, b], (x, y) => this.inner[name](x, y));
    if (name === "mul" && a === b) this.#unsigned.add(value);
    return value;
  }

  protected unary(name: scalar.UnaryOp, a: Value): Value {
    const number = knownOf(a);
    if (number !== undefined) return new Known(a.dtype, scalar.unary(name, a.dtype)(number));
    return this.#once(name, [a], (x) => this.inner[name](x));
  }

  select(condition: Value, a: Value, b: Value): Value {
    const chosen = knownOf(condition);
    if (chosen !== undefined) return chosen ? a : b;
    if (this.#nameOf(a) === this.#nameOf(b)) return a;
    const value = this.#once("select", [condition, a, b], (c, x, y) => this.inner.select(c, x, y));
    this.#selections.set(value, [condition, a, b]);
    return value;
  }

  cast(a: Value, dtype: DType): Value {
    if (a.dtype === dtype) return a;
    const number = knownOf(a);
    if (number !== undefined) return new Known(dtype, scalar.convert(a.dtype, dtype)(number));
    return this.#once(`cast ${a.dtype} ${dtype}`, [a], (x) => this.inner.cast(x, dtype));
  }

  bitcast(a: Value, dtype: DType): Value {
    if (a.dtype === dtype) return a;
    const number = knownOf(a);
    if (number !== undefined) return new Known(dtype, scalar.reinterpret(a.dtype, dtype)(number));
    return this.#once(`bitcast ${a.dtype} ${dtype}`, [a], (x) => this.inner.bitcast(x, dtype));
  }

  words(a: Value): { readonly high: Value; readonly low: Value } {
    const number = knownOf(a);
    if (number === undefined) return this.inner.words(a);
    const word = (which: "high" | "low"): Value => new Known("uint32", scalar.wordOf(number, which));
    return { high: word("high"), low: word("low") };
  }

  fromWords(high: Value, low: Value): Value {
    return this.#once("fromWords", [high, low], (x, y) => this.inner.fromWords(x, y));
  }

  math(name: MathFunction, ...args: Value[]): Value {
    return this.#once(name, args, (...spelt) => this.inner.math(name, ...spelt));
  }

  variable(initial: Value): Variable {
    const variable = new Tracked(this.inner, initial);
    this.#open.push(variable);
    return variable;
  }

  /** Runs `body`; the variables it makes are not set after it. */
  closed<T>(body: () => T): T {
    const before = this.#open;
    this.#open = [...before];
    const result = body();
    this.#open = before;
    return result;
  }

  /** A stretch of code that may not run, or run again. */
  #stretch(body: () => void): void {
    this.#computed.push(new Map());
    this.closed(body);
    this.#computed.pop();
  }

  #settle(): void {
    for (const variable of this.#open) variable.settle();
  }

  loop(count: Value | number, body: (i: Value) => void): void {
    const total = typeof count === "number" ? count : knownOf(count);
    if (total !== undefined && total <= longestUnrolled) {
      for (let i = 0; i < total; i++) body(knownInt(i));
      return;
    }
    this.#settle();
    this.inner.loop(typeof count === "number" ? count : spelled(this.inner, count), (i) =>
      this.#stretch(() => body(i)),
    );
  }

  while(condition: () => Value, body: () => void): void {
    this.#settle();
    this.#computed.push(new Map());
    this.inner.while(
      () => spelled(this.inner, this.closed(condition)),
      () => this.closed(body),
    );
    this.#computed.pop();
  }

  /** A variable that all lanes set alike. */
  counter(initial: Value): Variable {
    const k = this.#lanes?.scalar ?? this.inner;
    const variable = k.variable(spelled(k, initial));
    return { get: () => variable.get(), set: (value) => variable.set(spelled(k, value)) };
  }

  /** The greatest of the numbers, 0 at least, of lanes for which the code at hand is meant: the same in all. */
  most(value: Value): Value {
    const { emitter, scalar } = this.#lanes ?? {};
    if (!emitter || !scalar || knownOf(value) !== undefined || emitter.lane(value, 0) === value) return value;
    const own = emitter.variable(value).get();
    const none = scalar.literal("int32", 0);
    const numbers = emitter.ramp(none, 1);
    const each = Array.from({ length: emitter.count }, (_, lane) => {
      const is = this.meant(emitter.equal(numbers, emitter.literal("int32", lane)));
      return scalar.select(emitter.any(spelled(emitter, is)), emitter.lane(own, lane), none);
    });
    return scalar.variable(each.reduce((a, b) => scalar.max(a, b))).get();
  }

  /** A counter's next numbers, one for each lane in which the condition holds. */
  dealt(counter: Variable, condition: Value): Value {
    const { emitter } = this.#lanes ?? {};
    const before = counter.get();
    const number = emitter ? emitter.upTo(spelled(emitter, condition)) : this.cast(condition, "int32");
    counter.set(this.add(before, emitter ? emitter.lane(number, emitter.count - 1) : number));
    return this.add(this.sub(before, knownInt(1)), number);
  }

  /**
   * Runs `body` while the condition holds in some lane. What the body computes in lanes where it does not is of no use: variables are changed by
   * {@link assign}, which leaves those lanes alone.
   */
  repeat(condition: () => Value, body: () => void): void {
    if (!this.#lanes) return this.while(condition, body);
    this.#settle();
    this.#computed.push(new Map());
    const { emitter, scalar } = this.#lanes;
    const outer = this.#running;
    scalar.while(
      () => {
        const wanted = this.closed(condition);
        const known = spelled(emitter, wanted);
        // Its number in one lane is itself: the same in all lanes, which go on and end together.
        if (!outer && emitter.lane(known, 0) === known) return known;
        this.#running = outer ? this.and(outer, wanted) : wanted;
        return spelled(scalar, emitter.any(spelled(emitter, this.#running)));
      },
      () => this.closed(body),
    );
    this.#running = outer;
    this.#computed.pop();
  }

  /**
   * Runs `body` while the condition holds in all lanes for which the code at hand is meant. What is then to be done is for those in which it does
   * not hold any more: `ended` is told of them before each repetition.
   */
  together(condition: () => Value, body: () => void, ended: (lanes: Value) => void): void {
    const stops = (): Value => this.closed(() => this.meant(this.not(condition())));
    this.#settle();
    this.#computed.push(new Map());
    const { emitter, scalar } = this.#lanes ?? {};
    (scalar ?? this.inner).while(
      () => {
        const stopping = stops();
        ended(stopping);
        const some = emitter ? emitter.any(spelled(emitter, stopping)) : stopping;
        return (scalar ?? this.inner).not(spelled(scalar ?? this.inner, some));
      },
      () => this.closed(body),
    );
    this.#computed.pop();
  }

  /** Where a condition holds in lanes for which the code at hand is meant. */
  readonly meant = (condition: Value): Value => (this.#running ? this.and(this.#running, condition) : condition);

  /**
   * Sets variables at the end of a repetition, knowing what they held. As a rule all lanes go on, and take the new value of a selection: that is a
   * branch, as the processor then need not wait for the condition.
   */
  assign(list: readonly Assignment[]): void {
    const changing = list.filter(({ next, before }) => next !== before);
    const running = this.#running;
    if (!this.#lanes || !running) return changing.forEach(({ variable, next }) => variable.set(next));
    const groups = new Map<Value, Assignment[]>();
    for (const { variable, next, before } of changing) {
      const chosen = this.#selections.get(next);
      const keeps = chosen?.[2] === before;
      const condition = keeps ? this.and(running, chosen[0]) : running;
      const group = groups.get(condition) ?? [];
      groups.set(condition, [...group, { variable, next: keeps ? chosen[1] : next, before }]);
    }
    const { emitter, scalar } = this.#lanes;
    for (const [condition, group] of groups)
      scalar.if(
        spelled(scalar, emitter.any(spelled(emitter, this.not(condition)))),
        () =>
          this.#stretch(() =>
            group.forEach(({ variable, next, before }) => variable.set(this.select(condition, next, before))),
          ),
        () => group.forEach(({ variable, next }) => variable.set(next)),
      );
  }

  if(condition: Value, then: () => void, otherwise?: () => void): void {
    const known = knownOf(condition);
    if (known !== undefined) return known ? then() : otherwise?.();
    this.#settle();
    this.inner.if(condition, () => this.#stretch(then), otherwise && ((): void => this.#stretch(otherwise)));
  }

  fail(code: Value, facts?: readonly Value[]): void {
    if (knownOf(code) === 0) return;
    this.inner.fail(
      spelled(this.inner, this.#running ? this.select(this.#running, code, knownInt(0)) : code),
      facts?.map((fact) => spelled(this.inner, fact)),
    );
  }

  /** Reads memory that this code does not write. */
  constant(dtype: DType, address: Value, offset: number): Value {
    return this.#once(`load ${dtype} ${offset}`, [address], (at) => this.inner.load(dtype, at, offset));
  }

  load(dtype: DType, address: Value, offset: number): Value {
    return this.inner.load(dtype, spelled(this.inner, address), offset);
  }

  store(dtype: DType, address: Value, offset: number, value: Value): void {
    this.inner.store(dtype, spelled(this.inner, address), offset, spelled(this.inner, value));
  }

  // Positions cost nothing where they are known, and are not computed twice where they are not.
  readonly index = (shape: Shape, axes: readonly Value[]): Index => indexOfAxes(this, again, shape, axes);
  readonly flatIndex = (shape: Shape, flat: Value): Index => indexOfFlat(this, again, shape, flat);
}

const again = <T>(make: () => T): (() => T) => make;

/** What an operation with one known operand is, where that takes no code. */
function simpler(
  name: scalar.BinaryOp,
  a: Value,
  b: Value,
  left: number | undefined,
  right: number | undefined,
): Value | undefined {
  const { dtype } = a;
  if (isFloat(dtype)) {
    if (right === 1 && (name === "mul" || name === "div")) return a;
    if (left === 1 && name === "mul") return b;
    return name === "sub" && Object.is(right, 0) ? a : undefined;
  }
  const found = simplify(name, dtype, left, right);
  // To write another operation is left to the inner emitter.
  if (!found || "op" in found) return undefined;
  if ("literal" in found) return new Known(dtype, found.literal);
  return found.keep === "a" ? a : b;
}
