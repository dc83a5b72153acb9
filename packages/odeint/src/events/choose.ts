import { cond, type Tensor } from "@dzdt/tensor";

/**
 * One of two computations with a tree of tensors: only the one that is chosen is done. What they compute must come from the tree that they are given:
 * what depends on nothing else is computed beforehand, whatever is chosen.
 */
export const choose = <T, R>(predicate: Tensor, given: T, yes: (given: T) => R, no: (given: T) => R): R =>
  cond(
    predicate,
    (now: never) => yes(now) as never,
    (now: never) => no(now) as never,
    given as never,
  );
