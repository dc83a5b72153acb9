import { cast, sameShape, printShape, ShapeError, Tensor, tree, type Tree } from "@dzdt/tensor";
import type { StateType } from "../vectorField";

/** The state before the start, of its shapes: a function of time, or a tree like y where it was always the same. */
export type History<Y> = ((t: Tensor) => NoInfer<Y> | Tree) | Tree | NoInfer<Y>;

/** A history's leaves at a time. @throws ShapeError when they are not those of the state */
export function historyLeaves(history: History<Tree>, t: Tensor, state: StateType): Tensor[] {
  const given = typeof history === "function" ? history(t) : history;
  const { leaves, structure } = tree.flatten(given);
  tree.checkStructure("ddeint: history", state.structure, structure);
  return state.leaves.map(({ dtype, shape }, k) => {
    const leaf = leaves[k]!;
    const x = leaf instanceof Tensor ? leaf : Tensor.scalar(Number(leaf), dtype, t.target);
    if (!sameShape(x.shape, shape))
      throw new ShapeError(
        `ddeint: history has shape ${printShape(x.shape)} for a state of ${printShape(shape)}${state.paths[k] && ` at y${state.paths[k]}`}; ` +
          `give a tree like y0`,
      );
    return cast(x, dtype);
  });
}
