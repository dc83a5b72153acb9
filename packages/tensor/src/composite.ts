import { evaluate, innermost } from "./run";
import type { Attribute } from "./primitive";
import type { Tensor } from "./tensor";

/**
 * A function of several operations. Where all its tensors have numbers it runs as one program, found as that of a single operation is; a tape gets the
 * operations.
 */
export interface Composite<
  Ins extends readonly Tensor[] = readonly Tensor[],
  Given extends readonly unknown[] = readonly unknown[],
> {
  readonly name: string;
  /**
   * Made of other functions; depends on nothing but its arguments. Numbers, in it and among those, are part of the program: those that users may
   * change from call to call are tensors.
   */
  compose(ins: Ins, ...given: Given): readonly Tensor[];
}

/** Inputs of a {@link Composite}. */
export type One = readonly [Tensor];
export type Two = readonly [Tensor, Tensor];

/** A {@link Composite} as a function. Its name is that of no other with as many tensors. */
export function composites<Ins extends readonly Tensor[], Given extends readonly unknown[]>(
  name: string,
  compose: (ins: Ins, ...given: Given) => readonly Tensor[],
): (ins: Ins, ...given: Given) => Tensor[] {
  const parts: Composite<Ins, Given> = { name, compose };
  return (ins, ...given) =>
    innermost(ins) ? [...compose(ins, ...given)] : evaluate(parts, ins, given as readonly Attribute[]);
}

/** The same for one result. */
export function composite<Ins extends readonly Tensor[], Given extends readonly unknown[]>(
  name: string,
  compose: (ins: Ins, ...given: Given) => Tensor,
): (ins: Ins, ...given: Given) => Tensor {
  const parts: Composite<Ins, Given> = { name, compose: (ins, ...given) => [compose(ins, ...given)] };
  return (ins, ...given) =>
    innermost(ins) ? compose(ins, ...given) : evaluate(parts, ins, given as readonly Attribute[])[0]!;
}
