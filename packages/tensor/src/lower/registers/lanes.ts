import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import type { Node, Tape } from "../../tape";
import { int, readSlot, type Site, writeAt, writeSlot } from "../addressing";
import { type LoopAttributes, type SingleLoop, splitInputs } from "../control";
import type { Value } from "../emitter";
import { type OpenLoop, openLoop } from "../loop";
import { literalsOf } from "../literals";
import type { Lowering } from "../lower";
import type { Place, Plan } from "../plan";
import { clear } from "../rows";
import { checkAlone, inTiles, type Work } from "../tiles";
import { type Cell, constantAt, type Room, roomAt } from "./cells";
import { keepsRows, runLoop } from "./evaluate";
import { type LaneRows, measuredRows, openTable } from "./kept-rows";
import { emitLoopsInTurn, emitRowsInTurn, endsAlone, rowLoop, rowsInTurn } from "./in-turn";
import { lanesFrom, type Literals, ownCarries, roomBytes, rowsType, rowType } from "./lane-group";
import { type Measure, Unfit } from "./measure";
import { copyElements, mostElements } from "./places";
import { emitGroup, emitLoops } from "./side-by-side";
import { attempt, measured } from "./steps";
import { registersEnabled } from "./switch";

/** The most operations of an iteration; each is several vector instructions. */
const longest = 1500;

/** About how many operations an iteration has, most of which are solves. */
const operationsEach = 1000;

/** Groups of iterations that do not loop themselves, in one call. */
const groupsPerCall = 64;

/** Loops that a lane runs in one call, one after another. */
const turnsPerCall = 16;

/** The most bytes of an iteration's values that are too large for registers. */
const mostBytes = 2 ** 16;

/** How a loop of independent iterations runs. */
export interface LanesPlan {
  /** Iterations side by side. */
  readonly count: number;
  /** Are there rows of which only the numbers say how many they are? */
  readonly keeps?: boolean;
  /** Where those are that the loops of a batch keep or read: by x, and of the results. */
  readonly rows?: {
    readonly read: readonly ({ readonly within: number; readonly stride: number } | undefined)[];
    readonly kept: LaneRows | undefined;
  };
  /** Working memory of a group. */
  readonly bytes: number;
  /** Groups of as many in one call, or rows of each lane in turns: engines swap a function for its optimised form from one call to the next. */
  readonly groups: number;
  /** Each lane takes the next row when the loop of the one before has ended. */
  readonly inTurn: boolean;
}

/**
 * How the iterations of a loop run side by side; undefined if they do not fit registers, or need what another computes.
 * @param keptRows rows of unknown number may be read and kept
 */
export function planLanes(a: LoopAttributes, tape: Tape, node: Node, keptRows = false): LanesPlan | undefined {
  const isRows = (id: number): boolean => tape.avals[id]!.dynamic === true;
  const { xs, ...others } = splitInputs(a, node.ins);
  if (Object.values(others).flat().some(isRows)) return undefined;
  if ([...xs, ...node.outs].some(isRows) && !(keptRows && a.single)) return undefined;
  if (a.single) return planBatch(a, a.single, tape, node, keptRows);
  const independent = a.carries === 0 && !a.condition && !a.counted && a.ys.every((kind) => kind === "each");
  if (!independent || a.length < 2) return undefined;
  let bytes = 0;
  const code = measured(a, tape, node, longest, (_measure, k) => ({
    iterations: Infinity,
    ...(keptRows && { kept: measuredRows(k) }),
    room: (aval) => {
      bytes += roomBytes(aval);
      if (bytes > mostBytes) throw new Unfit();
      return roomAt(k, aval, { dtype: "int32" }, 1);
    },
  }));
  if (!code) return undefined;
  const count = countFor(code, a.length);
  const keeps = keepsRows(a.body);
  const inTurn = !keeps && a.length > count && fitsTurns(a);
  return {
    count,
    keeps,
    bytes: bytes * count,
    groups: inTurn ? turnsPerCall : code.repeats ? 1 : groupsPerCall,
    inTurn,
  };
}

/** Can lanes take rows in turn? What rows keep from before their loops until after them must be small. */
function fitsTurns(a: LoopAttributes): boolean {
  const rows = rowLoop(a);
  if (!rows) return false;
  const code = attempt(longest, (_measure, k) => {
    const int: Value = { dtype: "int32" };
    const cell = (aval: Aval): Cell => constantAt(k, aval, { base: int, offset: 0 });
    const types = a.body.inputs.map((id) => a.body.avals[id]!);
    const ports = {
      inputs: () => types.slice(0, 1 + a.xs).map(cell),
      constants: types.slice(1 + a.xs).map(cell),
      write: (_y: number, _row: Value, y: Cell) => copyElements(k, y, () => undefined),
    };
    const room = (aval: Aval): Room => roomAt(k, aval, int, 1);
    rowsInTurn(k, a, rows, ports, { from: int, end: int }, { iterations: Infinity, room });
  });
  return code !== undefined;
}

/** Two vectors of what most of the work is on: one alone waits for itself, and more do not stay in registers. */
function countFor(code: Measure, length: number): number {
  let count = 2 * code.doubles > code.operations ? 4 : 8;
  while (count > length) count /= 2;
  return count;
}

const isNumber = ({ dtype, shape }: Aval): boolean => dtype === "int32" && shape.length === 0;

/** The loop over a batch as loops side by side. */
function planBatch(
  a: LoopAttributes,
  single: SingleLoop,
  tape: Tape,
  node: Node,
  keptRows: boolean,
): LanesPlan | undefined {
  if (single.size < 2 || single.ragged || !registersEnabled()) return undefined;
  const avals = splitInputs(
    a,
    node.ins.map((id) => tape.avals[id]!),
  );
  const own = ownCarries(a, single);
  // Of numbers that all count in common there is a most; sums over the elements have an order.
  if (own.some((is, j) => !is && !isNumber(avals.carries[j]!))) return undefined;
  const code = attempt(longest, (_measure, k) => {
    const base: Value = { dtype: "int32" };
    const cell = (aval: Aval): Cell => constantAt(k, aval, { base, offset: 0 });
    const cells = (list: readonly Aval[], batched: SingleLoop["constants"]): Cell[] =>
      batched.map((is, j) => cell(is === "rows" ? rowsType(list[j]!) : is ? rowType(list[j]!) : list[j]!));
    const rows = avals.xs.map((aval, j) => cell(rowType(single.xs[j] ? rowType(aval) : aval)));
    runLoop(
      k,
      single.loop,
      {
        count: avals.count.length ? { dtype: "int32" } : undefined,
        carries: cells(avals.carries, own),
        rows: () => rows,
        constants: cells(avals.constants, single.constants),
        conditionConstants: cells(avals.conditionConstants, single.conditionConstants),
        put: (_y, row, e, value) => k.store(value.dtype, k.add(row, e), 0, value),
      },
      { iterations: Infinity, ...(keptRows && { kept: measuredRows(k) }) },
    );
  });
  // What a row has of its own is held in registers until its turn is over.
  const held = [
    ...avals.constants.filter((_, j) => single.constants[j]),
    ...avals.conditionConstants.filter((_, j) => single.conditionConstants[j]),
  ];
  const keeps = keepsRows(single.loop.body) || [...node.ins, ...node.outs].some((id) => tape.avals[id]!.dynamic);
  const inTurn =
    !keeps &&
    !own.includes(false) &&
    endsAlone(single) &&
    held.every((aval) => sizeOf(rowType(aval).shape) <= mostElements);
  return code && { count: countFor(code, single.size), bytes: 0, keeps, groups: inTurn ? turnsPerCall : 1, inTurn };
}

/** A loop of independent iterations, several at a time: each is a lane of vectors. */
export function lowerLanes(lowering: Lowering, site: Site, plan: Plan, node: Node, lanes: LanesPlan): void {
  const { k } = site;
  const loop = openLoop(lowering, site, plan, node, false);
  const [doneSlot] = loop.scratch;
  const length = loop.a.single?.size ?? loop.a.length;
  if (loop.a.single) {
    for (const { aval, place } of loop.outs.ys) if (!aval.dynamic) clear(site, aval, place, true);
    for (const { place } of loop.outs.steps) writeAt(site, "int32", place, int(k, 0));
    if (lanes.rows?.kept) openTable(site, places(loop), Math.ceil(length / lanes.count));
  }
  const known = literalsOf(plan.tape);
  const literals = node.ins.map((id) => known.get(id));
  // Neither working memory, nor rows that are kept, nor a count of the most steps is for several threads.
  if (!loop.a.single && lanes.bytes === 0 && !lanes.keeps) {
    const work = workOf(loop, lanes);
    if ((lowering.module.threads ?? 1) > 1) return shareLanes(lowering, site, loop, literals, lanes, work);
    checkAlone(lowering.module, work);
  }
  writeSlot(site, doneSlot!, int(k, 0));
  k.while(
    () => k.less(readSlot(site, doneSlot!), int(k, length)),
    () => {
      lowering.outline(site, "lanes", (inner) => emitGroups(inner, loop, literals, lanes));
    },
  );
}

/** Of the results that have rows. */
const places = ({ outs }: OpenLoop): Place[] => outs.ys.map(({ place }) => place);

function workOf({ a: { length } }: OpenLoop, { count, inTurn, groups }: LanesPlan): Work {
  const unit = inTurn ? count * groups : count;
  return { name: "lanes", length, operations: length * operationsEach, unit, repeatable: true };
}

/** Independent iterations on all threads, a function call for each group. */
function shareLanes(
  lowering: Lowering,
  site: Site,
  loop: OpenLoop,
  literals: Literals,
  { count, inTurn }: LanesPlan,
  work: Work,
): void {
  const { length, unit } = work;
  const group = lowering.module.declare(lowering.nameOf("lanes"), 2);
  lowering.module.define(group, (k, [frame, from]) => {
    const own = lanesFrom({ k, frame: frame!, fixed: false }, from!, count);
    if (!inTurn) return emitGroup(own, loop, literals);
    const end = k.min(k.add(from!, int(k, unit)), int(k, length));
    emitRowsInTurn(own, loop, literals, { from: from!, end });
  });
  const last = inTurn ? length : length - count;
  inTiles(lowering, site, work, ({ k, frame }, part) =>
    k.loop(Math.ceil(part.length / unit), (n) =>
      k.call(group, [frame, k.min(k.add(part.from, k.mul(n, int(k, unit))), int(k, last))]),
    ),
  );
}

function emitGroups(site: Site, loop: OpenLoop, literals: Literals, { count, groups, inTurn, rows }: LanesPlan): void {
  const { k } = site;
  const [doneSlot] = loop.scratch;
  const { single, length } = loop.a;
  const total = single?.size ?? length;
  const begin = readSlot(site, doneSlot!);
  const end = k.variable(k.min(k.add(begin, int(k, groups * count)), int(k, total))).get();
  if (inTurn) {
    const lanes = lanesFrom(site, begin, count);
    if (single) emitLoopsInTurn(lanes, loop, single, literals, { from: begin, end });
    else emitRowsInTurn(lanes, loop, literals, { from: begin, end });
    return writeSlot(site, doneSlot!, end);
  }
  const at = k.variable(begin);
  k.while(
    () => k.less(at.get(), end),
    () => {
      // The last group may compute some rows again.
      const lanes = lanesFrom(site, k.min(at.get(), int(k, total - count)), count);
      if (single) emitLoops(lanes, loop, single, literals, rows);
      else emitGroup(lanes, loop, literals);
      at.set(k.add(at.get(), int(k, count)));
    },
  );
  writeSlot(site, doneSlot!, at.get());
}
