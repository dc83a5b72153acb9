import type { Value } from "@dzdt/tensor/lower";
import { baseOf, term } from "../wgsl/types";

/** Bytes of memory: from an offset of a base, which is a value of the code, or 0 where addresses are known, or an array of its own. */
export interface Span {
  readonly base: string;
  /** Is the base an array, beside which nothing else lies? */
  readonly apart?: true;
  readonly from: number;
  readonly to: number;
}

/** Memory that may be anywhere. */
export const anywhere: Span = { base: "?", from: 0, to: 0 };

/** So many bytes from an address. */
export function spanOf(address: Value, offset: number, bytes: number): Span {
  const { base, plus } = baseOf(address);
  const { array } = term(address);
  if (array) return { base: `${array.of}[${array.index}]`, apart: true, from: 0, to: Infinity };
  const from = (base.number ?? 0) + plus + offset;
  return { base: base.number === undefined ? base.text : "", from, to: from + bytes };
}

function meet(a: Span, b: Span): boolean {
  if (a === anywhere || b === anywhere) return true;
  return a.base === b.base ? a.from < b.to && b.from < a.to : !a.apart && !b.apart;
}

/** What invocations of a workgroup have read and written since they last waited for each other. */
export class Hazards {
  private reads: Span[] = [];
  private writes: Span[] = [];

  /** Is there anything that others may not have done yet? */
  get pending(): boolean {
    return this.reads.length + this.writes.length > 0;
  }

  /** Must all wait before memory is read and written? */
  between(reads: readonly Span[], writes: readonly Span[]): boolean {
    const met = (spans: readonly Span[], before: readonly Span[]): boolean =>
      spans.some((span) => before.some((other) => meet(span, other)));
    return met(reads, this.writes) || met(writes, this.writes) || met(writes, this.reads);
  }

  note(reads: readonly Span[], writes: readonly Span[]): void {
    this.reads.push(...reads);
    this.writes.push(...writes);
  }

  clear(): void {
    this.reads = [];
    this.writes = [];
  }
}
