import type { DType } from "@dzdt/tensor";
import type { BoundArray } from "./arrays";
import { type Term, typeOf } from "./types";

interface Block {
  open: boolean;
  /** Pure values by their text: what is computed once need not be computed again. */
  readonly known: Map<string, Term>;
}

/** The text of one function's body, as it grows. */
export class Code {
  readonly calls: Set<string> = new Set();
  /** What it uses beside the memory of programs. */
  readonly arrays: BoundArray[] = [];
  /** May it note a failure? */
  fails = false;
  /** Do invocations of a set tell each other numbers? */
  exchanges = false;
  private readonly lines: string[] = [];
  private readonly blocks: Block[] = [{ open: true, known: new Map() }];
  private names = 0;

  get text(): string {
    return this.lines.join("\n");
  }

  /** How many lines there are. */
  get length(): number {
    return this.lines.length;
  }

  name(stem: string): string {
    return `${stem}${++this.names}`;
  }

  /** The name of an array, which is this code's own: equal kernels of several arrays have one text. */
  arrayName(array: BoundArray): string {
    const known = this.arrays.indexOf(array);
    return `array${known < 0 ? this.arrays.push(array) - 1 : known}`;
  }

  line(text: string): void {
    this.lines.push("  ".repeat(this.blocks.length) + text);
  }

  /** A line whose text is known later. */
  later(): (text: string) => void {
    const at = this.lines.push("") - 1;
    const indent = "  ".repeat(this.blocks.length);
    return (text) => (this.lines[at] = indent + text);
  }

  /** Names a value that already has one. */
  named(dtype: DType, text: string): Term {
    return { dtype, text, number: undefined };
  }

  /** A value that depends on nothing but the text. */
  value(dtype: DType, text: string): Term {
    for (const { known } of this.blocks) {
      const before = known.get(text);
      if (before && before.dtype === dtype) return before;
    }
    const made = this.fresh(dtype, text);
    this.blocks.at(-1)!.known.set(text, made);
    return made;
  }

  /** A value of now: of a variable, or of memory. */
  fresh(dtype: DType, text: string): Term {
    const name = this.name("v");
    this.line(`let ${name}: ${typeOf(dtype)} = ${text};`);
    return this.named(dtype, name);
  }

  /** What `body` emits, between `head` and a brace; its values end with it. */
  block(head: string, body: () => void): void {
    this.line(head);
    const block: Block = { open: true, known: new Map() };
    this.blocks.push(block);
    body();
    this.blocks.pop();
    block.open = false;
    this.line("}");
  }

  /** Computes once per stretch of code: again only where the code that did may not have run. */
  readonly remember = <T>(make: () => T): (() => T) => {
    let value: T | undefined;
    let block: Block | undefined;
    return () => {
      if (block?.open) return value as T;
      block = this.blocks.at(-1)!;
      return (value = make());
    };
  };
}
