import { contract, Tensor, tree, type Tree } from "@dzdt/tensor";
import type { VectorField } from "../vectorField";

/** The two parts of a field, whose sum it is. */
export interface ImexParts<Y, A> {
  /** What is not stiff: evaluated, never solved with. */
  readonly explicit: VectorField<Y, A>;
  /** What is stiff. */
  readonly implicit: VectorField<Y, A>;
}

/** A field in two parts, that solvers such as `kencarp4` treat each in its way, and all others as their sum. */
export type ImexField<Y, A> = VectorField<Y, A> & { readonly imex: ImexParts<Y, A> };

/**
 * A field from a part that is not stiff and one that is.
 * @example imex({ explicit: (t, y: Tensor) => y.sin(), implicit: (t, y: Tensor) => y.mul(-1000) })
 */
export function imex<Y, A = undefined>(parts: ImexParts<Y, A>): ImexField<Y, A> {
  for (const name of ["explicit", "implicit"] as const)
    if (typeof parts?.[name] !== "function")
      throw new TypeError(`imex: ${name} is ${String(parts?.[name])}; give a function (t, y, args) => dy`);
  const field: VectorField<Y, A> = (t, y, args) => sum(parts.explicit(t, y, args), parts.implicit(t, y, args));
  return Object.freeze(Object.assign(field, { imex: Object.freeze({ ...parts }) }));
}

/**
 * The field A y + g(t, y, args) with a constant, stiff linear part, for a state that is one tensor: A `[…y, …y]`.
 * @example semilinear(laplacian, (t, y) => y.sub(y.pow(3)))
 */
export function semilinear<A = undefined>(linear: Tensor, g: VectorField<Tensor, A>): ImexField<Tensor, A> {
  if (!(linear instanceof Tensor) || linear.ndim % 2 !== 0)
    throw new TypeError("semilinear: the linear part is no matrix; give a tensor of shape […y, …y]");
  return imex({ explicit: g, implicit: (_t, y: Tensor) => contract(linear, y, { axes: linear.ndim / 2 }) });
}

/** Leafwise sum of two trees of one structure. */
function sum(x: Tree, y: Tree): Tree {
  const [left, right] = [tree.flatten(x), tree.flatten(y)];
  tree.checkStructure("imex: the two parts", left.structure, right.structure);
  return tree.unflatten(
    left.structure,
    left.leaves.map((leaf, k) => {
      const other = right.leaves[k]!;
      if (leaf instanceof Tensor) return leaf.add(other);
      return other instanceof Tensor ? other.add(leaf) : Number(leaf) + Number(other);
    }),
  );
}
