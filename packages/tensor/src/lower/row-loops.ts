import { byteSize } from "../dtype";
import type { Aval } from "../primitive";
import { type Shape, sizeOf } from "../shape";
import type { Node, Tape } from "../tape";
import type { Fused } from "./fuse";
import { matmulPanel } from "./machine";
import { productOf } from "./product";

/** Loops that one loop over rows stands for: each is run for a few rows, then all of them for the next few, which stay in the nearest cache. */
export interface RowLoop {
  readonly rows: number;
  /** How many rows are worked on at a time. */
  readonly block: number;
  /** The nodes whose results a loop computes, loop after loop. */
  readonly kernels: readonly (readonly Node[])[];
  /** Values that nothing else reads: only those of one block are in memory. */
  readonly passing: ReadonlySet<number>;
}

export interface RowLoops {
  /** By the node where the code stands. */
  readonly loops: ReadonlyMap<Node, RowLoop>;
  readonly emittedAt: Int32Array;
}

/** Passes over fewer bytes than this are not worth saving: they are in the nearest cache anyway. */
const leastSaved = 2 ** 16;

/** Nor is a loop worth looking for around a fold of so few. */
const leastSeed = 2 ** 14;

/**
 * What the values of a block take of the nearest cache, and a row, if it is long, of the next. Products read all of their right side for each block,
 * so they want many rows, be they in the next cache only.
 */
const foldBlock = { bytes: 24 * 1024, fewest: 1 };
const productBlock = { bytes: 2 ** 17, fewest: 32 };
const mostRowBytes = 2 ** 18;

const mostKernels = 24;
const mostRows = 64;

/** Rows of fewer elements, but for single ones, are short for vectors; loops over all of them take several at a time. */
const shortest = 8;

/** Code that stands at one place of the tape: a loop over elements, or anything else that reads memory. */
interface Unit {
  readonly at: number;
  readonly members: readonly Node[];
  /** The members and what is inlined into them. */
  readonly nodes: readonly Node[];
  /** Values in memory that it reads. */
  readonly reads: ReadonlySet<number>;
}

/**
 * Finds loops that go row by row over what each other make: folds of rows, elementwise operations on them, and numbers of rows spread over them.
 * Every loop begins with a fold of long rows, and takes in what reads its results or makes what it reads for as long as rows need nothing
 * but their like, and nobody between needs what would be computed later.
 */
export function findRowLoops(tape: Tape, fused: Fused): RowLoops {
  const { nodes, avals } = tape;
  const { emittedAt } = fused;
  const loops = new Map<Node, RowLoop>();
  const rowsOf = (node: Node): number => {
    const bytes = (id: number): number => sizeOf(avals[id]!.shape) * byteSize(avals[id]!.dtype);
    if (!node.op.folds && !node.op.product) return 0;
    if (bytes(node.ins[0]!) + bytes(node.outs[0]!) < leastSeed) return 0;
    return node.op.product ? productRows(tape, node) : foldedRows(tape, node);
  };
  const seeds = nodes.flatMap((node, n) => (!fused.inlined[n] && rowsOf(node) > 1 ? [n] : []));
  if (seeds.length === 0) return { loops, emittedAt };

  const { units, maker, readers, kept, readsOf } = unitsOf(tape, fused);
  const taken = new Set<Unit>();
  const moved = Int32Array.from(emittedAt);
  const positions = new Map(nodes.map((node, n) => [node, n]));
  for (const seed of seeds) {
    const first = units.get(emittedAt[seed]!)!;
    if (taken.has(first)) continue;
    const rows = rowsOf(nodes[seed]!);
    const known = new Map<Unit, ReadonlySet<number>>();
    const scattered = (unit: Unit): ReadonlySet<number> => {
      let ids = known.get(unit);
      if (!ids) known.set(unit, (ids = readsOf(unit.members, (node, j) => keepsRows(tape, node, rows, j)).scattered));
      return ids;
    };
    const found = grow(first, rows, scattered);
    const loop = found.size > 1 && loopOf(found, rows, scattered);
    if (!loop) continue;
    const last = Math.max(...[...found].map(({ at }) => at));
    loops.set(nodes[last]!, loop);
    for (const unit of found) taken.add(unit);
    for (const { members } of found) for (const node of members) moved[positions.get(node)!] = last;
  }
  return { loops, emittedAt: moved };

  function grow(first: Unit, rows: number, scattered: Scattered): Set<Unit> {
    const found = new Set([first]);
    for (let grown = true; grown;) {
      grown = false;
      const near = new Set<Unit>();
      for (const unit of found) {
        for (const id of unit.reads) if (maker.has(id)) near.add(maker.get(id)!);
        for (const { outs } of unit.members)
          for (const id of outs) for (const other of readers.get(id) ?? []) near.add(other);
      }
      for (const unit of [...near].sort((a, b) => a.at - b.at)) {
        if (found.has(unit) || taken.has(unit) || found.size >= mostKernels || !goesByRow(tape, unit, rows)) continue;
        const together = new Set([...found, unit]);
        if (!mayBeOne(together, scattered)) continue;
        found.add(unit);
        grown = true;
      }
    }
    return found;
  }

  /** Does each need only the same rows of what the others make, and nobody before the last any of it? */
  function mayBeOne(found: ReadonlySet<Unit>, scattered: Scattered): boolean {
    const last = Math.max(...[...found].map(({ at }) => at));
    for (const unit of found) {
      for (const { outs } of unit.members)
        for (const id of outs)
          for (const other of readers.get(id) ?? []) if (!found.has(other) && other.at < last) return false;
      for (const id of scattered(unit)) if (maker.has(id) && found.has(maker.get(id)!)) return false;
    }
    return true;
  }

  /** The loop, if it saves passes over memory. */
  function loopOf(found: ReadonlySet<Unit>, rows: number, scattered: Scattered): RowLoop | undefined {
    const wide = new Map<number, number>();
    let saved = 0;
    const use = (id: number): void => {
      const { dtype, shape } = avals[id]!;
      const bytes = sizeOf(shape) * byteSize(dtype);
      if (sizeOf(shape) < rows * shortest) return;
      if (wide.has(id)) saved += bytes;
      else wide.set(id, bytes / rows);
    };
    const inOrder = [...found].sort((a, b) => a.at - b.at);
    for (const unit of inOrder) {
      for (const id of unit.reads) if (!scattered(unit).has(id)) use(id);
      for (const { outs } of unit.members) use(outs[0]!);
    }
    const rowBytes = [...wide.values()].reduce((sum, bytes) => sum + bytes, 0);
    if (saved < leastSaved || rowBytes > mostRowBytes) return undefined;
    const multiplies = inOrder.some(({ members }) => members[0]!.op.product !== undefined);
    const { bytes, fewest } = multiplies ? productBlock : foldBlock;
    if (multiplies && rowBytes * fewest > 2 * bytes) return undefined;
    const passes = (id: number): boolean => !kept.has(id) && (readers.get(id) ?? []).every((unit) => found.has(unit));
    const results = inOrder.flatMap(({ members }) => members.map(({ outs }) => outs[0]!));
    return {
      rows,
      block: Math.min(rows, mostRows, Math.max(fewest, fours(bytes / rowBytes))),
      kernels: inOrder.map(({ members }) => members),
      passing: new Set(results.filter(passes)),
    };
  }
}

/** Which values in memory a unit reads more than a row of for a row of its results. */
type Scattered = (unit: Unit) => ReadonlySet<number>;

/** Rounded down; to a multiple of four, if there are so many. */
const fours = (rows: number): number => (rows < 4 ? Math.floor(rows) : 4 * Math.floor(rows / 4));

/** Of a fold of long rows, how many there are; 0 of other nodes. */
function foldedRows({ avals }: Tape, { op, ins, outs, attributes }: Node): number {
  const given = ins.map((id) => avals[id]!);
  if (!op.leading || !op.folds?.(given, attributes) || avals[outs[0]!]!.dynamic) return 0;
  return sizeOf(given[0]!.shape.slice(0, op.leading(given, attributes)));
}

/** How many leading axes have so many elements together; undefined if no number of them has. */
export function rowAxes(shape: Shape, rows: number, most: number = shape.length): number | undefined {
  let product = 1;
  for (let axis = 0; axis < most; axis++) if ((product *= shape[axis]!) === rows) return axis + 1;
  return undefined;
}

/** Does a row of the node's result need only that row of one of its operands? */
function keepsRows(tape: Tape, node: Node, rows: number, operand: number): boolean {
  const { avals } = tape;
  const { op, ins, outs, attributes } = node;
  const given = ins.map((id) => avals[id]!);
  const { shape } = given[operand]!;
  if (op.alias || op.fusion === "map") return sizeOf(shape) === sizeOf(avals[outs[0]!]!.shape);
  if (op.product) return operand === 0 || rowAxisOf(tape, node, rows) === "batch";
  const leading = op.leading?.(given, attributes);
  return leading !== undefined && rowAxes(shape, rows, leading) !== undefined;
}

/** Rows of a matrix by which a product goes: its left side's, or the products of its batch. */
function productRows(tape: Tape, node: Node): number {
  const product = productOf(tape, node);
  if (!product) return 0;
  const rows = product.loops[0]?.length ?? product.rows.length;
  return rowAxisOf(tape, node, rows) ? rows : 0;
}

/** Along what a product is divided into so many rows, each from one row of the left side (or, in a batch, of both); undefined where it cannot be. */
export function rowAxisOf(tape: Tape, node: Node, rows: number): "batch" | "rows" | undefined {
  const { avals } = tape;
  const product = productOf(tape, node);
  // Longer sums are gathered in the result, which rows that are computed twice would disturb.
  if (!product || product.inner.length > matmulPanel.steps) return undefined;
  const [left, right] = node.ins.map((id) => avals[id]!) as [Aval, Aval];
  const spec = node.op.product!([left, right], node.attributes);
  const leads = (axes: readonly number[]): boolean => axes.every((axis, j) => axis === j);
  if (product.loops.length > 0) {
    const [[a, b] = [1, 1], ...others] = spec.batch;
    return others.length === 0 && a === 0 && b === 0 && product.loops[0]!.length === rows ? "batch" : undefined;
  }
  const axes = rowAxes(avals[node.outs[0]!]!.shape, rows, spec.rows.length);
  return axes !== undefined && leads(spec.rows.slice(0, axes)) ? "rows" : undefined;
}

/** Does the node's code go element by element, so that one flat loop serves? */
export function isFlat({ avals }: Tape, { op, ins, outs }: Node): boolean {
  if (op.alias || op.fusion === "map" || sizeOf(avals[outs[0]!]!.shape) === 1) return true;
  // A number for each position needs no axes; nor does a repeated scalar.
  if (op.fusion === "make") return ins.every((id) => avals[id]!.shape.length <= 1);
  return op.fusion === "view" && ins.every((id) => sizeOf(avals[id]!.shape) === 1);
}

/** Can the unit's code compute some rows of its results? */
function goesByRow(tape: Tape, { members, nodes }: Unit, rows: number): boolean {
  for (const node of members) {
    const { op, outs } = node;
    if ((!op.element && !op.alias) || outs.length !== 1) return false;
    const { dynamic, shape } = tape.avals[outs[0]!]!;
    if (dynamic || sizeOf(shape) === 0 || sizeOf(shape) % rows !== 0) return false;
    if (op.product) return rowAxisOf(tape, node, rows) !== undefined;
  }
  if (nodes.every((node) => isFlat(tape, node))) return true;
  const { shape } = tape.avals[members[0]!.outs[0]!]!;
  if (rowAxes(shape, rows) === undefined) return false;
  return sizeOf(shape) === rows || (shape.findLast((length) => length > 1) ?? 1) >= shortest;
}

/** What the loops of a tape make and read. */
interface Units {
  /** By where their code stands. */
  readonly units: ReadonlyMap<number, Unit>;
  /** What makes a value; undefined for what a tape is given. */
  readonly maker: ReadonlyMap<number, Unit>;
  readonly readers: ReadonlyMap<number, readonly Unit[]>;
  /** Values that the tape gives out. */
  readonly kept: ReadonlySet<number>;
  /** What code for some nodes reads. `keeps` says whether a row of a node's result needs but that row of an operand. */
  readonly readsOf: (members: readonly Node[], keeps?: (node: Node, operand: number) => boolean) => Reads;
}

interface Reads {
  readonly nodes: readonly Node[];
  readonly values: ReadonlySet<number>;
  /** Those that are not read in step with rows. */
  readonly scattered: ReadonlySet<number>;
}

function unitsOf(tape: Tape, { inlined, emittedAt }: Fused): Units {
  const { nodes } = tape;
  const makers = new Map(nodes.flatMap(({ outs }, n) => outs.map((id) => [id, n] as const)));
  const inputs = new Set(tape.inputs);
  const inMemory = (id: number): boolean => inputs.has(id) || (makers.has(id) && !inlined[makers.get(id)!]);
  /** Another form of a value in memory is no code. */
  const isFree = (n: number): boolean => nodes[n]!.op.alias === true && !inlined[n] && inMemory(nodes[n]!.ins[0]!);
  const root = (id: number): number => {
    let n = makers.get(id);
    while (n !== undefined && isFree(n)) n = makers.get((id = nodes[n]!.ins[0]!));
    return id;
  };
  const readsOf = (members: readonly Node[], keeps: (node: Node, operand: number) => boolean = () => true): Reads => {
    const [values, scattered] = [new Set<number>(), new Set<number>()];
    const own = new Set(members.flatMap(({ outs }) => outs));
    const seen = { true: new Set<Node>(), false: new Set<Node>() };
    const todo: (readonly [Node, boolean])[] = members.map((node) => [node, true]);
    for (let next = todo.pop(); next; next = todo.pop()) {
      const [node, above] = next;
      if (seen[`${above}`].has(node)) continue;
      seen[`${above}`].add(node);
      for (const [j, id] of node.ins.entries()) {
        const inStep = above && keeps(node, j);
        if (own.has(id)) {
          if (!inStep) scattered.add(id);
        } else if (inMemory(id)) {
          values.add(root(id));
          if (!inStep) scattered.add(root(id));
        } else if (makers.has(id)) todo.push([nodes[makers.get(id)!]!, inStep]);
      }
    }
    return { nodes: [...new Set([...seen.true, ...seen.false])], values, scattered };
  };
  const members = new Map<number, Node[]>();
  nodes.forEach((node, n) => {
    if (inlined[n] || isFree(n)) return;
    const at = emittedAt[n]!;
    if (members.has(at)) members.get(at)!.push(node);
    else members.set(at, [node]);
  });
  const units = new Map<number, Unit>();
  const maker = new Map<number, Unit>();
  const readers = new Map<number, Unit[]>();
  for (const [at, list] of members) {
    const { nodes: all, values } = readsOf(list);
    const unit = { at, members: list, nodes: all, reads: values };
    units.set(at, unit);
    for (const { outs } of list) for (const id of outs) maker.set(id, unit);
    for (const id of values) {
      const known = readers.get(id);
      if (known) known.push(unit);
      else readers.set(id, [unit]);
    }
  }
  return { units, maker, readers, kept: new Set(tape.outputs.map(root)), readsOf };
}
