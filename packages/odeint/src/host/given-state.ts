import {
  cast,
  DTypeError,
  isFloat,
  printShape,
  sameShape,
  ShapeError,
  type Target,
  Tensor,
  tree,
  type Tree,
  UnsupportedError,
} from "@dzdt/tensor";
import type { StateType } from "../vectorField";

/** Leaves of a state that the host gives, in the types of a solve's. @throws ShapeError, DTypeError for one of another kind */
export function givenState(where: string, y: Tree, state: StateType, target: Target): Tensor[] {
  const given = tree.flatten(y);
  tree.checkStructure(where, state.structure, given.structure);
  return state.leaves.map(({ dtype, shape }, k) => {
    const leaf = given.leaves[k]!;
    const x = leaf instanceof Tensor ? leaf : Tensor.scalar(Number(leaf), dtype, target);
    const name = `y${state.paths[k]!}`;
    if (x.tape) throw new UnsupportedError(`${where}: ${name} is traced; give numbers that are known`);
    if (!sameShape(x.shape, shape))
      throw new ShapeError(`${where}: ${name} has shape ${printShape(x.shape)}; give ${printShape(shape)}, as y0 has`);
    if (!isFloat(x.dtype) || (x.dtype === "float64" && dtype === "float32" && !x.weak))
      throw new DTypeError(`${where}: ${name} is ${x.dtype} and y0 is ${dtype}; cast it to ${dtype}`);
    return cast(x.target === target ? x : x.to(target), dtype);
  });
}
