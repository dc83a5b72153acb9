import { byteSize, type DType } from "@dzdt/tensor";
import type { Case, FunctionHandle, MatmulSpec, Value } from "@dzdt/tensor/lower";
import type { Code } from "../wgsl/code";
import { type Callees, WgslEmitter } from "../wgsl/emit";
import { term } from "../wgsl/types";
import { shared, sharedName } from "./fold";
import { anywhere, Hazards, type Span, spanOf } from "./hazards";
import { leaveMore } from "./kernel";
import { type Phase, PhaseEmitter } from "./phases";
import { shareProduct } from "./team-product";

/** What kernels of a team declare: the number of the invocation, and words by which its members agree. */
export const teamGlobals = (size: number): string =>
  [
    "var<private> member: i32;",
    "var<workgroup> agreed: u32;",
    ...(["float32", "int32", "uint32", "bool"] as const).map((dtype) => shared(dtype, size)),
  ].join("\n");

/** WGSL for whether this invocation does what one alone must do. */
const leads = "member == 0i";

/** Of an iteration, what stands before its body, or after it. */
export type Half = "before" | "after";

/**
 * Code that all invocations of a workgroup run together. Each holds the same scalars; one of them writes those that go to memory; arrays are shared out
 * element by element (`share`). They wait for each other where one reads what another may have written, and agree on every branch.
 */
export class TeamEmitter extends PhaseEmitter {
  readonly size: number;
  readonly half: Half | undefined;
  private readonly hazards: Hazards = new Hazards();
  /** Has the place of the body been passed? */
  private passed = false;

  constructor(
    callees: Callees,
    code: Code,
    size: number,
    phase: Phase = { kind: "whole" },
    kept: Value | number = 0,
    half: Half | undefined = undefined,
  ) {
    super(callees, code, phase, kept);
    this.size = size;
    this.half = half;
  }

  /** Here stands the body of which only one half of what is around it is emitted. */
  passBody(): void {
    this.passed = true;
  }

  protected override get muted(): boolean {
    return super.muted || (this.half !== undefined && this.passed !== (this.half === "after"));
  }

  /** An emitter for the code of one member. */
  get alone(): WgslEmitter {
    return new WgslEmitter(this.callees, this.code);
  }

  /** What comes next reads and writes this memory: all wait for each other first if they must. */
  touch(reads: readonly Span[], writes: readonly Span[]): void {
    if (this.hazards.between(reads, writes)) this.wait();
    this.hazards.note(reads, writes);
  }

  /** All have done what stands before when any goes on. */
  wait(): void {
    if (this.hazards.pending) this.code.line("storageBarrier();");
    this.hazards.clear();
  }

  /** Emits `body` for one member, while the others go on. */
  byLeader(body: () => void): void {
    this.code.block(`if (${leads}) {`, body);
  }

  /** Emits `body` for each of some positions; each is one member's. */
  each(length: number, body: (k: WgslEmitter, position: Value) => void): void {
    const one = (name: string): void => body(this.alone, this.code.named("int32", name));
    if (length <= this.size) return this.code.block(`if (member < ${length}i) {`, () => one("member"));
    const at = this.code.name("at");
    this.code.block(`for (var ${at} = member; ${at} < ${length}i; ${at} += ${this.size}i) {`, () => one(at));
  }

  readonly share = (length: number, body: (k: WgslEmitter, position: Value) => void): void => {
    if (this.muted) return;
    this.touch([anywhere], [anywhere]);
    this.each(length, body);
  };

  /** One word, of which every member has the leader's. */
  private agreedWord(text: string): string {
    this.byLeader(() => this.code.line(`agreed = ${text};`));
    const word = this.code.name("agreed");
    this.code.line(`let ${word} = workgroupUniformLoad(&agreed);`);
    return word;
  }

  /** WGSL for a condition of which compilers know that it is the same for all members, so that they may wait for each other under it. */
  private agreedCondition(text: string): string {
    return `${this.agreedWord(`select(0u, 1u, ${text})`)} != 0u`;
  }

  /** Runs `body` for the leader alone, which may read and write what it likes. */
  one(body: (k: WgslEmitter) => void): void {
    this.touch([anywhere], [anywhere]);
    this.byLeader(() => body(this.alone));
  }

  /** The same where it may take from the heap, or stop the run. */
  leader(body: (k: WgslEmitter) => void): void {
    this.one(body);
    this.code.line(`heap_top = i32(${this.agreedWord("u32(heap_top)")});`);
    this.code.line(`stopped = ${this.agreedCondition("stopped")};`);
  }

  /** The largest of the integers of all members. */
  largest(own: Value): Value {
    const { code } = this;
    // Others may still read what was there before.
    code.line("workgroupBarrier();");
    code.line(`${sharedName("int32")}[member] = ${term(own).text};`);
    code.line("workgroupBarrier();");
    const { alone } = this;
    const most = alone.variable(own);
    alone.loop(this.size, (j) =>
      most.set(alone.max(most.get(), code.fresh("int32", `${sharedName("int32")}[${term(j).text}]`))),
    );
    return most.get();
  }

  private inside(body: () => void): () => void {
    return () => {
      body();
      this.wait();
    };
  }

  override if(condition: Value, then: () => void, otherwise?: () => void): void {
    const { number, text } = term(condition);
    if (number !== undefined) return super.if(condition, then, otherwise);
    this.wait();
    this.code.block(`if (${this.agreedCondition(text)}) {`, this.inside(then));
    if (otherwise) this.code.block("else {", this.inside(otherwise));
  }

  override loop(count: Value | number, body: (i: Value) => void): void {
    const { number, text } = typeof count === "number" ? { number: count, text: "" } : term(count);
    if (number !== undefined && number <= 1) return super.loop(number, body);
    this.wait();
    const total = number === undefined ? `i32(${this.agreedWord(`u32(${text})`)})` : `${number}i`;
    const at = this.code.name("at");
    this.code.block(
      `for (var ${at} = 0i; ${at} < ${total}; ${at}++) {`,
      this.inside(() => body(this.code.named("int32", at))),
    );
  }

  override choose(value: Value, cases: readonly Case[]): void {
    this.wait();
    super.choose(
      value,
      cases.map(([numbers, body]) => [numbers, this.inside(body)]),
    );
  }

  override while(condition: () => Value, body: () => void): void {
    const first = !this.seen;
    const { budget, tells } = first && this.phase.kind === "some" ? this.phase : {};
    const left = this.code.name("budget");
    this.seen = true;
    if (first && this.phase.kind === "open") return;
    this.wait();
    if (budget !== undefined) this.code.line(`var ${left} = ${budget}i;`);
    this.code.block("loop {", () => {
      if (budget !== undefined) this.code.line(`if (${left} == 0i) { ${tells ? `${leaveMore} ` : ""}break; }`);
      const { text } = term(condition());
      this.code.line(`if (!(${this.agreedCondition(`!stopped && ${text}`)})) { break; }`);
      if (budget !== undefined) this.code.line(`${left}--;`);
      body();
      this.wait();
    });
    // What came of the last condition.
    this.hazards.note([anywhere], [anywhere]);
  }

  override scope(body: () => void): void {
    this.code.block("{", body);
  }

  override load(dtype: DType, address: Value, offset: number): Value {
    if (!this.isOwn(address, offset)) this.touch([spanOf(address, offset, wordsOf(dtype))], []);
    return super.load(dtype, address, offset);
  }

  override store(dtype: DType, address: Value, offset: number, value: Value): void {
    if (this.muted) return;
    if (this.isOwn(address, offset)) return super.store(dtype, address, offset, value);
    this.touch([], [spanOf(address, offset, wordsOf(dtype))]);
    this.byLeader(() => super.store(dtype, address, offset, value));
  }

  /** The top of the heap is with each invocation. */
  private isOwn(address: Value, offset: number): boolean {
    const { number } = term(address);
    return number !== undefined && number + offset === 0;
  }

  override copy(to: Value, from: Value, bytes: Value): void {
    if (this.muted) return;
    const { number } = term(bytes);
    if (number === undefined || number % 4 !== 0) {
      this.touch([anywhere], [anywhere]);
      return this.byLeader(() => super.copy(to, from, bytes));
    }
    this.touch([spanOf(from, 0, number)], [spanOf(to, 0, number)]);
    this.each(number / 4, (k, word) => {
      const at = k.mul(word, k.literal("int32", 4));
      k.store("uint32", k.add(to, at), 0, k.load("uint32", k.add(from, at), 0));
    });
  }

  override fill(to: Value, byte: number, bytes: Value): void {
    if (this.muted) return;
    const { number } = term(bytes);
    if (number === undefined || number % 4 !== 0) {
      this.touch([], [anywhere]);
      return this.byLeader(() => super.fill(to, byte, bytes));
    }
    this.touch([], [spanOf(to, 0, number)]);
    this.each(number / 4, (k, word) =>
      k.store("uint32", k.add(to, k.mul(word, k.literal("int32", 4))), 0, k.literal("uint32", byte * 0x01010101)),
    );
  }

  override call(target: FunctionHandle, args: readonly Value[]): void {
    if (this.muted) return;
    this.wait();
    super.call(target, args);
  }

  override fail(...args: Parameters<WgslEmitter["fail"]>): void {
    if (!this.muted) this.byLeader(() => super.fail(...args));
  }

  override lanes(): undefined {
    return undefined;
  }

  override matmul(spec: MatmulSpec): void {
    const { dtype, m, n, k: depth, a, b, c } = spec;
    const extent = (rows: number, rowStride: number, columns: number, columnStride: number): number =>
      byteSize(dtype) * ((rows - 1) * rowStride + (columns - 1) * columnStride + 1);
    const result = spanOf(c.address, 0, extent(m, c.rowStride, n, 1));
    this.touch(
      [
        spanOf(a.address, 0, extent(m, a.rowStride, depth, a.columnStride)),
        spanOf(b.address, 0, extent(depth, b.rowStride, n, b.columnStride)),
        ...(spec.accumulate ? [result] : []),
      ],
      [result],
    );
    shareProduct(this, spec);
  }
}

/** Bools are written with the word around them. */
const wordsOf = (dtype: DType): number => Math.max(4, byteSize(dtype));
