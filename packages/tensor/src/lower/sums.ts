import { sameShape } from "../shape";
import type { Node, Tape } from "../tape";
import type { Fused } from "./fuse";
import { literalsOf } from "./literals";
import { productOf } from "./product";
import type { RowLoop } from "./row-loops";

/** A sum whose one term is a product that nothing else needs: the kernel of the product adds the other term while it writes. */
export interface ProductSum {
  readonly product: Node;
  /** The other term, in memory. */
  readonly term: number;
}

/** Finds sums of a product and what is in memory, by the node of the sum: gradients that loops gather, residual layers. */
export function findSums(
  tape: Tape,
  { inlined, groups }: Fused,
  rowLoops: ReadonlyMap<Node, RowLoop>,
): ReadonlyMap<Node, ProductSum> {
  const { nodes, avals } = tape;
  const sums = new Map<Node, ProductSum>();
  const inLoops = new Set([...rowLoops.values()].flatMap(({ kernels }) => kernels.flat()));
  const inGroups = new Set([...groups.values()].flat());
  const products = new Map<number, Node>();
  const inlinedValues = new Set<number>();
  const uses = new Map<number, number>();
  const use = (id: number): void => void uses.set(id, (uses.get(id) ?? 0) + 1);
  tape.outputs.forEach(use);
  nodes.forEach((node, n) => {
    node.ins.forEach(use);
    if (inlined[n]) node.outs.forEach((id) => inlinedValues.add(id));
    else if (node.op.product && !inLoops.has(node) && productOf(tape, node)) products.set(node.outs[0]!, node);
  });
  if (products.size === 0) return sums;
  const taken = new Set<Node>();
  const isTerm = (id: number, shape: readonly number[]): boolean =>
    !inlinedValues.has(id) && !literalsOf(tape).has(id) && sameShape(avals[id]!.shape, shape);
  nodes.forEach((node, n) => {
    if (!node.op.adds || inlined[n] || inLoops.has(node) || inGroups.has(node)) return;
    const { shape } = avals[node.outs[0]!]!;
    for (const [j, id] of node.ins.entries()) {
      const product = products.get(id);
      const term = node.ins[1 - j]!;
      if (!product || taken.has(product) || uses.get(id) !== 1 || !isTerm(term, shape)) continue;
      sums.set(node, { product, term });
      taken.add(product);
      return;
    }
  });
  return sums;
}
