import { byteSize, type Node, sizeOf } from "@dzdt/tensor";
import {
  type Address,
  addressOf,
  copyBytes,
  flatten,
  type Lowering,
  type LoopAttributes,
  type Plan,
  type Site,
  splitInputs,
  splitOutputs,
  type Value,
} from "@dzdt/tensor/lower";
import { WgslEmitter } from "../wgsl/emit";
import type { WgslModule } from "../wgsl/module";
import { term } from "../wgsl/types";
import { heapBound } from "./heap";
import { groupSize, groupsFor, invocation, type Kernel } from "./kernel";
import { type Phase, PhaseEmitter } from "./phases";
import { partsOf, type RowPart } from "./row-parts";
import { isMap } from "./maps";
import { emitNodes, wordsBytes } from "./single";
import { sizeOfNodes, teamAmong } from "./team";
import { TeamEmitter, teamGlobals } from "./team-emitter";
import { TeamLowering } from "./team-lowering";

/** Rows with an array of so many elements have a workgroup each; others an invocation. */
const fewestElements = 32;

/** If memory is short, fewer rows than this at a time do not keep a GPU busy, where each is an invocation or a workgroup. */
const fewestRows = { ofOne: 16384, ofMany: 256 } as const;

const loopOf = (node: Node): LoopAttributes => node.attributes as unknown as LoopAttributes;

/** A loop whose iterations know nothing of each other, so that each can be an invocation, or a workgroup, with memory of its own. */
export function isRows(plan: Plan, node: Node): boolean {
  if (node.op.control !== "loop" || !isMap(loopOf(node))) return false;
  const avals = [...node.ins, ...node.outs].map((id) => plan.tape.avals[id]!);
  // Rows of bools may share a word, which only one invocation can write.
  return avals.every(({ dynamic }) => !dynamic) && node.outs.every((id) => plan.tape.avals[id]!.dtype !== "bool");
}

/** Has a row arrays that a workgroup should share? */
const isShared = (lowering: Lowering, body: Plan): boolean => sizeOfNodes(lowering, body).widest >= fewestElements;

/** Memory of rows that run at the same time, one after another. Each has its number, its variables, its frame and its heap. */
export interface RowSpace {
  readonly base: number;
  readonly frame: number;
  readonly heap: number;
  /** How many run at a time. */
  readonly rows: number;
}

/** Where a row has its number, the top of its heap, and, from 16 on, variables that live from dispatch to dispatch. */
const slots = { row: 0, top: 4, words: 16 } as const;
const headBytes = slots.words + wordsBytes;

const bytesOfRow = ({ frame, heap }: RowSpace): number => headBytes + frame + heap;

/** Bytes of the memory of all rows that run at a time. */
export const rowsBytes = (space: RowSpace): number => space.rows * bytesOfRow(space);

/** How much memory rows get, from `base` on: if there is not enough for all frames, or for what all heaps may hold, fewer run at a time. */
export function rowSpace(
  lowering: Lowering,
  node: Node,
  { base, heapLimit, frameLimit }: { readonly base: number; readonly heapLimit: number; readonly frameLimit: number },
): RowSpace {
  const { body, length } = loopOf(node);
  const { plan, bytes: frame } = lowering.callee(body);
  const wanted = heapBound(body);
  const fitting = Math.max(1, Math.floor(frameLimit / (headBytes + frame)));
  const fewest = isShared(lowering, plan) ? fewestRows.ofMany : fewestRows.ofOne;
  const roomy = wanted === 0 ? length : Math.max(fewest, Math.floor(heapLimit / wanted));
  const rows = Math.min(length, fitting, roomy);
  return { base, frame, heap: Math.min(wanted, Math.floor(heapLimit / rows / 16) * 16), rows };
}

/** A row as kernels see it. */
interface Row {
  readonly number: Value;
  readonly start: Value;
  readonly frame: Value;
}

/** Kernels of rows: of one invocation for each, or, where arrays are large enough to be shared, one workgroup. Those of long loops are chains of dispatches. @param most the most invocations of a workgroup */
export function rowsKernels(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  space: RowSpace,
  most: number,
): Kernel[] {
  const a = loopOf(node);
  const { plan: body } = lowering.callee(a.body);
  const { widest } = sizeOfNodes(lowering, body);
  const size = isShared(lowering, body) ? teamAmong(space.rows, widest, most) : undefined;
  const shared = size === undefined ? lowering : new TeamLowering(module, lowering, size);
  const emitterOf = ({ callees, code }: WgslEmitter, phase: Phase, kept: Value | number): WgslEmitter => {
    if (size !== undefined) return new TeamEmitter(callees, code, size, phase, kept);
    return phase.kind === "whole" ? new WgslEmitter(callees, code) : new PhaseEmitter(callees, code, phase, kept);
  };
  const turns = Math.ceil(a.length / space.rows);
  const parts = partsOf(lowering, body, space.rows, turns);
  const together = size === undefined ? "" : `, by ${size} together`;
  const kernels = parts.flatMap((part, n) => {
    const [first, last] = [n === 0, n === parts.length - 1];
    const kernel = module.kernel(shapeOf(size), (plain) => {
      const row = enter(plain, a.length, space, size, first);
      const whole = (): WgslEmitter => emitterOf(plain, { kind: "whole" }, 0);
      if (first) settled(whole(), (k) => begin(k, lowering, plan, node, body, row));
      const kept = plain.add(row.start, plain.literal("int32", slots.words));
      for (const { nodes, phase } of part.steps)
        settled(emitterOf(plain, phase, kept), (k) => emitNodes(shared, body, nodes, k, row.frame));
      if (last) settled(whole(), (k) => end(k, lowering, plan, node, body, row));
      else plain.code.line(`memory[u32(${term(row.start).text} + ${slots.top}i) >> 2u] = u32(heap_top);`);
    });
    const name = `${a.body.where} of each row${stageOf(part, first, last)}${together}`;
    const repeats = part.times > 1 ? { repeats: true as const } : {};
    return new Array<Omit<Kernel, "groups">>(part.times).fill({ ...kernel, name, ...repeats });
  });
  return Array.from({ length: turns }, (_, turn) => turn * space.rows).flatMap((from) => {
    const groups = groupsFor(Math.min(space.rows, a.length - from), size === undefined ? groupSize : 1);
    return kernels.map((kernel): Kernel => ({ ...kernel, groups, ...(from > 0 ? { parameters: [from] } : {}) }));
  });
}

const shapeOf = (size: number | undefined): { workgroup: string; globals?: string } =>
  size === undefined ? { workgroup: String(groupSize) } : { workgroup: String(size), globals: teamGlobals(size) };

/** For people. */
function stageOf({ steps }: RowPart, first: boolean, last: boolean): string {
  if (first && last) return "";
  if (steps.some(({ phase }) => phase.kind === "some")) return " goes on";
  return first ? " begins" : last ? " ends" : ", next";
}

/** Emits `body`; a workgroup waits until all of it is done. */
function settled(k: WgslEmitter, body: (k: WgslEmitter) => void): void {
  body(k);
  if (k instanceof TeamEmitter) k.wait();
}

/** Finds the row of this invocation, or of this workgroup, and its memory. */
function enter(k: WgslEmitter, length: number, space: RowSpace, size: number | undefined, first: boolean): Row {
  const { code } = k;
  const int = (value: number): Value => k.literal("int32", value);
  const slot = code.fresh("int32", size === undefined ? invocation : "i32(group.x + group.y * groups.x)");
  const number = code.fresh("int32", `${slot.text} + i32(run.again)`);
  code.line(`if (${slot.text} >= ${space.rows}i || ${number.text} >= ${length}i) { return; }`);
  const start = k.add(int(space.base), k.mul(slot, int(bytesOfRow(space))));
  const frame = k.add(start, int(headBytes));
  const heap = k.add(frame, int(space.frame));
  const top = first ? term(heap).text : `i32(memory[u32(${term(start).text} + ${slots.top}i) >> 2u])`;
  code.line(`heap_top = ${top};`);
  code.line(`heap_end = u32(${term(k.add(heap, int(space.heap))).text});`);
  code.line("stopped = memory[1] == 0xffffffffu;");
  if (size !== undefined) {
    code.line("member = i32(local.x);");
    code.line("storageBarrier();");
  }
  return { number, start, frame };
}

/** The part of a value that is a row's. */
function partOf(k: WgslEmitter, plan: Plan, id: number, { base, offset }: Address, row: Value): Address {
  const { dtype, shape } = plan.tape.avals[id]!;
  const bytes = sizeOf(shape.slice(1)) * byteSize(dtype);
  return { base: k.add(base, k.mul(row, k.literal("int32", bytes))), offset };
}

/** The number of the row as its code is told it. */
const tellingOf = (k: WgslEmitter, { reverse, length }: LoopAttributes, number: Value): Value =>
  reverse ? k.sub(k.literal("int32", length - 1), number) : number;

/** Writes the number of the row, and where what it is given is. */
function begin(
  k: WgslEmitter,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  body: Plan,
  { number, start, frame }: Row,
): void {
  const a = loopOf(node);
  const outer: Site = { k, frame: k.literal("int32", 0), fixed: true };
  const row = tellingOf(k, a, number);
  k.store("int32", start, slots.row, row);
  const given = splitInputs(a, node.ins);
  const addresses = lowering.materialize(outer, plan, node).ins.map(({ place }) => addressOf(outer, place));
  const pointers = [
    k.add(start, k.literal("int32", slots.row)),
    ...given.xs.map((id, j) => flatten(outer, partOf(k, plan, id, addresses[j]!, row))),
    ...given.constants.map((_, j) => flatten(outer, addresses[given.xs.length + j]!)),
  ];
  body.tape.inputs.forEach((id, j) => {
    const place = body.places[id] as { slot: number };
    k.store("int32", frame, place.slot, pointers[j]!);
  });
}

/** Writes the results of the row where they belong. */
function end(k: WgslEmitter, lowering: Lowering, plan: Plan, node: Node, body: Plan, { number, frame }: Row): void {
  const a = loopOf(node);
  const outer: Site = { k, frame: k.literal("int32", 0), fixed: true };
  const inner: Site = { k, frame, fixed: false };
  const row = tellingOf(k, a, number);
  const outs = splitOutputs(a, node.outs, "loop").ys;
  lowering.outputs(body, (aval, place, literal, j) => {
    const id = outs[j]!;
    const to = partOf(k, plan, id, addressOf(outer, plan.places[id]!), row);
    if (place) copyBytes(outer, to, addressOf(inner, place), aval.dtype, sizeOf(aval.shape));
    else k.store(aval.dtype, to.base, to.offset, k.literal(aval.dtype, literal));
  });
}
