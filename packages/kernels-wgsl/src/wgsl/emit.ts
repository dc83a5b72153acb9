import { type DType, invariant, isFloat, type Shape } from "@dzdt/tensor";
import {
  type Case,
  failureWord,
  type FunctionHandle,
  type Index,
  indexOfAxes,
  indexOfFlat,
  type LaneEmitter,
  type MachineEmitter,
  type MathFunction,
  type MatmulSpec,
  Operations,
  type Value,
  type Variable,
} from "@dzdt/tensor/lower";
import type { Chain } from "./chain";
import { Code } from "./code";
import { factsAt } from "./failure";
import { emitMatmul } from "./matmul";
import { binaryText, castText, unaryText } from "./operations";
import { addressIn, asSum, type Term, term, typeOf } from "./types";
import type { Folded } from "./fold";
import * as fold from "./fold";

/** What an emitter asks of the module around it. */
export interface Callees {
  /** The name of the function that computes an elementary function (or the float remainder) of numbers of a float dtype. */
  math(name: MathFunction | "rem", dtype: DType): string;
  nameOf(handle: FunctionHandle): string;
  /** So many invocations side by side are of one set, and may tell each other numbers: a power of two, 1 if none may. */
  readonly set: number;
  /** What is each invocation's own while code for one of many lanes is emitted. */
  readonly lane: LaneMemory | undefined;
}

/** Memory of loops side by side that is not shared. */
export interface LaneMemory {
  /** The slot that counts lanes: here the number of this one. */
  readonly done: number;
  /** Where the working memory of lanes begins. */
  readonly room: number;
  /** Places that are left for a later kernel to write. */
  readonly dropped: ReadonlySet<number>;
  /** Where its loop is spread over dispatches. */
  readonly chain?: Chain;
}

/** Emits the body of one function of WGSL. Memory is the storage buffer `memory`, an array of words; addresses may be within other arrays ({@link addressIn}). */
export class WgslEmitter extends Operations implements MachineEmitter, LaneEmitter {
  readonly target = "webgpu";
  readonly code: Code;
  readonly callees: Callees;

  constructor(callees: Callees, code: Code = new Code()) {
    super();
    this.callees = callees;
    this.code = code;
  }

  readonly literal = (dtype: DType, value: number): Value => fold.literal(dtype, value);

  protected binary(name: Parameters<typeof binaryText>[0], a: Value, b: Value): Value {
    invariant(a.dtype === b.dtype, `${name} of ${a.dtype} and ${b.dtype}`);
    const array = term(a).array ?? term(b).array;
    if (array) {
      invariant(name === "add", `${name} of an address in an array of its own`);
      const [x, y] = [a, b].map((each) => ({ ...term(each), array: undefined }));
      return addressIn(array, this.add(x!, y!));
    }
    const known: Folded = fold.binary(name, term(a), term(b));
    if (known) return known;
    if (name === "rem" && isFloat(a.dtype)) return this.helper("rem", [a, b]);
    const { text, dtype } = binaryText(name, term(a), term(b));
    const value = this.code.value(dtype, text);
    return name === "add" ? asSum(value, a, b) : value;
  }

  protected unary(name: Parameters<typeof unaryText>[0], a: Value): Value {
    const known = fold.unary(name, term(a));
    if (known) return known;
    const text = unaryText(name, term(a));
    return text === undefined ? a : this.code.value(a.dtype, text);
  }

  select(condition: Value, a: Value, b: Value): Value {
    invariant(a.dtype === b.dtype, `select between ${a.dtype} and ${b.dtype}`);
    const { number, text } = term(condition);
    if (number !== undefined) return number ? a : b;
    return this.code.value(a.dtype, `select(${term(b).text}, ${term(a).text}, ${text})`);
  }

  cast(a: Value, dtype: DType): Value {
    if (a.dtype === dtype) return a;
    const known = fold.cast(term(a), dtype);
    if (known) return known;
    if (dtype === "bool") return this.notEqual(a, this.literal(a.dtype, 0));
    return this.code.value(dtype, castText(term(a), dtype));
  }

  bitcast(a: Value, dtype: DType): Value {
    if (a.dtype === dtype) return a;
    return fold.bitcast(term(a), dtype) ?? this.code.value(dtype, `bitcast<${typeOf(dtype)}>(${term(a).text})`);
  }

  words(a: Value): { readonly high: Value; readonly low: Value } {
    const words = this.code.name("w");
    this.code.line(`let ${words} = words_of_pair(${term(a).text});`);
    return { high: this.code.named("uint32", `${words}.x`), low: this.code.named("uint32", `${words}.y`) };
  }

  fromWords(high: Value, low: Value): Value {
    return this.code.value("float64", `pair_of_words(${term(high).text}, ${term(low).text})`);
  }

  math(name: MathFunction, ...args: Value[]): Value {
    return this.helper(name, args);
  }

  private helper(name: MathFunction | "rem", args: readonly Value[]): Value {
    const { dtype } = args[0]!;
    const callee = this.callees.math(name, dtype);
    this.code.calls.add(callee);
    return this.code.value(dtype, `${callee}(${args.map((x) => term(x).text).join(", ")})`);
  }

  variable(initial: Value): Variable {
    const { dtype } = initial;
    const name = this.code.name("x");
    this.code.line(`var ${name}: ${typeOf(dtype)} = ${term(initial).text};`);
    return {
      // A copy, as the variable may change before the value is used.
      get: () => this.code.fresh(dtype, name),
      set: (value) => {
        invariant(value.dtype === dtype, `a ${dtype} variable set to a ${value.dtype}`);
        this.code.line(`${name} = ${term(value).text};`);
      },
    };
  }

  loop(count: Value | number, body: (i: Value) => void): void {
    const total = typeof count === "number" ? this.literal("int32", count) : count;
    const { number, text } = term(total);
    if (number !== undefined && number <= 0) return;
    if (number === 1) return this.code.block("{", () => body(this.literal("int32", 0)));
    const i = this.code.name("at");
    this.code.block(`for (var ${i} = 0i; ${i} < ${text}; ${i}++) {`, () => body(this.code.named("int32", i)));
  }

  while(condition: () => Value, body: () => void): void {
    this.code.block("loop {", () => {
      this.code.line(`if (stopped || !${term(condition()).text}) { break; }`);
      body();
    });
  }

  if(condition: Value, then: () => void, otherwise?: () => void): void {
    const { number, text } = term(condition);
    if (number !== undefined) return this.code.block("{", number ? then : (otherwise ?? ((): void => undefined)));
    this.code.block(`if (${text}) {`, then);
    if (otherwise) this.code.block("else {", otherwise);
  }

  scope(body: () => void): void {
    this.code.block("{", body);
  }

  fail(code: Value, facts: readonly Value[] = []): void {
    const { text } = term(this.bitcast(code, "uint32"));
    this.code.fails = true;
    const words = facts
      .map(term)
      .flatMap((fact) => (fact.dtype === "float64" ? ["x", "y"].map((part) => `${fact.text}.${part}`) : [fact.text]));
    const notes = words.map((word, n) => ` memory[${factsAt / 4 + n}] = bitcast<u32>(${word});`).join("");
    const first = notes ? ` if (memory[1] == 0u) {${notes} }` : "";
    this.code.line(`if (${text} != 0u) {${first} note_failure(${text}); }`);
  }

  readonly index = (shape: Shape, axes: readonly Value[]): Index => indexOfAxes(this, this.code.remember, shape, axes);
  readonly flatIndex = (shape: Shape, flat: Value): Index => indexOfFlat(this, this.code.remember, shape, flat);

  load(dtype: DType, address: Value, offset: number): Value {
    const at = term(this.add(address, this.literal("int32", offset)));
    const known = at.array ? undefined : at.number;
    // The top of the heap belongs to each invocation.
    if (known === 0) return this.code.fresh("int32", "heap_top");
    if (known !== undefined && known === this.callees.lane?.done) return this.code.fresh("int32", "lane_done");
    if (dtype === "bool") return this.code.fresh("bool", `load_byte(${at.text}) != 0u`);
    if (dtype === "float64") {
      const [high, low] = this.pairOfWords(at);
      return this.code.fresh(dtype, `vec2f(bitcast<f32>(${high}), bitcast<f32>(${low}))`);
    }
    const word = this.word(at);
    return this.code.fresh(dtype, dtype === "uint32" ? word : `bitcast<${typeOf(dtype)}>(${word})`);
  }

  store(dtype: DType, address: Value, offset: number, value: Value): void {
    invariant(value.dtype === dtype, `a ${value.dtype} stored as ${dtype}`);
    const at = term(this.add(address, this.literal("int32", offset)));
    const { text } = term(value);
    const known = at.array ? undefined : at.number;
    invariant(known !== failureWord, "failures are noted with fail");
    if (known === 0) return this.code.line(`heap_top = ${text};`);
    const { lane } = this.callees;
    if (known !== undefined && known === lane?.done) return this.code.line(`lane_done = ${text};`);
    if (known !== undefined && lane?.dropped.has(known)) return;
    if (dtype === "bool") return this.code.line(`store_byte(${at.text}, select(0u, 1u, ${text}));`);
    if (dtype === "float64") {
      const [high, low] = this.pairOfWords(at);
      return this.code.line(`${high} = bitcast<u32>(${text}.x); ${low} = bitcast<u32>(${text}.y);`);
    }
    this.code.line(`${this.word(at)} = ${dtype === "uint32" ? text : `bitcast<u32>(${text})`};`);
  }

  /** The name of the array of words that an address is in. */
  private arrayOf({ array }: Term): string {
    return array ? this.code.arrayName(array) : "memory";
  }

  /** The word at an address. */
  private word(at: Term): string {
    const { number, text } = at;
    return `${this.arrayOf(at)}[${number === undefined ? `u32(${text}) >> 2u` : number >> 2}]`;
  }

  /** The two words of a float64 at an address. */
  private pairOfWords(at: Term): [string, string] {
    const { number, text } = at;
    const words = this.arrayOf(at);
    if (number !== undefined) return [`${words}[${number >> 2}]`, `${words}[${(number >> 2) + 1}]`];
    const { text: word } = this.code.value("uint32", `u32(${text}) >> 2u`);
    return [`${words}[${word}]`, `${words}[${word} + 1u]`];
  }

  /** A whole number of words begins at a word: rows of bools whose length is no multiple of four are what is copied byte by byte. */
  private words32(bytes: Value): string | undefined {
    const { number } = term(bytes);
    return number !== undefined && number % 4 === 0 ? `${number / 4}i` : undefined;
  }

  copy(to: Value, from: Value, bytes: Value): void {
    const words = this.words32(bytes);
    const helper = words === undefined ? "copy_bytes" : "copy_words";
    this.code.line(`${helper}(${term(to).text}, ${term(from).text}, ${words ?? term(bytes).text});`);
  }

  fill(to: Value, byte: number, bytes: Value): void {
    const words = this.words32(bytes);
    const helper = words === undefined ? "fill_bytes" : "fill_words";
    const value = words === undefined ? byte : byte * 0x01010101;
    this.code.line(`${helper}(${term(to).text}, ${value}u, ${words ?? term(bytes).text});`);
  }

  call(target: FunctionHandle, args: readonly Value[]): void {
    invariant(args.length === target.parameters, `${args.length} arguments for ${target.parameters} parameters`);
    const name = this.callees.nameOf(target);
    this.code.calls.add(name);
    this.code.line(`${name}(${args.map((x) => term(x).text).join(", ")});`);
  }

  choose(value: Value, cases: readonly Case[]): void {
    this.code.block(`switch (${term(value).text}) {`, () => {
      for (const [numbers, body] of cases) this.code.block(`case ${numbers.join("i, ")}i: {`, body);
      this.code.line("default: {}");
    });
  }

  /** One invocation does all tiles. */
  parallel(job: FunctionHandle, frame: Value, tiles: number): void {
    this.loop(tiles, (tile) => this.call(job, [frame, tile, this.literal("int32", 0)]));
  }

  /** An invocation is a lane; it has no others beside it. */
  lanes(count: number): LaneEmitter | undefined {
    return count === 1 ? this : undefined;
  }

  readonly count = 1;
  readonly ramp = (from: Value): Value => {
    const { number } = term(from);
    const { lane } = this.callees;
    if (!lane || number === undefined) return from;
    return this.code.value("int32", `lane_room + ${number - lane.room}i`);
  };
  readonly lane = (value: Value): Value => value;
  readonly upTo = (condition: Value): Value => this.cast(condition, "int32");
  readonly any = (condition: Value): Value => condition;

  trap(): void {
    this.code.fails = true;
    this.code.line("stop_run();");
  }

  ensure(end: Value): void {
    this.code.fails = true;
    this.code.line(`reserve(${term(end).text});`);
  }

  matmul(spec: MatmulSpec): void {
    emitMatmul(this, spec);
  }
}
