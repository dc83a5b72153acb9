import { cast, defaultTarget, DTypeError, isFloat, ShapeError, Tensor, tree, type Tree } from "@dzdt/tensor";

/** A state that a solve begins with, as leaves that keep their dtypes; numbers are float32. @throws ShapeError, DTypeError for what is no state */
export function readState(where: string, y0: Tree): { leaves: Tensor[]; structure: tree.Structure; paths: string[] } {
  const flat = tree.flatten(y0);
  if (flat.leaves.length === 0)
    throw new ShapeError(`${where}: y0 has no leaves; give a tree with at least one tensor`);
  const target = flat.leaves.find((x): x is Tensor => x instanceof Tensor)?.target ?? defaultTarget();
  const leaves = flat.leaves.map((leaf, k) => {
    if (typeof leaf === "boolean" || (leaf instanceof Tensor && !isFloat(leaf.dtype)))
      throw new DTypeError(
        `${where}: y0${flat.paths[k]!} is ${leaf instanceof Tensor ? leaf.dtype : "bool"}; a state is of floats: cast it to float32 or float64`,
      );
    return leaf instanceof Tensor
      ? cast(leaf, leaf.weak ? "float32" : leaf.dtype)
      : Tensor.scalar(leaf, "float32", target);
  });
  return { ...flat, leaves };
}
