import { byteSize } from "../../dtype";
import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import type { Node, Tape } from "../../tape";
import { type Address, addressOf, int, readSlot, type Site, writeSlot } from "../addressing";
import { type LoopAttributes, type SingleLoop, splitInputs } from "../control";
import type { Value } from "../emitter";
import { type OpenLoop, openLoop } from "../loop";
import { literalsOf } from "../literals";
import type { Lowering } from "../lower";
import type { LaneEmitter } from "../machine";
import type { Plan } from "../plan";
import { clear, countOf } from "../rows";
import { inTiles } from "../tiles";
import { type Cell, constantAt, elementsOf, registers, type Room, roomAt } from "./cells";
import { evaluate, index, runLoop } from "./evaluate";
import { type Fixed, fixedCells, attempt, measured } from "./steps";
import { Folding } from "./folding";
import { knownInt, knownOf, spelled } from "./known";
import { type Measure, Unfit } from "./measure";
import { copyElements, mostElements } from "./places";
import { registersEnabled } from "./switch";

/** The most operations of an iteration; each is several vector instructions. */
const longest = 1500;

/** About how many operations an iteration has, most of which are solves. */
const operationsEach = 1000;

/** Groups of iterations that do not loop themselves, in one call. */
const groupsPerCall = 64;

/** The most bytes of an iteration's values that are too large for registers. */
const mostBytes = 2 ** 16;

/** How a loop of independent iterations runs. */
export interface LanesPlan {
  /** Iterations side by side. */
  readonly count: number;
  /** Working memory of a group. */
  readonly bytes: number;
  /** Groups of as many in one call: engines swap a function for its optimised form from one call to the next. */
  readonly groups: number;
}

/** How the iterations of a loop run side by side; undefined if they do not fit registers, or need what another computes. */
export function planLanes(a: LoopAttributes, tape: Tape, node: Node): LanesPlan | undefined {
  if (node.ins.some((id) => tape.avals[id]!.dynamic)) return undefined;
  if (a.single) return planBatch(a, a.single, tape, node);
  const independent = a.carries === 0 && !a.condition && !a.counted && a.ys.every((kind) => kind === "each");
  if (!independent || a.length < 2) return undefined;
  let bytes = 0;
  const code = measured(a, tape, node, longest, (_measure, k) => ({
    iterations: Infinity,
    room: (aval) => {
      bytes += roomBytes(aval);
      if (bytes > mostBytes) throw new Unfit();
      return roomAt(k, aval, { dtype: "int32" }, 1);
    },
  }));
  if (!code) return undefined;
  const count = countFor(code, a.length);
  return { count, bytes: bytes * count, groups: code.repeats ? 1 : groupsPerCall };
}

/** Two vectors of what most of the work is on: one alone waits for itself, and more do not stay in registers. */
function countFor(code: Measure, length: number): number {
  let count = 2 * code.doubles > code.operations ? 4 : 8;
  while (count > length) count /= 2;
  return count;
}

/** The loop over a batch as loops side by side. */
function planBatch(a: LoopAttributes, single: SingleLoop, tape: Tape, node: Node): LanesPlan | undefined {
  if (single.size < 2 || !registersEnabled()) return undefined;
  const avals = splitInputs(
    a,
    node.ins.map((id) => tape.avals[id]!),
  );
  const code = attempt(longest, (_measure, k) => {
    const base: Value = { dtype: "int32" };
    const cell = (aval: Aval): Cell => constantAt(k, aval, { base, offset: 0 });
    const cells = (list: readonly Aval[], batched: readonly boolean[]): Cell[] =>
      batched.map((is, j) => cell(is ? rowType(list[j]!) : list[j]!));
    const rows = avals.xs.map((aval, j) => cell(rowType(single.xs[j] ? rowType(aval) : aval)));
    runLoop(
      k,
      single.loop,
      {
        count: avals.count.length ? { dtype: "int32" } : undefined,
        carries: cells(
          avals.carries,
          single.loop.body.inputs.slice(1, 1 + single.loop.carries).map(() => true),
        ),
        rows: () => rows,
        constants: cells(avals.constants, single.constants),
        conditionConstants: cells(avals.conditionConstants, single.conditionConstants),
        put: (_y, row, e, value) => k.store(value.dtype, k.add(row, e), 0, value),
      },
      { iterations: Infinity },
    );
  });
  return code && { count: countFor(code, single.size), bytes: 0, groups: 1 };
}

const rowType = ({ dtype, shape }: Aval): Aval => ({ dtype, shape: shape.slice(1) });

/** For one lane: rooms of all lanes begin at a multiple of 16 bytes. */
const roomBytes = ({ dtype, shape }: Aval): number => Math.ceil((byteSize(dtype) * sizeOf(shape)) / 16) * 16;

/** A loop of independent iterations, several at a time: each is a lane of vectors. */
export function lowerLanes(lowering: Lowering, site: Site, plan: Plan, node: Node, lanes: LanesPlan): void {
  const { k } = site;
  const loop = openLoop(lowering, site, plan, node);
  const [doneSlot] = loop.scratch;
  const length = loop.a.single?.size ?? loop.a.length;
  if (loop.a.single) {
    for (const { aval, place } of loop.outs.ys) clear(site, aval, place, true);
    for (const { place } of loop.outs.steps) {
      const { base, offset } = addressOf(site, place);
      k.store("int32", base, offset, int(k, 0));
    }
  }
  const known = literalsOf(plan.tape);
  const literals = node.ins.map((id) => known.get(id));
  // Neither working memory nor a count of the most steps is for several threads.
  if ((lowering.module.threads ?? 1) > 1 && !loop.a.single && lanes.bytes === 0)
    return shareLanes(lowering, site, loop, literals, lanes);
  writeSlot(site, doneSlot!, int(k, 0));
  k.while(
    () => k.less(readSlot(site, doneSlot!), int(k, length)),
    () => {
      lowering.outline(site, "lanes", (inner) => emitGroups(inner, loop, literals, lanes));
    },
  );
}

/** Independent iterations on all threads, a function call for each group. */
function shareLanes(lowering: Lowering, site: Site, loop: OpenLoop, literals: Literals, lanes: LanesPlan): void {
  const { count } = lanes;
  const { length } = loop.a;
  const group = lowering.module.declare(lowering.nameOf("lanes"), 2);
  lowering.module.define(group, (k, [frame, from]) =>
    emitGroup(lanesFrom({ k, frame: frame!, fixed: false }, from!, count), loop, literals),
  );
  const work = { name: "lanes", length, operations: length * operationsEach, unit: count, repeatable: true };
  inTiles(lowering, site, work, ({ k, frame }, part) =>
    k.loop(Math.ceil(part.length / count), (n) =>
      k.call(group, [frame, k.min(k.add(part.from, k.mul(n, int(k, count))), int(k, length - count))]),
    ),
  );
}

function emitGroups(site: Site, loop: OpenLoop, literals: Literals, { count, groups }: LanesPlan): void {
  const { k } = site;
  const [doneSlot] = loop.scratch;
  const { single, length } = loop.a;
  const total = single?.size ?? length;
  const begin = readSlot(site, doneSlot!);
  const end = k.min(k.add(begin, int(k, groups * count)), int(k, total));
  const at = k.variable(begin);
  k.while(
    () => k.less(at.get(), end),
    () => {
      // The last group may compute some rows again.
      const lanes = lanesFrom(site, k.min(at.get(), int(k, total - count)), count);
      if (single) emitLoops(lanes, loop, single, literals);
      else emitGroup(lanes, loop, literals);
      at.set(k.add(at.get(), int(k, count)));
    },
  );
  writeSlot(site, doneSlot!, at.get());
}

/** Iterations, or elements of a batch, side by side. */
interface Group {
  readonly site: Site;
  readonly lanes: LaneEmitter;
  readonly f: Folding;
  /** The number of each. */
  readonly at: Value;
  /** Where the part of a value is that belongs to each: its first axis counts them. */
  readonly partOf: (value: Fixed) => { readonly type: Aval; readonly address: Address };
}

function lanesFrom(site: Site, from: Value, count: number): Group {
  const { k } = site;
  const lanes = k.lanes(count)!;
  const at = lanes.ramp(from, 1);
  return {
    site,
    lanes,
    f: new Folding(lanes, { emitter: lanes, scalar: k }),
    at,
    partOf: ({ aval, place }) => {
      const type = rowType(aval);
      const { base, offset } = addressOf(site, place);
      const bytes = sizeOf(type.shape) * byteSize(type.dtype);
      return { type, address: { base: lanes.add(base, lanes.mul(at, int(k, bytes))), offset } };
    },
  };
}

function emitGroup(group: Group, { a, given, outs, scratch }: OpenLoop, literals: Literals): void {
  const { site, lanes, f, at, partOf } = group;
  const rows = given.xs.map((x) => partCell(group, x));
  const constants = uniformCells(group, given.constants, literals.slice(given.xs.length));
  let used = scratch[1]!;
  const room = (aval: Aval): Room => {
    const bytes = byteSize(aval.dtype);
    const base = lanes.ramp(site.k.add(site.frame, int(site.k, used)), bytes);
    used += roomBytes(aval) * lanes.count;
    return roomAt(f, aval, base, bytes * lanes.count);
  };
  const results = evaluate(f, a.body, [index(f, at), ...rows, ...constants], { iterations: Infinity, room });
  results.forEach((y, j) => writePart(group, y, partOf(outs.ys[j]!)));
}

/** Loops side by side, one for each element of a batch. */
function emitLoops(group: Group, { a, given, outs }: OpenLoop, single: SingleLoop, literals: Literals): void {
  const { site, lanes, f, at, partOf } = group;
  const { k } = site;
  const known = splitInputs(a, literals);
  const cells = (
    values: readonly Fixed[],
    numbers: readonly (number | undefined)[],
    batched: readonly boolean[],
  ): Cell[] =>
    batched.map((is, j) => (is ? partCell(group, values[j]!) : uniformCells(group, [values[j]!], [numbers[j]])[0]!));
  const rowOf = ({ aval, place }: Fixed, batched: boolean): ((i: Value) => Cell) => {
    const type = rowType(batched ? rowType(aval) : aval);
    const { base, offset } = addressOf(site, place);
    const bytes = sizeOf(type.shape) * byteSize(type.dtype);
    const first = batched ? lanes.add(base, lanes.mul(at, int(k, bytes))) : base;
    const step = knownInt(batched ? bytes * single.size : bytes);
    return (i) => constantAt(f, type, { base: f.add(first, f.mul(i, step)), offset });
  };
  const xs = given.xs.map((x, j) => rowOf(x, single.xs[j]!));
  const ys = outs.ys.map(({ aval, place }) => {
    const size = sizeOf(aval.shape.slice(2)) * byteSize(aval.dtype);
    const { base, offset } = addressOf(site, place);
    return { base: lanes.add(base, lanes.mul(at, int(k, size))), offset, step: knownInt(size * single.size) };
  });
  const [total] = given.count;
  const each = single.count === undefined ? undefined : partCell(group, given.constants[single.count]!);
  const { carries, steps } = runLoop(
    f,
    single.loop,
    {
      count: each?.read(knownInt(0)) ?? (total && countOf(site, total.place, single.loop.length)),
      carries: given.carries.slice(0, single.loop.carries).map((x) => partCell(group, x)),
      rows: (i) => xs.map((x) => x(i)),
      constants: cells(given.constants, known.constants, single.constants),
      conditionConstants: cells(given.conditionConstants, known.conditionConstants, single.conditionConstants),
      put: (y, row, element, value) => {
        const { base, offset, step } = ys[y]!;
        const to = f.add(f.add(base, f.mul(row, step)), f.mul(element, knownInt(byteSize(value.dtype))));
        f.store(value.dtype, to, offset, value);
      },
    },
    { iterations: Infinity },
  );
  // The counter of iterations, where there is one, follows the carries.
  const counted = index(f, steps);
  [...carries, counted]
    .slice(0, outs.carries.length)
    .forEach((cell, j) => writePart(group, cell, partOf(outs.carries[j]!)));
  for (const { place } of outs.steps) {
    const { base, offset } = addressOf(site, place);
    const own = lanes.variable(spelled(lanes, steps)).get();
    for (let lane = 0; lane < lanes.count; lane++)
      k.store("int32", base, offset, k.max(k.load("int32", base, offset), lanes.lane(own, lane)));
  }
}

type Literals = readonly (number | undefined)[];

/** The part of a value that belongs to each lane. */
function partCell(group: Group, value: Fixed): Cell {
  const { type, address } = group.partOf(value);
  const held = (x: Value): Value => group.lanes.variable(x).get();
  return early(group.f, constantAt(group.f, type, address), held);
}

/** Values that all lanes share: each is a scalar, beside a vector that repeats it. */
function uniformCells({ f, site, lanes }: Group, values: readonly Fixed[], literals: Literals): Cell[] {
  const held = (x: Value): Value => {
    const scalar = site.k.variable(x).get();
    lanes.variable(scalar);
    return scalar;
  };
  return fixedCells(f, site, values, literals).map((cell) => early(f, cell, held));
}

function writePart({ f }: Group, cell: Cell, { type, address }: { type: Aval; address: Address }): void {
  const size = byteSize(type.dtype);
  copyElements(f, cell, (position, value) => {
    const known = knownOf(position);
    if (known !== undefined) f.store(type.dtype, address.base, address.offset + known * size, value);
    else f.store(type.dtype, f.add(address.base, f.mul(position, knownInt(size))), address.offset, value);
  });
}

/** Reads what is small before the code branches and repeats. */
function early(f: Folding, cell: Cell, held: (x: Value) => Value): Cell {
  if (sizeOf(cell.aval.shape) > mostElements) return cell;
  return registers(
    f,
    cell.aval,
    elementsOf(cell).map((x) => (knownOf(x) === undefined ? held(x) : x)),
  );
}
