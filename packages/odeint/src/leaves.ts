import { type Aval, type Tensor, tree } from "@dzdt/tensor";

/** A tree of tensors as a list, as tapes take it. */
export interface Flat<T> {
  readonly leaves: readonly Tensor[];
  /** A tree like it, of other leaves. */
  readonly rebuild: (leaves: readonly unknown[]) => T;
}

/** Takes a tree of tensors apart. */
export function flat<T>(value: T): Flat<T> {
  const { leaves, structure } = tree.flatten(value as never);
  return { leaves: leaves as Tensor[], rebuild: (others) => tree.unflatten<T>(structure, others) };
}

/** A function that returns a tree of tensors, as one that returns its leaves; and, once it was called, a tree like what it returned. */
export function flatResult<R>(fn: (...ins: Tensor[]) => R): {
  readonly run: (...ins: Tensor[]) => readonly Tensor[];
  readonly rebuild: Flat<R>["rebuild"];
} {
  let last: Flat<R> | undefined;
  return {
    run: (...ins) => (last = flat(fn(...ins))).leaves,
    rebuild: (leaves) => last!.rebuild(leaves),
  };
}

/** What a tape has to know of a value. */
export const typeOf = ({ dtype, shape }: Aval): Aval => ({ dtype, shape });
