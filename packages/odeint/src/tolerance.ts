import {
  broadcastShapes,
  cast,
  type DType,
  isFloat,
  printShape,
  sameShape,
  ShapeError,
  sizeOf,
  type Target,
  Tensor,
  tree,
  type Tree,
  where,
} from "@dzdt/tensor";
import { atHand } from "./at-hand";
import type { ErrorNorm, Tolerance } from "./controllers/controller";
import type { StateType } from "./vectorField";

/** A tolerance for each leaf. Numbers become inputs of the program, so that a new tolerance is not a new program. */
export function toleranceLeaves(
  where: string,
  name: string,
  given: Tolerance,
  state: StateType,
  target: Target,
): Tensor[] {
  const flat = tree.flatten(given);
  const single = flat.structure === null;
  if (!single) tree.checkStructure(`${where}: ${name}`, state.structure, flat.structure);
  return state.leaves.map(({ shape, dtype }, k) => {
    const leaf = flat.leaves[single ? 0 : k]!;
    const path = single ? "" : state.paths[k]!;
    const values = leaf instanceof Tensor ? atHand(leaf) : [Number(leaf)];
    const bad = values && Array.from(values).find((x) => !(x >= 0 && x < Infinity));
    if (bad !== undefined)
      throw new RangeError(`${where}: ${name}${path} is ${bad}; give a number that is 0 or positive`);
    const x = leaf instanceof Tensor ? leaf : Tensor.scalar(Number(leaf), dtype, target);
    if (!isFloat(x.dtype)) throw new TypeError(`${where}: ${name}${path} is ${x.dtype}; give floats`);
    if (!sameShape(broadcastShapes(`${where}: ${name}${path}`, x.shape, shape), shape))
      throw new ShapeError(
        `${where}: ${name}${path} has shape [${x.shape.join(", ")}] for a state of [${shape.join(", ")}]; give one number, or one for each component`,
      );
    return x;
  });
}

/** @throws RangeError for leaves that may not err at all */
export function checkTolerances(
  where: string,
  rtol: readonly Tensor[],
  atol: readonly Tensor[],
  { paths }: StateType,
): void {
  rtol.forEach((relative, k) => {
    const [r, a] = [atHand(relative), atHand(atol[k]!)];
    if (r && a && r.length > 0 && a.length > 0 && [...r, ...a].every((x) => x === 0))
      throw new RangeError(`${where}: rtol and atol are both 0 for y${paths[k]!}; give a positive one of them`);
  });
}

/**
 * Scaled size of an error, in the dtype of times: of error/(atol + rtol · max(|y|, |next|)) over all components. NaN where `next` is not finite, and where
 * a norm of the user's is negative.
 */
export function scaledNorm(
  rtol: readonly Tensor[],
  atol: readonly Tensor[],
  norm: ErrorNorm,
  state: StateType,
  dtype: DType,
): (error: readonly Tensor[], y: readonly Tensor[], next: readonly Tensor[]) => Tensor {
  const count = state.leaves.reduce((n, { shape }) => n + sizeOf(shape), 0);
  return (error, y, next) => {
    const scaled = error.map((e, k) => {
      const to = (x: Tensor): Tensor => cast(x, e.dtype);
      const size = y[k] === next[k] ? y[k]!.abs() : y[k]!.abs().maximum(next[k]!.abs());
      // Where nothing is allowed for, no error is none.
      return e.div(
        size
          .mul(to(rtol[k]!))
          .add(to(atol[k]!))
          .maximum(e.dtype === "float32" ? 2 ** -126 : 2 ** -1022),
      );
    });
    if (typeof norm === "function") {
      const size = cast(customNorm(norm, tree.unflatten(state.structure, scaled)), dtype);
      // It may pass over what is not finite, and what is negative is no size.
      return next.reduce((sum, x) => sum.add(cast(x.mul(0).sum(), dtype)), where(size.less(0), NaN, size));
    }
    const parts = scaled.flatMap((x, k) => {
      // A state may have empty leaves, or nothing else: its error is 0, the sum of none.
      if (x.size === 0) return k === 0 && count === 0 ? [cast(x.sum(), dtype)] : [];
      const poison = next[k]!.mul(0);
      return [cast(norm === "max" ? x.abs().add(poison).max() : x.mul(x).add(poison).sum(), dtype)];
    });
    const total = parts.reduce((a, b) => (norm === "max" ? a.maximum(b) : a.add(b)));
    return norm === "max" ? total : total.mul(1 / Math.max(1, count)).sqrt();
  };
}

/** @throws TypeError, ShapeError for a norm that is no single number */
function customNorm(norm: Exclude<ErrorNorm, string>, scaled: Tree): Tensor {
  const size: unknown = norm(scaled);
  if (!(size instanceof Tensor))
    throw new TypeError(`pid: norm returned ${String(size)}; return a tensor, as in y.square().mean()`);
  if (size.size !== 1)
    throw new ShapeError(
      `pid: norm returned shape ${printShape(size.shape)}; return one number, as in y.square().mean()`,
    );
  return size.reshape([]);
}
