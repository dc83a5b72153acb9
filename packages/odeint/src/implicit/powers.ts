import type { Tensor } from "@dzdt/tensor";

/** x, x² … */
export function powers(x: Tensor, count: number): Tensor[] {
  const list = [x];
  while (list.length < count) list.push(list.at(-1)!.mul(x));
  return list;
}
