import { byteSize, type DType, isFloat } from "../dtype";
import type { Aval } from "../primitive";
import { sizeOf, stridesOf } from "../shape";
import type { Node, Tape } from "../tape";
import { addressOf, flatten, int, type Site } from "./addressing";
import type { Value } from "./emitter";
import { panelBytes, threadPanels } from "./heap";
import { literalsOf } from "./literals";
import type { Lowering } from "./lower";
import { type MachineEmitter, matmulPanel } from "./machine";
import type { Plan } from "./plan";
import { inTiles, type Part } from "./tiles";

/** The node as products of matrices: where it is one whose axes merge to a batch, rows, columns and one contracted index. */
export function productOf(tape: Tape, node: Node): Nest | undefined {
  const nest = nestOf(tape, node);
  return nest?.plain ? nest : undefined;
}

/** A product of floats that are in memory, and more than a batch of single sums that lie side by side. */
function isDense(tape: Tape, { op, ins, outs, attributes }: Node): boolean {
  const { dtype, shape } = tape.avals[outs[0]!]!;
  const literals = literalsOf(tape);
  if (!op.product || !isFloat(dtype) || sizeOf(shape) === 0 || ins.some((id) => literals.has(id))) return false;
  const given = ins.map((id) => tape.avals[id]!);
  const { batch, rows, columns } = op.product(given, attributes);
  const single = (j: number, axes: readonly number[]): boolean => axes.every((axis) => given[j]!.shape[axis] === 1);
  const last = batch.at(-1);
  const sideBySide = (j: 0 | 1): boolean => last !== undefined && stridesOf(given[j]!.shape)[last[j]] === 1;
  return !(single(0, rows) && single(1, columns) && sideBySide(0) && sideBySide(1));
}

/** Is the node one product of matrices, or a batch of them? */
export const isProduct = (plan: Plan, node: Node): boolean =>
  productOf(plan.tape, multiplied(plan, node)) !== undefined;

/** Does the target's tuned kernel compute the node? */
export const isMultiplied = (plan: Plan, node: Node): boolean =>
  nestOf(plan.tape, multiplied(plan, node)) !== undefined;

/** An index by which loops around a product of matrices go: its length, and the elements from one value to the next in both operands and in the result. */
interface Steps {
  readonly length: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** A product as loops around products of matrices. */
export interface Nest {
  readonly dtype: "float32" | "float64";
  /** Are there no loops but over a batch? */
  readonly plain: boolean;
  /** Outermost first: a batch, and axes that do not merge with other rows or columns. */
  readonly loops: readonly Steps[];
  /** Contracted axes that do not merge with the last; each round adds to what the one before it left, so that sums keep their order. */
  readonly sums: readonly Steps[];
  readonly rows: Steps;
  readonly columns: Steps;
  readonly inner: Steps;
}

const nests = new WeakMap<Node, Nest | null>();

/** The node as loops around products of matrices; undefined where matrices would be too small for that to be worth it. */
function nestOf(tape: Tape, node: Node): Nest | undefined {
  let nest = nests.get(node);
  if (nest === undefined) nests.set(node, (nest = findNest(tape, node) ?? null));
  return nest ?? undefined;
}

/** Multiplications of one call of the kernel, and steps of a sum that goes on in the next call, below which the rule for elements is as fast. */
const leastCall = 512;
const leastSteps = 8;
const leastLength = 16;

function findNest(tape: Tape, node: Node): Nest | undefined {
  if (!isDense(tape, node)) return undefined;
  const [left, right, out] = [...node.ins, node.outs[0]!].map((id) => tape.avals[id]!) as [Aval, Aval, Aval];
  const spec = node.op.product!([left, right], node.attributes);
  const [inA, inB, inC] = [left, right, out].map(({ shape }) => stridesOf(shape)) as [number[], number[], number[]];
  const [fromRows, fromColumns] = [spec.batch.length, spec.batch.length + spec.rows.length];
  const batch = spec.batch.map(([x, y], j) => ({ length: left.shape[x]!, a: inA[x]!, b: inB[y]!, c: inC[j]! }));
  const rows = merged(spec.rows.map((x, j) => ({ length: left.shape[x]!, a: inA[x]!, b: 0, c: inC[fromRows + j]! })));
  const columns = merged(
    spec.columns.map((y, j) => ({ length: right.shape[y]!, a: 0, b: inB[y]!, c: inC[fromColumns + j]! })),
  );
  const contracted = spec.contracted.map(([x, y]) => ({ length: left.shape[x]!, a: inA[x]!, b: inB[y]!, c: 0 }));
  const nothing = contracted.find(({ length }) => length === 0);
  const sums = nothing ? [nothing] : merged(contracted);
  const [row, column, inner] = [longest(rows), columns.at(-1) ?? single, sums.at(-1) ?? single];
  const others = (all: readonly Steps[], one: Steps): Steps[] => all.filter((steps) => steps !== one);
  const apart = [...others(rows, row), ...others(columns, column)];
  const nest = {
    dtype: out.dtype as "float32" | "float64",
    plain: apart.length === 0 && sums.length < 2,
    loops: [...batch, ...apart],
    sums: others(sums, inner),
    rows: row,
    columns: column,
    inner,
  };
  const small =
    row.length * column.length * inner.length < leastCall || (nest.sums.length > 0 && inner.length < leastSteps);
  return small && !nest.plain ? undefined : nest;
}

const single: Steps = { length: 1, a: 1, b: 1, c: 1 };

/** Indices as few as can be: two become one if single strides step through both. */
function merged(all: readonly Steps[]): Steps[] {
  const result: Steps[] = [];
  for (const steps of all) {
    if (steps.length === 1) continue;
    const { length, a, b, c } = steps;
    const outer = result.at(-1);
    if (outer && outer.a === a * length && outer.b === b * length && outer.c === c * length)
      result[result.length - 1] = { ...steps, length: outer.length * length };
    else result.push(steps);
  }
  return result;
}

/** The innermost index that is long enough for the kernel's tiles, as its elements are near to each other; else the longest. */
const longest = (all: readonly Steps[]): Steps =>
  all.findLast(({ length }) => length >= leastLength) ??
  all.reduce((best, steps) => (steps.length >= best.length ? steps : best), all[0] ?? single);

/** The product that the code of a node computes: itself, or a term of the sum that it is. */
const multiplied = ({ sums }: Plan, node: Node): Node => sums.get(node)?.product ?? node;

/** Along what a product is divided: the first axis of its batch, its rows or its columns. */
export type Axis = "batch" | "rows" | "columns";

/** A product by the target's tuned kernel. Gives false where it is none, and the element rule computes it. */
export function lowerProduct(lowering: Lowering, site: Site, plan: Plan, node: Node): boolean {
  const nest = nestOf(plan.tape, multiplied(plan, node));
  if (!nest) return false;
  const { loops, rows, columns } = nest;
  // Threads share the longest axis: products of a batch, rows, or columns.
  const [m, n] = [rows.length, columns.length];
  const axis = loops.length > 0 ? "batch" : m >= n ? "rows" : "columns";
  const work = {
    name: node.op.name,
    length: axis === "batch" ? loops[0]!.length : axis === "rows" ? m : n,
    operations: axis === "batch" && loops.length > 1 ? 0 : operationsOf(nest),
    unit: axis === "batch" ? 1 : 16,
    // Sums are gathered in the result.
    repeatable: false,
  };
  inTiles(lowering, site, work, (inner, part, thread) => emitProductPart(inner, plan, node, { axis, part, thread }));
  return true;
}

/** Operations of a product, as additions of elements; 0 of what is none. */
export function productOperations(tape: Tape, node: Node): number {
  const nest = nestOf(tape, node);
  return nest ? operationsOf(nest) : 0;
}

/** A vector does four multiplications and additions at once, without access to memory. */
const operationsOf = ({ loops, sums, rows, columns, inner }: Nest): number =>
  [...loops, ...sums, rows, columns, inner].reduce((product, { length }) => product * length, 1 / 4);

/** What of a product is computed, by the thread of that number where several take part. */
interface Share {
  readonly axis: Axis;
  readonly part: Part;
  readonly thread?: Value | undefined;
}

/** A part of a product along one of its axes. */
export function emitProductPart(site: Site, plan: Plan, node: Node, { axis, part, thread }: Share): void {
  const made = multiplied(plan, node);
  const { dtype, loops, sums, rows, columns, inner } = nestOf(plan.tape, made)!;
  const { k } = site;
  const term = plan.sums.get(node)?.term;
  const addresses = [...made.ins, node.outs[0]!, ...(term === undefined ? [] : [term])];
  const [a, b, c, plus] = addresses.map((id) => flatten(site, addressOf(site, plan.places[id]!)));
  const own = plan.scratch.get(node)!.at(-1)!;
  // Other threads have panels of their own, before all frames.
  const panel = thread
    ? k.add(int(k, threadPanels), k.mul(thread, int(k, panelBytes)))
    : k.add(site.frame, int(k, own));
  const multiply = (at: Corner, accumulate: boolean): void =>
    k.matmul({
      dtype,
      m: axis === "rows" ? part.length : rows.length,
      n: axis === "columns" ? part.length : columns.length,
      k: inner.length,
      a: { address: at.a, rowStride: rows.a, columnStride: inner.a },
      b: { address: at.b, rowStride: inner.b, columnStride: columns.b },
      c: { address: at.c, rowStride: rows.length === 1 ? columns.length : rows.c },
      panel,
      accumulate,
      plus: at.plus,
    });
  /** The first round writes, the others add to what it wrote. */
  const addUp = (depth: number, at: Corner, accumulate: boolean): void => {
    const here = sums[depth];
    if (!here) return multiply(at, accumulate);
    addUp(depth + 1, at, accumulate);
    k.loop(here.length - 1, (i) => addUp(depth + 1, moved(k, at, here, k.add(i, int(k, 1)), dtype), true));
  };
  const nest = (depth: number, at: Corner): void => {
    const here = loops[depth];
    if (!here) return addUp(0, at, false);
    const [from, length] = depth === 0 && axis === "batch" ? [part.from, part.length] : [int(k, 0), here.length];
    k.loop(length, (i) => nest(depth + 1, moved(k, at, here, k.add(i, from), dtype)));
  };
  const whole = { a: a!, b: b!, c: c!, plus };
  nest(0, axis === "batch" ? whole : moved(k, whole, axis === "rows" ? rows : columns, part.from, dtype));
}

/** Addresses of the first elements of operands and results. */
interface Corner {
  readonly a: Value;
  readonly b: Value;
  readonly c: Value;
  readonly plus: Value | undefined;
}

/** The corner so many steps on. */
function moved(k: MachineEmitter, { a, b, c, plus }: Corner, steps: Steps, i: Value, dtype: DType): Corner {
  const move = (base: Value, stride: number): Value =>
    stride === 0 ? base : k.add(base, k.mul(i, int(k, stride * byteSize(dtype))));
  return { a: move(a, steps.a), b: move(b, steps.b), c: move(c, steps.c), plus: plus && move(plus, steps.c) };
}

/** Bytes of working memory that a product needs. */
export function productScratch(node: Node, [left, right]: readonly Aval[]): number {
  const { contracted } = node.op.product!([left!, right!], node.attributes);
  const steps = contracted.reduce((length, [axis]) => length * left!.shape[axis]!, 1);
  return matmulPanel.stepBytes * Math.min(steps, matmulPanel.steps);
}
