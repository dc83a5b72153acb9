import { byteSize, isFloat } from "../dtype";
import type { Aval, Product } from "../primitive";
import type { Shape } from "../shape";
import { sizeOf, stridesOf } from "../shape";
import type { Node, Tape } from "../tape";
import { addressOf, flatten, int, type Site } from "./addressing";
import type { Value } from "./emitter";
import { panelBytes, threadPanels } from "./heap";
import { literalsOf } from "./literals";
import type { Lowering } from "./lower";
import { matmulPanel } from "./machine";
import type { Plan } from "./plan";
import { inTiles, type Part } from "./tiles";

/** One index made of several axes: how many values it has, and the elements from one to the next. */
export interface Run {
  readonly length: number;
  readonly stride: number;
}

/** The node as products of matrices: where it is one whose axes merge to rows, columns and one contracted index. */
export function productOf(tape: Tape, node: Node): Merged | undefined {
  let product = products.get(node);
  if (product === undefined) products.set(node, (product = findProduct(tape, node) ?? null));
  return product ?? undefined;
}

const products = new WeakMap<Node, Merged | null>();

function findProduct(tape: Tape, node: Node): Merged | undefined {
  if (!node.op.product) return undefined;
  const [aId, bId] = node.ins;
  const [left, right, out] = [tape.avals[aId!]!, tape.avals[bId!]!, tape.avals[node.outs[0]!]!];
  const { dtype } = out;
  const literals = literalsOf(tape);
  if (!isFloat(dtype) || literals.has(aId!) || literals.has(bId!) || sizeOf(out.shape) === 0) return undefined;
  const spec = node.op.product([left, right], node.attributes);
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
export const isProduct = (plan: Plan, node: Node): boolean =>
  productOf(plan.tape, multiplied(plan, node)) !== undefined;

/** The product that the code of a node computes: itself, or a term of the sum that it is. */
const multiplied = ({ sums }: Plan, node: Node): Node => sums.get(node)?.product ?? node;

/** Along what a product is divided: the first axis of its batch, its rows or its columns. */
export type Axis = "batch" | "rows" | "columns";

/** A product by the target's tuned kernel. Gives false where it is none, and the element rule computes it. */
export function lowerProduct(lowering: Lowering, site: Site, plan: Plan, node: Node): boolean {
  const product = productOf(plan.tape, multiplied(plan, node));
  if (!product) return false;
  const { batch, rows, columns } = product;
  // Threads share the longest axis: products of a batch, rows, or columns.
  const [m, n] = [rows.length, columns.length];
  const axis = batch.length > 0 ? "batch" : m >= n ? "rows" : "columns";
  const work = {
    name: node.op.name,
    length: axis === "batch" ? batch[0]!.length : axis === "rows" ? m : n,
    operations: axis === "batch" && batch.length > 1 ? 0 : productOperations(product),
    unit: axis === "batch" ? 1 : 16,
    // Sums are gathered in the result.
    repeatable: false,
  };
  inTiles(lowering, site, work, (inner, part, thread) => emitProductPart(inner, plan, node, { axis, part, thread }));
  return true;
}

/** As additions of elements. A vector does four multiplications and additions at once, without access to memory. */
export const productOperations = ({ batch, rows, columns, innerA }: Merged): number =>
  batch.reduce((product, { length }) => product * length, (rows.length * columns.length * innerA.length) / 4);

/** What of a product is computed, by the thread of that number where several take part. */
interface Share {
  readonly axis: Axis;
  readonly part: Part;
  readonly thread?: Value | undefined;
}

/** A part of a product along one of its axes. */
export function emitProductPart(site: Site, plan: Plan, node: Node, { axis, part, thread }: Share): void {
  const made = multiplied(plan, node);
  const product = productOf(plan.tape, made)!;
  const { dtype, batch, rows, columns, innerA, innerB } = product;
  const { k } = site;
  const size = byteSize(dtype);
  const term = plan.sums.get(node)?.term;
  const addresses = [...made.ins, node.outs[0]!, ...(term === undefined ? [] : [term])];
  const [a, b, c, plus] = addresses.map((id) => flatten(site, addressOf(site, plan.places[id]!)));
  const own = plan.scratch.get(node)!.at(-1)!;
  // Other threads have panels of their own, before all frames.
  const panel = thread
    ? k.add(int(k, threadPanels), k.mul(thread, int(k, panelBytes)))
    : k.add(site.frame, int(k, own));
  const move = (base: Value, i: Value, stride: number): Value => k.add(base, k.mul(i, int(k, stride * size)));
  const multiply = (aAt: Value, bAt: Value, results: readonly Value[]): void => {
    const from = axis === "batch" ? int(k, 0) : part.from;
    const [cAt, plusAt] = results.map((at) => move(at, from, axis === "rows" ? columns.length : 1));
    k.matmul({
      dtype,
      m: axis === "rows" ? part.length : rows.length,
      n: axis === "columns" ? part.length : columns.length,
      k: innerA.length,
      a: {
        address: axis === "rows" ? move(aAt, from, rows.stride) : aAt,
        rowStride: rows.stride,
        columnStride: innerA.stride,
      },
      b: {
        address: axis === "columns" ? move(bAt, from, columns.stride) : bAt,
        rowStride: innerB.stride,
        columnStride: columns.stride,
      },
      c: { address: cAt!, rowStride: columns.length },
      panel,
      accumulate: false,
      plus: plusAt,
    });
  };
  const nest = (depth: number, aAt: Value, bAt: Value, results: readonly Value[]): void => {
    const here = batch[depth];
    if (!here) return multiply(aAt, bAt, results);
    const step = batch.slice(depth + 1).reduce((product, x) => product * x.length, rows.length * columns.length);
    const [from, length] = depth === 0 && axis === "batch" ? [part.from, part.length] : [int(k, 0), here.length];
    k.loop(length, (i) => {
      const at = k.add(i, from);
      nest(
        depth + 1,
        move(aAt, at, here.a),
        move(bAt, at, here.b),
        results.map((result) => move(result, at, step)),
      );
    });
  };
  nest(0, a!, b!, plus ? [c!, plus] : [c!]);
}

/** A product whose axes have been merged. */
export interface Merged {
  readonly dtype: "float32" | "float64";
  /** Outermost first. */
  readonly batch: readonly BatchAxis[];
  readonly rows: Run;
  readonly columns: Run;
  readonly innerA: Run;
  readonly innerB: Run;
}

export interface BatchAxis {
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
