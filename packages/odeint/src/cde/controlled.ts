import { cast, DTypeError, isFloat, printShape, sameShape, ShapeError, Tensor, tree, type Tree } from "@dzdt/tensor";
import { type Pieces, slopeAt } from "../paths/path";

/** F of dy = F(t, y, args) dX: a tree like y with an axis more, `[…y, channels]`. */
export type ControlledField<Y, A> = (t: Tensor, y: Y, args: A) => Tree;

/** dy/dt = F(t, y, args) dX/dt as a function of exact time. */
export function controlledField<A>(
  field: ControlledField<never, A>,
  path: Pieces,
): (t: Tensor, y: Tree, args: A) => Tree {
  const channels = path.coefficients[0]!.shape.at(-1)!;
  return (t, y, args) => {
    const state = tree.flatten(y);
    const leaves = state.leaves as readonly Tensor[];
    const real = leaves.some(({ dtype }) => dtype === "float64") ? "float64" : "float32";
    const returned = tree.flatten(field(cast(t, real), y as never, args));
    tree.checkStructure("cdeint: vector field", state.structure, returned.structure);
    const slope = slopeAt(path, t);
    const dy = leaves.map((leaf, k) => product(returned.leaves[k]!, slope, leaf, state.paths[k]!, channels));
    return tree.unflatten(state.structure, dy);
  };
}

/** `[…y, channels]` times `[…batch, channels]`, whose batch axes are the first of y. */
function product(given: unknown, slope: Tensor, y: Tensor, path: string, channels: number): Tensor {
  const at = path && ` at y${path}`;
  const wanted = [...y.shape, channels];
  if (!(given instanceof Tensor) || !sameShape(given.shape, wanted))
    throw new ShapeError(
      `cdeint: vector field returned ${given instanceof Tensor ? printShape(given.shape) : String(given)} for a state of shape ${printShape(y.shape)}${at} ` +
        `and a path of ${channels} channels; return ${printShape(wanted)}`,
    );
  if (!isFloat(given.dtype) || (given.dtype === "float64" && y.dtype === "float32" && !given.weak))
    throw new DTypeError(
      `cdeint: vector field returned ${given.dtype} for a ${y.dtype} state${at}; cast what makes it ${given.dtype} to ${y.dtype}, or start from another state`,
    );
  const batch = slope.shape.slice(0, -1);
  if (!sameShape(y.shape.slice(0, batch.length), batch))
    throw new ShapeError(
      `cdeint: the path has batch axes ${printShape(batch)}, and the state has shape ${printShape(y.shape)}${at}; give states whose first axes are those of the path`,
    );
  const ones = new Array<number>(y.ndim - batch.length).fill(1);
  return given.mul(cast(slope, y.dtype).reshape([...batch, ...ones, channels])).sum(-1);
}
