import { byteSize, isFloat } from "../dtype";
import type { Shape } from "../shape";
import { sizeOf, stridesOf } from "../shape";
import type { Node } from "../tape";
import { type Address, addressOf, int, memoryAt, type Site } from "./addressing";
import type { Value } from "./emitter";
import type { Plan } from "./plan";

/** One index made of several axes: how many values it has, and the elements from one to the next. */
interface Run {
  readonly length: number;
  readonly stride: number;
}

/**
 * A product by the target's tuned kernel, where its axes merge to rows, columns and one contracted index. Gives false where they do not,
 * and the element rule computes it.
 */
export function lowerProduct(site: Site, plan: Plan, node: Node): boolean {
  const { k } = site;
  const [aId, bId] = node.ins;
  const [left, right, out] = [plan.tape.avals[aId!]!, plan.tape.avals[bId!]!, plan.tape.avals[node.outs[0]!]!];
  const [leftPlace, rightPlace] = [plan.places[aId!], plan.places[bId!]];
  const { dtype } = out;
  if (!isFloat(dtype) || !leftPlace || !rightPlace || sizeOf(out.shape) === 0) return false;
  const spec = node.op.product!([left, right], node.attributes);
  const rows = merge(left.shape, spec.rows);
  const columns = merge(right.shape, spec.columns);
  const innerA = merge(
    left.shape,
    spec.contracted.map(([axis]) => axis),
  );
  const innerB = merge(
    right.shape,
    spec.contracted.map(([, axis]) => axis),
  );
  if (!rows || !columns || !innerA || !innerB) return false;

  const size = byteSize(dtype);
  const a = addressOf(site, leftPlace);
  const b = addressOf(site, rightPlace);
  const c = addressOf(site, plan.places[node.outs[0]!]!);
  const [m, n, depth] = [rows.length, columns.length, innerA.length];
  const copied = columns.stride !== 1 && n > 1;
  const scratch: Address = { base: site.frame, offset: plan.scratch.get(node)!.at(-1)! };
  const multiply = (aAt: Value, bAt: Value, cAt: Value): void => {
    let from = { address: bAt, rowStride: innerB.stride };
    if (copied) {
      // The kernel reads rows of b along the columns, so those must be neighbours.
      const source = memoryAt(site, { dtype, shape: [] }, { base: bAt, offset: 0 });
      const target = memoryAt(site, { dtype, shape: [] }, scratch);
      k.loop(depth, (p) =>
        k.loop(n, (j) => {
          const position = k.add(k.mul(p, int(k, innerB.stride)), k.mul(j, int(k, columns.stride)));
          target.store(k.add(k.mul(p, int(k, n)), j), source.load(position));
        }),
      );
      from = { address: k.add(scratch.base, int(k, scratch.offset)), rowStride: n };
    }
    k.matmul({
      dtype: dtype as "float32" | "float64",
      m,
      n,
      k: depth,
      a: { address: aAt, rowStride: rows.stride, columnStride: innerA.stride },
      b: from,
      c: { address: cAt, rowStride: n },
      accumulate: false,
    });
  };
  const strides = [stridesOf(left.shape), stridesOf(right.shape)] as const;
  const batch = spec.batch.map(([x, y], j) => ({ length: out.shape[j]!, a: strides[0][x]!, b: strides[1][y]! }));
  const nest = (axis: number, aAt: Value, bAt: Value, cAt: Value): void => {
    const here = batch[axis];
    if (!here) return multiply(aAt, bAt, cAt);
    const step = batch.slice(axis + 1).reduce((product, x) => product * x.length, m * n);
    k.loop(here.length, (i) => {
      const move = (base: Value, stride: number): Value => k.add(base, k.mul(i, int(k, stride * size)));
      nest(axis + 1, move(aAt, here.a), move(bAt, here.b), move(cAt, step));
    });
  };
  const start = ({ base, offset }: Address): Value => k.add(base, int(k, offset));
  nest(0, start(a), start(b), start(c));
  return true;
}

/** Several axes as one index, if a single stride steps through them all. */
function merge(shape: Shape, axes: readonly number[]): Run | undefined {
  const strides = stridesOf(shape);
  const real = axes.filter((axis) => shape[axis] !== 1);
  for (let j = 0; j + 1 < real.length; j++)
    if (strides[real[j]!] !== strides[real[j + 1]!]! * shape[real[j + 1]!]!) return undefined;
  const last = real.at(-1);
  return {
    length: axes.reduce((product, axis) => product * shape[axis]!, 1),
    stride: last === undefined ? 1 : strides[last]!,
  };
}
