import { byteSize } from "../dtype";
import { invariant } from "../errors";
import type { Aval } from "../primitive";
import { type Shape, sizeOf } from "../shape";
import type { Node, Tape } from "../tape";
import { type Address, int, memoryAt, readSlot, rowSlots, type Site, writeSlot } from "./addressing";
import type { Index, Operand, Value } from "./emitter";
import { foldWidth } from "./fold";
import { takeBytes } from "./heap";
import type { Lowering } from "./lower";
import { mathFunctions } from "./math/functions";
import type { LaneEmitter, MemoryEmitter } from "./machine";
import { emitCrossed } from "./crossed";
import { elementsWith, type Loop, loopOf, prepare, type Prepared } from "./operands";
import type { Plan } from "./plan";
import { isFlat } from "./row-loops";
import { lowerProduct } from "./product";
import { remembered } from "./remembered";
import { eachRun, fittingLanes, sharedLanes, shortRun, startOf } from "./runs";
import { emitSeams } from "./seams";
import { eachOuter, eachPiece, type Elements, type Stretch } from "./stretch";
import { inTiles } from "./tiles";

/** Elements of a result, or of several that one loop computes; operands that are inlined are computed on the way. */
export function lowerElements(lowering: Lowering, site: Site, plan: Plan, node: Node): void {
  if (isComputedLater(plan, node)) return;
  if (lowerProduct(lowering, site, plan, node)) return;
  const place = plan.places[node.outs[0]!]!;
  if (place.kind === "rows") return emitRows(site, plan, node, place.slot);
  const members = plan.groups.get(node) ?? [node];
  const { shape } = plan.tape.avals[node.outs[0]!]!;
  if (sizeOf(shape) === 0) return;
  const loop = loopOf(plan, members);
  const flat = loop.nodes.every((each) => isFlat(plan.tape, each));
  const range = flat ? sizeOf(shape) : (shape[0] ?? 1);
  const work = {
    name: node.op.name,
    length: range,
    get operations() {
      return operationsOf(plan.tape, loop.nodes);
    },
    unit: flat ? 64 : 1,
    repeatable: true,
  };
  inTiles(lowering, site, work, (inner, part) => emitPart(inner, loop, shape, { ...part, axes: 1 }, flat));
}

/** What an elementary function costs, in additions. */
const functionCost = 12;
const isFunction = (name: string): boolean =>
  name in mathFunctions || ["sigmoid", "softplus", "logsumexp", "decay"].includes(name);

/** Operations on elements, those of folds included, as additions. */
export function operationsOf({ avals }: Tape, nodes: readonly Node[]): number {
  let sum = 0;
  for (const { op, ins, outs } of nodes) {
    let most = 0;
    for (const id of ins) most = Math.max(most, sizeOf(avals[id]!.shape));
    for (const id of outs) most = Math.max(most, sizeOf(avals[id]!.shape));
    sum += isFunction(op.name) ? functionCost * most : most;
  }
  return sum;
}

/** The elements whose position, if `flat`, or else position along the first axes, is in a part. */
export function emitPart(site: Site, loop: Loop, shape: Shape, part: Stretch, flat: boolean): void {
  const prepared = prepare(site, loop);
  const emitted = new Map<MemoryEmitter, (index: Index) => void>();
  const elements = (k: MemoryEmitter): ((index: Index) => void) => {
    let emit = emitted.get(k);
    if (!emit) emitted.set(k, (emit = elementsWith(k, loop, prepared)));
    return emit;
  };
  if (emitFold(site, loop, shape, part, elements)) return;
  if (flat)
    eachRun(site.k, part.length, lanesFor(site, loop, part.length), (k, at) =>
      elements(k)(k.flatIndex(shape, k.add(at, part.from))),
    );
  else emitNest(site, loop, shape, part, elements, prepared);
}

/** Nodes of groups whose code stands at a later one. */
const computedLater = remembered(({ groups, rowLoops }: Plan): ReadonlySet<Node> => {
  const early = [...groups.values()].flatMap((members) => members.slice(0, -1));
  for (const [last, { kernels }] of rowLoops) early.push(...kernels.flat().filter((other) => other !== last));
  return new Set(early);
});

/** Is the node one of a group whose code stands at a later one? */
export const isComputedLater = (plan: Plan, node: Node): boolean => computedLater(plan).has(node);

/** A result whose elements are folds of long rows: element after element, the terms of each shared among lanes. */
function emitFold(site: Site, loop: Loop, shape: Shape, part: Stretch, elements: Elements): boolean {
  const { plan, members } = loop;
  const { op, ins, attributes } = members[0]!;
  const avals = ins.map((id) => plan.tape.avals[id]!);
  if (members.length > 1 || !op.folds?.(avals, attributes)) return false;
  const lanes = site.k.lanes((foldWidth(avals[0]!.dtype) * Math.min(4, vectorsFor(site, loop))) / 4);
  if (!lanes) return false;
  const emit = elements(sharedLanes(site.k, lanes));
  eachOuter(site, shape, part, (at) => emit(lanes.index(shape, at)));
  return true;
}

/** Loops over all axes, where positions along them matter; lanes lie along the last. */
function emitNest(site: Site, loop: Loop, shape: Shape, part: Stretch, elements: Elements, prepared: Prepared): void {
  const { k } = site;
  // Axes of length 1 at the end make no runs.
  let rank = shape.length;
  while (rank > 0 && shape[rank - 1] === 1) rank--;
  const ones = shape.slice(rank).map(() => int(k, 0));
  const whole = part.axes === 1 && part.length === shape[0];
  const length = rank > 0 ? shape[rank - 1]! : 1;
  const outer = shape.slice(0, Math.max(0, rank - 1));
  const rows = sizeOf(outer);
  const lanesOf = (run: number): number => lanesFor(site, loop, run);
  const nest = {
    loop,
    prepared,
    shape,
    rank,
    part,
    elements,
    lanesFor: lanesOf,
    get brief() {
      return vectorsFor(site, loop) >= 4 || !loop.nodes.some(({ op }) => isFunction(op.name));
    },
  };
  if (emitSeams(site, nest)) return;
  const short = shortRun(length);
  if (short !== undefined && whole && rows * length >= short && k.lanes(short)) {
    const lanes = k.lanes(short)!;
    return emitShortRows(site, shape, length, ones, lanes, elements(lanes));
  }
  if (part.axes > 1 && part.axes >= rank)
    return eachRun(k, part.length, lanesFor(site, loop, part.length), (emitter, i) =>
      elements(emitter)(emitter.flatIndex(shape, emitter.add(i, part.from))),
    );
  if (emitCrossed(site, nest)) return;
  // A single axis is itself what is split.
  const [run, from] = rank === 1 ? [part.length, part.from] : [length, int(k, 0)];
  const counts = lanesFor(site, loop, run);
  eachOuter(site, outer, part, (at) =>
    eachRun(k, run, counts, (emitter, i) =>
      elements(emitter)(emitter.index(shape, rank > 0 ? [...at, emitter.add(i, from), ...ones] : ones)),
    ),
  );
}

/** Rows that are shorter than a vector: each run of lanes takes several, whole. */
function emitShortRows(
  site: Site,
  shape: Shape,
  length: number,
  ones: readonly Value[],
  lanes: LaneEmitter,
  emit: (index: Index) => void,
): void {
  const { k } = site;
  const size = sizeOf(shape);
  const { count } = lanes;
  const before = shape.length - ones.length - 2;
  if (lanes.grid && before >= 0 && shape[before]! >= count / length) {
    const whole = { axes: 1, from: int(k, 0), length: shape[0]! };
    return eachOuter(site, shape.slice(0, before), whole, (at) =>
      eachPiece(site, int(k, 0), shape[before]!, count / length, (first) =>
        emit(lanes.index(shape, [...at, ...lanes.grid!(first, int(k, 0), length), ...ones])),
      ),
    );
  }
  const lane = lanes.ramp(int(k, 0), 1);
  const along = lanes.rem(lane, int(k, length));
  const row = lanes.div(lane, int(k, length));
  const rowShape = shape.slice(0, shape.length - ones.length - 1);
  const run = (from: Value): void => {
    const rows = lanes.flatIndex(rowShape, lanes.add(k.div(from, int(k, length)), row));
    const flat = lanes.ramp(from, 1);
    emit({ shape, flat: () => flat, axes: () => [...rows.axes(), along, ...ones] });
  };
  k.loop(Math.ceil(size / count), (n) => run(startOf(k, n, count, size)));
}

/** How many lanes suit a loop over so many elements. */
function lanesFor(site: Site, loop: Loop, length: number): number {
  const { plan, nodes } = loop;
  const wide = nodes.some(({ ins, outs }) =>
    [...ins, ...outs].some((id) => byteSize(plan.tape.avals[id]!.dtype) === 8),
  );
  return fittingLanes(length, vectorsFor(site, loop), wide ? 2 : 4);
}

/** Vectors that are worked on at a time: several, so that none waits for another; fewer where the values of a long body would not fit registers. */
function vectorsFor({ k }: Site, loop: Loop): number {
  const [first, ...others] = loop.nodes;
  if (others.length === 0 && (first!.op.fusion === "reduce" || first!.op.folds)) return 8;
  // Integer work, as random bits are, has few values that live long.
  if (loop.nodes.some(({ op }) => op.fusion === "make")) return 4;
  return others.length > 1 && valuesHeld(loop) > 1 ? (k.longBodyVectors ?? 2) : 4;
}

/**
 * How many values must be held at once while an element is computed (Sethi and Ullman 1970), but for those that are only read from memory: they
 * are where they are needed.
 */
function valuesHeld({ members, nodes }: Loop): number {
  const producers = new Map<number, Node>();
  for (const node of nodes) for (const id of node.outs) producers.set(id, node);
  const known = new Map<number, number>();
  const held = (id: number): number => {
    let count = known.get(id);
    if (count !== undefined) return count;
    const { op, ins } = producers.get(id)!;
    const needs: number[] = [];
    for (let j = 0; j < ins.length; j++)
      if (producers.has(ins[j]!) && ins.indexOf(ins[j]!) === j) needs.push(held(ins[j]!));
    needs.sort((a, b) => b - a);
    count = op.fusion === "view" || op.alias ? 0 : 1;
    for (let j = 0; j < needs.length; j++) if (needs[j]! > 0) count = Math.max(count, needs[j]! + j);
    known.set(id, count);
    return count;
  };
  return members.length - 1 + Math.max(...members.map(({ outs }) => held(outs[0]!)));
}

/** An elementwise operation on dynamic values: as many rows as its operands have. */
function emitRows(site: Site, plan: Plan, node: Node, slot: number): void {
  const { k } = site;
  const out = plan.tape.avals[node.outs[0]!]!;
  const rowType: Aval = { dtype: out.dtype, shape: out.shape.slice(1) };
  const rowSize = sizeOf(rowType.shape);
  const bytes = Math.ceil((rowSize * byteSize(out.dtype)) / 16) * 16;
  const ins = node.ins.map((id) => {
    const place = plan.places[id];
    invariant(place?.kind === "rows", `${node.op.name} mixes dynamic values with others`);
    return { aval: plan.tape.avals[id]!, slots: rowSlots(place.slot) };
  });
  const own = rowSlots(slot);
  const rows = readSlot(site, ins[0]!.slots.rows);
  writeSlot(site, own.address, takeBytes(site, k.mul(rows, int(k, bytes))));
  writeSlot(site, own.stride, int(k, bytes));
  writeSlot(site, own.rows, rows);
  k.loop(rows, (r) => {
    const rowOf = (slots: ReturnType<typeof rowSlots>): Address => ({
      base: k.add(readSlot(site, slots.address), k.mul(r, readSlot(site, slots.stride))),
      offset: 0,
    });
    const addresses = ins.map(({ slots }) => rowOf(slots));
    const to = rowOf(own);
    const wide = [out, ...ins.map(({ aval }) => aval)].some(({ dtype }) => byteSize(dtype) === 8);
    eachRun(k, rowSize, fittingLanes(rowSize, 4, wide ? 2 : 4), (emitter, i) => {
      const operands = ins.map(({ aval }, j): Operand => {
        const memory = memoryAt({ k: emitter }, { dtype: aval.dtype, shape: aval.shape.slice(1) }, addresses[j]!);
        return { ...memory, at: (index) => memory.load(index.flat()) };
      });
      const value = node.op.element!(emitter, operands, emitter.flatIndex(rowType.shape, i), node.attributes);
      memoryAt({ k: emitter }, rowType, to).store(i, value);
    });
  });
}
