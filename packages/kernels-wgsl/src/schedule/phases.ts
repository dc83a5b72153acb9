import { byteSize } from "@dzdt/tensor";
import type { Value, Variable } from "@dzdt/tensor/lower";
import type { Code } from "../wgsl/code";
import { type Callees, WgslEmitter } from "../wgsl/emit";
import { term } from "../wgsl/types";
import { leaveMore } from "./kernel";

/** Bytes to copy or to fill, by many invocations at once. */
export interface Move {
  readonly to: number;
  readonly words: number;
  /** An address; undefined: fill with zeros. */
  readonly from: number | undefined;
}

/** What a kernel does of a node that sets something up and then loops: what comes before, or the loop and what comes after. */
export type Phase =
  | { readonly kind: "open"; readonly moves: Move[] }
  /** So many iterations of the loop at most; it goes on where it stopped when it is run again. Does it leave word that there may be more? */
  | { readonly kind: "some"; readonly budget: number; readonly tells?: true }
  /** One iteration; others are those of other invocations. */
  | { readonly kind: "one" }
  /** All of it. */
  | { readonly kind: "whole" };

/** Fewer bytes are moved by one invocation. */
const fewest = 256;

/** Takes the code of such a node apart: variables that live across the parts are words of memory, from the address `kept` on. */
export class PhaseEmitter extends WgslEmitter {
  protected readonly phase: Phase;
  private readonly kept: Value | number;
  /** Bytes of variables so far. */
  private used = 0;
  /** Has the loop begun? */
  protected seen: boolean;

  constructor(callees: Callees, code: Code, phase: Phase, kept: Value | number) {
    super(callees, code);
    this.phase = phase;
    this.kept = kept;
    this.seen = phase.kind === "whole";
  }

  /** Is the code that is being emitted another kernel's? What only computes does no harm there. */
  protected get muted(): boolean {
    return this.phase.kind === "open" ? this.seen : !this.seen;
  }

  override variable(initial: Value): Variable {
    if (this.seen) return super.variable(initial);
    const { kept, used } = this;
    const first = typeof kept === "number" ? this.literal("int32", kept) : kept;
    const address = this.add(first, this.literal("int32", used));
    const held = initial.dtype === "bool" ? "int32" : initial.dtype;
    this.used += byteSize(held);
    const set = (value: Value): void => this.store(held, address, 0, this.cast(value, held));
    if (this.phase.kind === "open") set(initial);
    return { get: () => this.cast(this.load(held, address, 0), initial.dtype), set };
  }

  override while(condition: () => Value, body: () => void): void {
    if (this.seen) return super.while(condition, body);
    this.seen = true;
    if (this.phase.kind === "open") return;
    if (this.phase.kind !== "some") return this.code.block("{", body);
    const { tells } = this.phase;
    const budget = this.code.name("budget");
    this.code.line(`var ${budget} = ${this.phase.budget}i;`);
    this.code.block("loop {", () => {
      this.code.line(`if (stopped || ${budget} == 0i) { ${tells ? `if (!stopped) { ${leaveMore} } ` : ""}break; }`);
      this.code.line(`if (!${term(condition()).text}) { break; }`);
      this.code.line(`${budget}--;`);
      body();
    });
  }

  override store(...[dtype, address, offset, value]: Parameters<WgslEmitter["store"]>): void {
    if (!this.muted) super.store(dtype, address, offset, value);
  }

  override copy(to: Value, from: Value, bytes: Value): void {
    if (this.muted) return;
    const [target, source, size] = [to, from, bytes].map((x) => term(x).number);
    if (this.phase.kind === "open" && isMove(size) && target !== undefined && source !== undefined)
      this.phase.moves.push({ to: target, from: source, words: size / 4 });
    else super.copy(to, from, bytes);
  }

  override fill(to: Value, byte: number, bytes: Value): void {
    if (this.muted) return;
    const [target, size] = [to, bytes].map((x) => term(x).number);
    if (this.phase.kind === "open" && isMove(size) && target !== undefined && byte === 0)
      this.phase.moves.push({ to: target, from: undefined, words: size / 4 });
    else super.fill(to, byte, bytes);
  }

  override call(...args: Parameters<WgslEmitter["call"]>): void {
    if (!this.muted) super.call(...args);
  }

  override fail(...args: Parameters<WgslEmitter["fail"]>): void {
    if (!this.muted) super.fail(...args);
  }

  override trap(): void {
    if (!this.muted) super.trap();
  }

  override ensure(end: Value): void {
    if (!this.muted) super.ensure(end);
  }
}

/** Whole words, and many. */
const isMove = (size: number | undefined): size is number => size !== undefined && size % 4 === 0 && size >= fewest;
