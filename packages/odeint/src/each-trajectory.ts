import { vmap } from "@dzdt/autograd";
import { Tensor, type Tensors, tree, type Tree } from "@dzdt/tensor";
import type { AtOptions } from "./asked";
import { rowsFirst } from "./rows";
import type { Times } from "./saveAt";
import type { Saves } from "./saves/save";
import { type EventRecord, type Solution, type SolutionParts, solution } from "./solution";

/** Solves that differ in more than their states: one for each row along axis 0 of the leaves of a tree, with steps of its own. */
export function eachTrajectory<Y extends Tree, R extends Tree, S = Record<never, never>>(
  solve: (row: Tensors<R>) => Solution<Tensors<Y>, S>,
  rows: R,
): Solution<Tensors<Y>, S> {
  const given = tree.flatten(rows);
  let structure: tree.Structure = null;
  /** Leaves of a function of each row. */
  const each = (of: (row: Tensors<R>) => unknown): Tensor[] =>
    vmap((...leaves: Tensor[]): Tensor[] => {
      const found = tree.flatten(of(tree.unflatten(given.structure, leaves)) as Tree);
      structure = found.structure;
      return found.leaves as Tensor[];
    })(...(given.leaves as Tensor[]));
  const all = each((row) => ({ ...solve(row) }));
  const parts: SolutionParts<Tree> = tree.unflatten(structure, all);
  const at = (t: number | Times, told?: AtOptions): Tensors<Y> => {
    const scalar = typeof t === "number" || (t instanceof Tensor && t.ndim === 0);
    const found = each((row) => solve(row).at(t as number, told));
    return tree.unflatten(structure, scalar ? found : found.map(rowsFirst));
  };
  const { ts, ys, valid, events = [], saves = {} } = parts as SolutionParts<Tree, Saves>;
  const found = {
    ...parts,
    // The same for all, unless each may end by an event.
    ts: valid ? rowsFirst(ts) : ts.slice([0], [1]).reshape(ts.shape.slice(1)),
    ys: tree.map(rowsFirst, ys),
    ...(valid && { valid: rowsFirst(valid) }),
    events: events.map(recordFirst),
    saves: Object.fromEntries(Object.entries(saves).map(([name, save]) => [name, recordFirst(save)])),
  };
  return solution(found as unknown as SolutionParts<Tensors<Y>, S>, at);
}

const recordFirst = ({ t, y, count }: EventRecord<Tree>): EventRecord<Tree> => ({
  t: rowsFirst(t),
  y: tree.map(rowsFirst, y),
  count,
});
