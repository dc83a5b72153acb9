import { byteSize } from "../../dtype";
import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import type { Node, Tape } from "../../tape";
import { addressOf } from "../addressing";
import { type LoopAttributes, type SingleLoop, splitInputs, splitOutputs } from "../control";
import type { Value } from "../emitter";
import type { OpenLoop } from "../loop";
import { countOf } from "../rows";
import { type Cell, constantAt, repeated } from "./cells";
import { evaluateNodes, index, pruned } from "./evaluate";
import type { Folding } from "./folding";
import { knownInt } from "./known";
import { type Group, type Literals, roomsFrom, rowType, storeMost, uniformCells, writePart } from "./lane-group";
import { type Allowance, copyElements, roomFor } from "./places";
import type { Fixed } from "./steps";
import { type Given, inTurns, type Rows } from "./turns";

/** Does each element of the batch loop until a condition of its own fails? */
export const endsAlone = (single: SingleLoop): boolean => single.loop.condition !== undefined && single.loop.xs === 0;

/** The loops of a batch: a lane whose loop has ended takes the next element. */
export function emitLoopsInTurn(
  group: Group,
  { a, given, outs }: OpenLoop,
  single: SingleLoop,
  literals: Literals,
  rows: Rows,
): void {
  const { site, f } = group;
  const known = splitInputs(a, literals);
  const { loop } = single;
  const own: Fixed[] = [];
  const givens = (values: readonly Fixed[], numbers: Literals, batched: SingleLoop["constants"]): Given[] =>
    batched.map((is, j) => {
      const value = values[j]!;
      if (!is) return uniformCells(group, [value], [numbers[j]])[0]!;
      own.push(value);
      return rowType(value.aval);
    });
  const counts = single.count === undefined ? [] : [given.constants[single.count]!];
  const count = givens(
    counts,
    [],
    counts.map(() => true),
  )[0];
  const carries = given.carries.slice(0, loop.carries);
  const types = givens(
    carries,
    known.carries,
    carries.map(() => true),
  ) as Aval[];
  const constants = givens(given.constants, known.constants, single.constants);
  const conditionConstants = givens(given.conditionConstants, known.conditionConstants, single.conditionConstants);
  const [total] = given.count;
  const most = f.variable(knownInt(0));
  const ys = outs.ys.map(({ aval, place }) => {
    const size = sizeOf(aval.shape.slice(2)) * byteSize(aval.dtype);
    return { ...addressOf(site, place), size, step: knownInt(size * single.size) };
  });
  inTurns(
    f,
    {
      loop,
      count: count ?? (total && index(f, countOf(site, total.place, loop.length))),
      carries: types,
      constants,
      conditionConstants,
      kept: [],
      begin: (row) =>
        own.map((value) => {
          const { type, address } = group.partOf(value, row);
          return constantAt(f, type, address);
        }),
      put: (row, y, r, element, value) => {
        const { base, offset, size, step } = ys[y]!;
        const from = f.add(base, f.mul(row, knownInt(size)));
        const to = f.add(f.add(from, f.mul(r, step)), f.mul(element, knownInt(byteSize(value.dtype))));
        f.store(value.dtype, to, offset, value);
      },
      finish: (row, results, steps) => {
        most.set(f.max(most.get(), steps));
        [...results, index(f, steps)]
          .slice(0, outs.carries.length)
          .forEach((cell, j) => writePart(group, cell, group.partOf(outs.carries[j]!, row)));
      },
    },
    rows,
    { iterations: Infinity },
  );
  storeMost(group, outs.steps, most.get());
}

/** A row's work as one loop, with what comes before and after it. */
interface RowLoop {
  readonly inner: Node;
  readonly loop: LoopAttributes;
  /** What is the same for all rows. */
  readonly shared: readonly Node[];
  readonly before: readonly Node[];
  readonly after: readonly Node[];
  /** Values that each row has of its own. */
  readonly own: ReadonlySet<number>;
  /** Those that come before the loop and are asked for after it. */
  readonly kept: readonly number[];
}

const loopOf = ({ op, attributes }: Node): LoopAttributes | undefined =>
  op.control === "loop" ? (attributes as unknown as LoopAttributes) : undefined;

/** How a row's work is one loop that ends by a condition; undefined if it is not. */
export function rowLoop(a: LoopAttributes): RowLoop | undefined {
  const tape = pruned(a.body);
  const loops = tape.nodes.filter((node) => loopOf(node)?.condition);
  const [inner] = loops;
  const loop = inner && loopOf(inner);
  if (!loop || loops.length > 1 || loop.xs > 0 || loop.single) return undefined;
  const inputs = tape.inputs.slice(0, 1 + a.xs);
  const own = new Set(inputs);
  for (const { ins, outs } of tape.nodes) if (ins.some((id) => own.has(id))) outs.forEach((id) => own.add(id));
  if (!own.has(inner.outs[0]!)) return undefined;
  const needed = new Set(inner.ins);
  for (const { ins, outs } of [...tape.nodes].reverse())
    if (outs.some((id) => needed.has(id))) ins.forEach((id) => needed.add(id));
  const shared = tape.nodes.filter(({ outs }) => !own.has(outs[0]!));
  const mine = tape.nodes.filter((node) => node !== inner && own.has(node.outs[0]!));
  const before = mine.filter(({ outs }) => outs.some((id) => needed.has(id)));
  const after = mine.filter((node) => !before.includes(node));
  const late = new Set([...after.flatMap(({ ins }) => ins), ...tape.outputs]);
  const kept = before.flatMap(({ outs }) => outs.filter((id) => late.has(id)));
  return { inner, loop, shared, before, after, own, kept };
}

/** What the rows read and write. */
export interface RowPorts {
  /** The number of the row and its parts of the xs. */
  readonly inputs: (row: Value) => readonly Cell[];
  readonly constants: readonly Cell[];
  readonly write: (y: number, row: Value, cell: Cell) => void;
}

/** Rows of which each is a loop: a lane whose loop has ended takes the next. @throws Unfit */
export function rowsInTurn(
  k: Folding,
  a: LoopAttributes,
  { inner, loop, shared, before, after, own, kept }: RowLoop,
  ports: RowPorts,
  rows: Rows,
  allow: Allowance,
): void {
  const tape: Tape = pruned(a.body);
  const cells = new Array<Cell>(tape.avals.length);
  const enter = (ids: readonly number[], values: readonly Cell[]): void =>
    ids.forEach((id, j) => (cells[id] = values[j]!));
  for (const { id, value } of tape.literals) cells[id] = repeated(tape.avals[id]!, value);
  const inputs = tape.inputs.slice(0, 1 + a.xs);
  enter(tape.inputs.slice(inputs.length), ports.constants);
  evaluateNodes(k, tape, shared, cells, allow);
  const given = splitInputs(loop, inner.ins);
  const outs = splitOutputs(loop, inner.outs, "loop");
  const rooms = outs.ys.map((id) => roomFor(tape.avals[id]!, allow));
  const typeOf = (id: number): Aval => tape.avals[id]!;
  const givens = (ids: readonly number[]): Given[] => ids.map((id) => (own.has(id) ? typeOf(id) : cells[id]!));
  const mine = (ids: readonly number[]): number[] => ids.filter((id) => own.has(id));
  const begun = [
    ...mine(given.count),
    ...given.carries,
    ...mine(given.constants),
    ...mine(given.conditionConstants),
    ...kept,
  ];
  inTurns(
    k,
    {
      loop,
      count: givens(given.count)[0],
      carries: given.carries.map(typeOf),
      constants: givens(given.constants),
      conditionConstants: givens(given.conditionConstants),
      kept: kept.map(typeOf),
      begin: (row) => {
        enter(inputs, ports.inputs(row));
        evaluateNodes(k, tape, before, cells, allow);
        for (const room of rooms) copyElements(k, repeated(room.aval, 0), room.store);
        return begun.map((id) => cells[id]!);
      },
      put: (_row, y, r, element, value) => {
        const { aval, store } = rooms[y]!;
        store(k.add(k.mul(r, knownInt(sizeOf(aval.shape.slice(1)))), element), value);
      },
      finish: (row, carries, steps, values) => {
        enter(inputs, ports.inputs(row));
        enter(kept, values);
        enter(outs.carries, carries);
        enter(outs.ys, rooms);
        enter(outs.steps, [index(k, steps)]);
        evaluateNodes(k, tape, after, cells, allow);
        tape.outputs.forEach((id, y) => ports.write(y, row, cells[id]!));
      },
    },
    rows,
    allow,
  );
}

/** Independent iterations of which each is a loop. */
export function emitRowsInTurn(
  group: Group,
  { a, given, outs, scratch }: OpenLoop,
  literals: Literals,
  rows: Rows,
): void {
  const { f, partOf } = group;
  const ports: RowPorts = {
    inputs: (row) => [
      index(f, row),
      ...given.xs.map((x) => {
        const { type, address } = partOf(x, row);
        return constantAt(f, type, address);
      }),
    ],
    constants: uniformCells(group, given.constants, literals.slice(given.xs.length)),
    write: (y, row, cell) => writePart(group, cell, partOf(outs.ys[y]!, row)),
  };
  const room = roomsFrom(group, scratch[1]!);
  rowsInTurn(f, a, rowLoop(a)!, ports, rows, { iterations: Infinity, room });
}
