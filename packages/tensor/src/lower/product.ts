import { byteSize, isFloat } from "../dtype";
import type { Aval, Product } from "../primitive";
import type { Shape } from "../shape";
import { sizeOf, stridesOf } from "../shape";
import type { Node } from "../tape";
import { type Address, addressOf, int, type Site } from "./addressing";
import type { Value } from "./emitter";
import { panelBytes, threadPanels } from "./heap";
import type { Lowering } from "./lower";
import { type MachineEmitter, matmulPanel } from "./machine";
import type { Plan } from "./plan";
import { inTiles } from "./tiles";

/** One index made of several axes: how many values it has, and the elements from one to the next. */
interface Run {
  readonly length: number;
  readonly stride: number;
}

/** The node as products of matrices: where its operands are in memory, and their axes merge to rows, columns and one contracted index. */
function productOf(plan: Plan, node: Node): Merged | undefined {
  let product = products.get(node);
  if (product === undefined) products.set(node, (product = findProduct(plan, node) ?? null));
  return product ?? undefined;
}

/** What is found is found once, as whether operands are in memory is the same for all plans of a tape. */
const products = new WeakMap<Node, Merged | null>();

function findProduct(plan: Plan, node: Node): Merged | undefined {
  const [aId, bId] = node.ins;
  const [left, right, out] = [plan.tape.avals[aId!]!, plan.tape.avals[bId!]!, plan.tape.avals[node.outs[0]!]!];
  const { dtype } = out;
  if (!isFloat(dtype) || !plan.places[aId!] || !plan.places[bId!] || sizeOf(out.shape) === 0) return undefined;
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
  if (!rows || !columns || !innerA || !innerB) return undefined;
  const batch = batchOf(spec, left.shape, right.shape);
  return { dtype: dtype as "float32" | "float64", batch, rows, columns, innerA, innerB };
}

/** Does the target's tuned kernel compute the node? */
export const isProduct = (plan: Plan, node: Node): boolean => productOf(plan, node) !== undefined;

/** A product by the target's tuned kernel. Gives false where it is none, and the element rule computes it. */
export function lowerProduct(lowering: Lowering, site: Site, plan: Plan, node: Node): boolean {
  const product = productOf(plan, node);
  if (!product) return false;
  const { dtype, batch, rows, columns, innerA } = product;
  const out = plan.tape.avals[node.outs[0]!]!;
  // A vector does four multiplications and additions at once, without access to memory.
  const operations = (sizeOf(out.shape) * innerA.length) / 4;
  // Threads share the longest axis: products of a batch, rows, or columns.
  const [m, n] = [rows.length, columns.length];
  const axis = batch.length > 0 ? "batch" : m >= n ? "rows" : "columns";
  const work = {
    name: node.op.name,
    length: axis === "batch" ? batch[0]!.length : axis === "rows" ? m : n,
    operations: axis === "batch" && batch.length > 1 ? 0 : operations,
    unit: axis === "batch" ? 1 : 16,
    // Sums are gathered in the result.
    repeatable: false,
  };
  inTiles(lowering, site, work, (inner, part, thread) => {
    const { k } = inner;
    const size = byteSize(dtype);
    const start = ({ base, offset }: Address): Value => k.add(base, int(k, offset));
    const [a, b, c] = [...node.ins, node.outs[0]!].map((id) => start(addressOf(inner, plan.places[id]!)));
    const own = plan.scratch.get(node)!.at(-1)!;
    // Other threads have panels of their own, before all frames.
    const panel = thread
      ? k.add(int(k, threadPanels), k.mul(thread, int(k, panelBytes)))
      : k.add(inner.frame, int(k, own));
    const move = (base: Value, i: Value, stride: number): Value => k.add(base, k.mul(i, int(k, stride * size)));
    const multiply = (aAt: Value, bAt: Value, cAt: Value): void => {
      if (!thread || axis === "batch") return emitProduct(k, product, m, n, panel, [aAt, bAt, cAt]);
      if (axis === "rows")
        emitProduct(k, product, part.length, n, panel, [
          move(aAt, part.from, rows.stride),
          bAt,
          move(cAt, part.from, n),
        ]);
      else
        emitProduct(k, product, m, part.length, panel, [
          aAt,
          move(bAt, part.from, columns.stride),
          move(cAt, part.from, 1),
        ]);
    };
    const nest = (depth: number, aAt: Value, bAt: Value, cAt: Value): void => {
      const here = batch[depth];
      if (!here) return multiply(aAt, bAt, cAt);
      const step = batch.slice(depth + 1).reduce((product, x) => product * x.length, m * n);
      const [from, length] = depth === 0 ? [part.from, part.length] : [int(k, 0), here.length];
      k.loop(length, (i) => {
        const at = k.add(i, from);
        nest(depth + 1, move(aAt, at, here.a), move(bAt, at, here.b), move(cAt, at, step));
      });
    };
    nest(0, a!, b!, c!);
  });
  return true;
}

/** A product whose axes have been merged. */
interface Merged {
  readonly dtype: "float32" | "float64";
  /** Outermost first. */
  readonly batch: readonly BatchAxis[];
  readonly rows: Run;
  readonly columns: Run;
  readonly innerA: Run;
  readonly innerB: Run;
}

/** So many rows and columns of a product, from where the operands' and the result's begin. */
function emitProduct(
  k: MachineEmitter,
  { dtype, rows, columns, innerA, innerB }: Merged,
  m: number,
  n: number,
  panel: Value,
  [a, b, c]: readonly [Value, Value, Value],
): void {
  k.matmul({
    dtype,
    m,
    n,
    k: innerA.length,
    a: { address: a, rowStride: rows.stride, columnStride: innerA.stride },
    b: { address: b, rowStride: innerB.stride, columnStride: columns.stride },
    c: { address: c, rowStride: columns.length },
    panel,
    accumulate: false,
  });
}

interface BatchAxis {
  readonly length: number;
  readonly a: number;
  readonly b: number;
}

function batchOf({ batch }: Product, left: Shape, right: Shape): BatchAxis[] {
  const strides = [stridesOf(left), stridesOf(right)] as const;
  return batch.map(([x, y]) => ({ length: left[x]!, a: strides[0][x]!, b: strides[1][y]! }));
}

/** Bytes of working memory that a product needs. */
export function productScratch(node: Node, [left, right]: readonly Aval[]): number {
  const { contracted } = node.op.product!([left!, right!], node.attributes);
  const steps = contracted.reduce((length, [axis]) => length * left!.shape[axis]!, 1);
  return matmulPanel.stepBytes * Math.min(steps, matmulPanel.steps);
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
