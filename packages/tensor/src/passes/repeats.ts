import { sameAttribute } from "../key";
import type { Aval } from "../primitive";
import { sameShape, type Shape, sizeOf } from "../shape";
import type { Node } from "../tape";

/** Loops over fewer elements take no time that would be worth another loop. */
const leastElements = 2 ** 12;

/** Records a node like one that is given, on some values, unless there is one; gives its results. */
export type Add = (
  node: Pick<Node, "op" | "attributes">,
  ins: readonly number[],
  avals: readonly Aval[],
) => readonly number[];

/**
 * An elementwise operation on values that are all repeated alike, or are single numbers: computed before they are repeated, and then repeated. As where rows
 * are divided by a number each, and its reciprocal is a factor of the derivative. Gives the results; undefined where there is nothing to gain.
 * @param views nodes of views, by their results
 */
export function computedOnce(
  node: Node,
  ins: readonly number[],
  out: Aval,
  views: ReadonlyMap<number, Node>,
  avals: readonly Aval[],
  add: Add,
): readonly number[] | undefined {
  let pattern: Node | undefined;
  let few: Shape = [];
  for (const id of ins) {
    const view = views.get(id);
    if (!view?.op.repeats) return undefined;
    const { shape } = avals[view.ins[0]!]!;
    if (shape.length === 0) continue;
    if (pattern && !(sameShape(shape, few) && sameAttribute(view.attributes, pattern.attributes))) return undefined;
    few = shape;
    pattern = view;
  }
  // Numbers are the same for all in any case, and comparisons take less than reading what they give.
  if (!pattern || out.dtype === "bool" || out.dynamic || sizeOf(out.shape) < leastElements) return undefined;
  if (sizeOf(few) * 2 > sizeOf(out.shape)) return undefined;
  const once = ins.map((id) => {
    const view = views.get(id)!;
    const [from] = view.ins;
    const aval = avals[from!]!;
    return sameShape(aval.shape, few)
      ? from!
      : add({ op: view.op, attributes: { shape: few, axes: [] } }, [from!], [{ ...aval, shape: few }])[0]!;
  });
  return add(pattern, add(node, once, [{ ...out, shape: few }]), [out]);
}
