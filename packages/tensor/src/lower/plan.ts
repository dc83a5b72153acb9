import { byteSize } from "../dtype";
import type { Aval } from "../primitive";
import { sizeOf } from "../shape";
import type { Node, Tape } from "../tape";
import { type CallAttributes, type CondAttributes, type LoopAttributes, splitInputs, splitOutputs } from "./control";
import { Frame } from "./frame";
import { fuse, type Fused } from "./fuse";
import { productScratch } from "./product";
import { pruned } from "./registers/evaluate";
import { type LanesPlan, planLanes } from "./registers/lanes";
import { settlePartners } from "./registers/partners";
import { fitsSteps } from "./registers/steps";
import { findRowLoops, type RowLoop } from "./row-loops";
import { findSums, type ProductSum } from "./sums";

/**
 * Where a value is, relative to the function's frame.
 * - `frame`: at an offset in it.
 * - `pointer`: at the address that the frame holds at `slot`.
 * - `rows`: rows of a dynamic value; the frame holds at `slot` the address of the first, the bytes from one to the next, and their number.
 */
export type Place =
  | { readonly kind: "frame"; readonly offset: number }
  | { readonly kind: "pointer"; readonly slot: number }
  | { readonly kind: "rows"; readonly slot: number };

/** How a tape is laid out inside a function. */
export interface Plan {
  readonly tape: Tape;
  readonly inlined: readonly boolean[];
  /** Elementwise nodes that one loop computes, by the last of them, where its code stands. */
  readonly groups: ReadonlyMap<Node, readonly Node[]>;
  /** Loops over rows, by the node where the code stands. */
  readonly rowLoops: ReadonlyMap<Node, RowLoop>;
  /** Sums that the kernels of products compute, by the node of the sum; the product's node is inlined. */
  readonly sums: ReadonlyMap<Node, ProductSum>;
  /** By value; undefined for literals and inlined values. */
  readonly places: readonly (Place | undefined)[];
  /** Tapes that nodes hold, in order: a loop's body and condition, the branches of a cond. */
  readonly inner: ReadonlyMap<Node, readonly Plan[]>;
  /** Loops whose iterations run in registers, without plans of their own. */
  readonly inRegisters: ReadonlyMap<Node, Mode>;
  /** Offsets of a node's working memory; for a call, of the callee's frame. */
  readonly scratch: ReadonlyMap<Node, readonly number[]>;
}

/** How a loop runs in registers. */
type Mode = "steps" | LanesPlan;

/** A function that a call refers to: its frame is laid out apart, its inputs are pointers in it. */
export interface FunctionPlan {
  readonly plan: Plan;
  readonly bytes: number;
}

/** Finds the plan of a callee (each is planned once). */
export type Callees = (tape: Tape) => FunctionPlan;

export const bytesOf = (aval: Aval): number => byteSize(aval.dtype) * sizeOf(aval.shape);

/** Bytes of the three slots of a dynamic value. */
const rowsBytes = 12;

/** Places for inputs: in the frame, or slots for rows. */
export function placeInputs(frame: Frame, avals: readonly Aval[]): Place[] {
  return avals.map((aval) => placeOf(frame, aval));
}

const placeOf = (frame: Frame, aval: Aval): Place =>
  aval.dynamic
    ? { kind: "rows", slot: frame.allocate(rowsBytes) }
    : { kind: "frame", offset: frame.allocate(bytesOf(aval)) };

const offsetOf = (place: Place): number => (place.kind === "frame" ? place.offset : place.slot);

/**
 * How a target wants tapes laid out. `rowLoops`: loops that go row by row over what each other make become one, for targets with caches; their
 * values pass through a block of memory, one for each of so many threads.
 */
export interface Layout {
  readonly rowLoops?: number;
  /** May loops that run side by side keep rows of which only the numbers say how many there are? */
  readonly keptRows?: boolean;
  /** May products add another array to what they write? */
  readonly sums?: boolean;
  /** May a loop over elements compute the product that it alone reads? In bodies of loops, where `within` says so. */
  readonly epilogues?: { readonly within: (loop: Node) => boolean } | undefined;
  /** Has the target other working memory for the kernel rule of a node? Asked of nodes that stand in no other. */
  readonly apart?: ((tape: Tape, node: Node) => boolean) | undefined;
  /** Where is a result of the tape that has no block of the frame? */
  readonly result?: ((id: number) => Place | undefined) | undefined;
}

/** Lays out a tape whose inputs have places, in a frame that others may share. Blocks of values are reused once nobody reads them. */
export function planTape(
  tape: Tape,
  frame: Frame,
  inputs: readonly Place[],
  callees: Callees,
  layout: Layout = {},
): Plan {
  const { nodes, avals } = tape;
  // A node alone, as operations are that run at once, has nothing to share code with: it is not kept waiting for what looks for that.
  const several = nodes.length > 1;
  const fused = several ? fuse(tape, { epilogues: layout.epilogues !== undefined }) : unfused(nodes);
  const { groups } = fused;
  const { loops: rowLoops, emittedAt } =
    several && layout.rowLoops ? findRowLoops(tape, fused) : { loops: noLoops, emittedAt: fused.emittedAt };
  const sums = several && layout.sums ? findSums(tape, fused, rowLoops) : noSums;
  const added = new Set([...sums.values()].map(({ product }) => product));
  const inlined = fused.inlined.map((is, n) => is || added.has(nodes[n]!));
  const passing = new Map<number, number>();
  for (const { rows, block, passing: ids } of rowLoops.values())
    for (const id of ids) passing.set(id, (layout.rowLoops! * block) / rows);
  const places = new Array<Place | undefined>(avals.length);
  tape.inputs.forEach((id, k) => (places[id] = inputs[k]!));
  const ends = lastUses(tape, inlined, emittedAt);
  const endingAt: number[][] = nodes.map(() => []);
  const doneAt: number[][] = nodes.map(() => []);
  const inner = new Map<Node, Plan[]>();
  const inRegisters = new Map<Node, Mode>();
  const scratch = new Map<Node, number[]>();

  const modes = modesOf(
    tape,
    nodes.filter((node, n) => isLoop(node) && !inlined[n]),
    layout.keptRows,
  );
  nodes.forEach((node, n) => {
    if (inlined[n]) return;
    const [first] = node.ins;
    if (node.op.alias && places[first!]) {
      places[node.outs[0]!] = places[first!];
    } else {
      for (const id of node.outs) {
        const part = passing.get(id);
        const end = ends[id]!;
        places[id] =
          part === undefined
            ? ((end === nodes.length ? layout.result?.(id) : undefined) ?? placeOf(frame, avals[id]!))
            : { kind: "frame", offset: frame.allocate(part * bytesOf(avals[id]!)) };
        if (end < nodes.length) endingAt[Math.max(end, emittedAt[n]!)]!.push(id);
      }
      const mode = modes.get(node);
      if (mode) inRegisters.set(node, mode);
      const multiplied = sums.get(node)?.product ?? node;
      const temporary = planInner(node, multiplied, places, frame, callees, layout, tape, inner, inRegisters, scratch);
      doneAt[emittedAt[n]!]!.push(...temporary);
    }
    for (const offset of doneAt[n]!) frame.free(offset);
    for (const id of endingAt[n]!) frame.free(offsetOf(places[id]!));
  });
  return { tape, inlined, groups, rowLoops, sums, places, inner, inRegisters, scratch };
}

/** Each node has code of its own. */
const unfused = (nodes: readonly Node[]): Fused => ({
  inlined: nodes.map(() => false),
  groups: new Map(),
  emittedAt: Int32Array.from(nodes, (_, n) => n),
});

const noLoops: ReadonlyMap<Node, RowLoop> = new Map();
const noSums: ReadonlyMap<Node, ProductSum> = new Map();

const isLoop = (node: Node): boolean => node.op.control === "loop";

const loopOf = (node: Node): LoopAttributes => node.attributes as unknown as LoopAttributes;

/** How a loop runs in registers; undefined if it does not. */
export function modeOf(tape: Tape, node: Node): Mode | undefined {
  return planLanes(loopOf(node), tape, node) ?? stepsOf(tape, node);
}

const stepsOf = (tape: Tape, node: Node): Mode | undefined =>
  fitsSteps(loopOf(node), tape, node) ? "steps" : undefined;

/** How loops run that stand together. */
function modesOf(tape: Tape, loops: readonly Node[], keptRows = false): ReadonlyMap<Node, Mode | undefined> {
  const lanes = new Map<Node, LanesPlan>();
  for (const node of loops) {
    const plan = planLanes(loopOf(node), tape, node, keptRows);
    if (plan) lanes.set(node, plan);
  }
  settlePartners(tape, lanes);
  return new Map(loops.map((node) => [node, lanes.get(node) ?? stepsOf(tape, node)]));
}

/** The layout of tapes that a node holds. */
const layoutWithin = ({ epilogues, ...layout }: Layout, node: Node): Layout => ({
  ...layout,
  apart: undefined,
  result: undefined,
  epilogues: isLoop(node) && epilogues?.within(node) ? epilogues : undefined,
});

/** Lays out what a node needs while it runs; gives the offsets that are free again after it. */
function planInner(
  node: Node,
  multiplied: Node,
  places: readonly (Place | undefined)[],
  frame: Frame,
  callees: Callees,
  layout: Layout,
  tape: Tape,
  inner: Map<Node, Plan[]>,
  inRegisters: ReadonlyMap<Node, Mode>,
  scratch: Map<Node, number[]>,
): number[] {
  const { op, attributes } = node;
  const used: number[] = [];
  const inside = layoutWithin(layout, node);
  const take = (bytes: number): number => {
    const offset = frame.allocate(bytes);
    used.push(offset);
    return offset;
  };
  const avalsOf = (ids: readonly number[]): Aval[] => ids.map((id) => tape.avals[id]!);
  // Literals and values without memory are given some by the lowering, in scratch blocks that come first; element rules need none.
  const bytesFor = (id: number): number => (op.element ? 0 : bytesOf(tape.avals[id]!));
  const given = node.ins.map((id): Place => places[id] ?? { kind: "frame", offset: take(bytesFor(id)) });
  if (op.element)
    scratch.set(node, multiplied.op.product ? [take(productScratch(multiplied, avalsOf(multiplied.ins)))] : []);
  else if (op.kernel && !layout.apart?.(tape, node))
    scratch.set(
      node,
      (op.kernel.scratch?.(avalsOf(node.ins), attributes) ?? []).map((a) => take(bytesOf(a))),
    );
  else if (op.control === "call") scratch.set(node, [take(callees((attributes as CallAttributes).tape).bytes)]);
  else if (op.control === "cond") {
    const { onTrue, onFalse } = attributes as CondAttributes;
    inner.set(
      node,
      [onTrue, onFalse].map((branch) =>
        frame.within(() => planTape(pruned(branch), frame, given.slice(1), callees, inside)),
      ),
    );
  } else if (inRegisters.has(node)) {
    const mode = inRegisters.get(node)!;
    // The number of iterations there may be, and that of those done; or the latter and working memory.
    scratch.set(node, [take(4), take(mode === "steps" ? 4 : mode.bytes)]);
  } else if (isLoop(node)) {
    const a = loopOf(node);
    const own = splitInputs(a, given);
    const outs = splitOutputs(a, node.outs, "loop");
    const carries = outs.carries.map((id) => places[id]!);
    const rows = own.xs.map((): Place => ({ kind: "pointer", slot: take(4) }));
    const index: Place = { kind: "frame", offset: take(4) };
    // The number of iterations, and copies of carries that the body hands on under another number.
    const working = [take(4), ...a.body.outputs.slice(0, a.carries).map((id) => take(bytesOf(a.body.avals[id]!)))];
    const body = frame.within(() =>
      planTape(pruned(a.body), frame, [index, ...carries, ...rows, ...own.constants], callees, inside),
    );
    const condition =
      a.condition &&
      frame.within(() =>
        planTape(pruned(a.condition!), frame, [...carries, ...own.conditionConstants], callees, inside),
      );
    inner.set(node, condition ? [body, condition] : [body]);
    scratch.set(node, working);
  }
  const extra = node.ins.flatMap((id, k) => (places[id] ? [] : [offsetOf(given[k]!)]));
  scratch.set(node, [...extra, ...(scratch.get(node) ?? [])]);
  return used;
}

/** The last node that reads each value's memory, be it through inlined nodes or aliases; the number of nodes for outputs. */
function lastUses(tape: Tape, inlined: readonly boolean[], emittedAt: Int32Array): Int32Array {
  const { nodes } = tape;
  const ends = new Int32Array(tape.avals.length).fill(-1);
  for (const id of tape.outputs) ends[id] = nodes.length;
  for (let n = nodes.length - 1; n >= 0; n--) {
    const node = nodes[n]!;
    const through = inlined[n] || node.op.alias;
    const end = through ? Math.max(n, ...node.outs.map((id) => ends[id]!)) : emittedAt[n]!;
    for (const id of node.ins) ends[id] = Math.max(ends[id]!, end);
  }
  return ends;
}
