import { type Tensor, tensor, tree, type Tree } from "@dzdt/tensor";

/** A float64 tensor. */
export const f64 = (values: Parameters<typeof tensor>[0]): Tensor => tensor(values, { dtype: "float64" });

/** The numbers of a tree, flat. */
export const numbersOf = (value: unknown): number[] =>
  tree.flatten(value as Tree).leaves.flatMap((x) => (typeof x === "object" ? Array.from(x.dataSync()) : [Number(x)]));
