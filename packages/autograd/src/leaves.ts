import { defaultTarget, DTypeError, isFloat, type Target, Tensor, tree, type Tree } from "@dzdt/tensor";
import { printAval } from "./check";

/** A tree taken apart. */
export interface Flat {
  readonly leaves: readonly Tensor[];
  /** The tree again, with other leaves (of any kind). */
  rebuild(leaves: readonly unknown[]): unknown;
}

/** How numbers among the leaves become tensors: float32, or a weak number that takes the dtype of what it meets. */
export type NumberKind = "float32" | "weak";

/** Takes a tree apart; numbers become tensors on the target of the tensors beside them, else on `beside`, which is `defaultTarget()` unless given. */
export function flatten(value: unknown, numbers: NumberKind = "float32", beside?: Target): Flat {
  const { leaves, structure } = tree.flatten(value as Tree);
  const target = leaves.find((x): x is Tensor => x instanceof Tensor)?.target ?? beside ?? defaultTarget();
  return {
    leaves: leaves.map((x) => {
      if (x instanceof Tensor) return x;
      if (typeof x === "boolean") return Tensor.scalar(Number(x), "bool", target);
      const double = numbers === "weak" && target.supports("float64");
      return Tensor.scalar(x, double ? "float64" : "float32", target, numbers === "weak");
    }),
    rebuild: (others) => tree.unflatten(structure, others),
  };
}

/** Arguments that hold no tensors, such as options and functions, are passed as they are. */
export const isTree = (value: unknown): boolean =>
  typeof value === "number" || typeof value === "boolean" || (typeof value === "object" && value !== null);

/** @throws DTypeError naming the first leaf that is not a float. */
export function checkFloats(where: string, value: unknown, name: string): void {
  const { leaves, paths } = tree.flatten(value as Tree);
  leaves.forEach((leaf, k) => {
    const x = flatten(leaf).leaves[0]!;
    if (!isFloat(x.dtype))
      throw new DTypeError(
        `${where}: ${name}${paths[k]!} is ${printAval(x)}, and only floats have derivatives; ` +
          `cast it to a float, or leave it out of the arguments to differentiate`,
      );
  });
}
