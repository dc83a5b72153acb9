import type { Node } from "../tape";

/**
 * A node, some of whose operands are views, as one that reads what those were made of, as far as its operation can do without them.
 * @param ins its operands; what is read in their place is put there
 * @param views nodes of views, by their results
 */
export function withoutViews(node: Node, ins: number[], views: ReadonlyMap<number, Node>): Node {
  const { op } = node;
  if (!op.absorb) return node;
  let { attributes } = node;
  for (let k = 0; k < ins.length; k++)
    for (let view = views.get(ins[k]!); view; view = views.get(ins[k]!)) {
      const without = op.absorb(attributes, k, view);
      if (!without) break;
      attributes = without;
      ins[k] = view.ins[0]!;
    }
  return attributes === node.attributes ? node : { ...node, attributes };
}

/** What a node gives that puts axes back in the order from which its operand moved them: what that was made of. */
export function undone(
  { op, attributes }: Node,
  [x]: readonly number[],
  views: ReadonlyMap<number, Node>,
): number | undefined {
  const view = op.order && views.get(x!);
  if (view?.op !== op) return undefined;
  const [first, second] = [view, { attributes }].map((each) => op.order!(each.attributes));
  return second!.every((axis, j) => first![axis] === j) ? view.ins[0] : undefined;
}
