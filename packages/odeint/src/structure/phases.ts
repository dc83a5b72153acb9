import { sameShape } from "@dzdt/tensor";
import type { StateType } from "../vectorField";

/** The halves of a state `{ q, p }`: leaves are those of p, then those of q, since keys of trees are sorted. */
export interface Phases {
  /** Leaves of p. */
  readonly count: number;
  /** Each leaf of p has a leaf of q of its shape, in the same place. */
  readonly pairs: boolean;
}

/** The halves of a Hamiltonian field's state. */
export function phasesOf({ leaves, paths }: StateType): Phases {
  const count = paths.filter((path) => /^\.?p/.test(path)).length;
  const [p, q] = [leaves.slice(0, count), leaves.slice(count)];
  return { count, pairs: p.length === q.length && p.every(({ shape }, k) => sameShape(shape, q[k]!.shape)) };
}
