import {
  cast,
  defaultTarget,
  DTypeError,
  enclosingTarget,
  isFloat,
  ShapeError,
  type Target,
  Tensor,
  tree,
  type Tree,
} from "@dzdt/tensor";

/** Leaves of a state, and where a solve from it is computed. */
export interface InitialState {
  readonly leaves: Tensor[];
  readonly structure: tree.Structure;
  readonly paths: string[];
  readonly target: Target;
}

/**
 * A state that a solve begins with, as leaves that keep their dtypes; numbers are float32. Inside a function that is traced they are on its target.
 * @throws ShapeError, DTypeError for what is no state
 */
export function readState(where: string, y0: Tree): InitialState {
  const flat = tree.flatten(y0);
  if (flat.leaves.length === 0)
    throw new ShapeError(`${where}: y0 has no leaves; give a tree with at least one tensor`);
  const target = solveTarget(flat.leaves);
  const leaves = flat.leaves.map((leaf, k) => {
    if (typeof leaf === "boolean" || (leaf instanceof Tensor && !isFloat(leaf.dtype)))
      throw new DTypeError(
        `${where}: y0${flat.paths[k]!} is ${leaf instanceof Tensor ? leaf.dtype : "bool"}; a state is of floats: cast it to float32 or float64`,
      );
    if (!(leaf instanceof Tensor)) return Tensor.scalar(leaf, "float32", target);
    const here = enclosingTarget() && !leaf.tape ? leaf.to(target) : leaf;
    return cast(here, leaf.weak ? "float32" : leaf.dtype);
  });
  return { ...flat, leaves, target };
}

/** Where a solve from such leaves is computed: where the function around it is, or else where they are. */
export const solveTarget = (leaves: readonly unknown[]): Target =>
  enclosingTarget() ?? leaves.find((x): x is Tensor => x instanceof Tensor)?.target ?? defaultTarget();
