import { invariant } from "../../errors";
import { prune } from "../../passes/prune";
import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import { type Node, Tape } from "../../tape";
import { type CallAttributes, type CondAttributes, type LoopAttributes, splitInputs, splitOutputs } from "../control";
import type { Memory, Value } from "../emitter";
import { remembered } from "../remembered";
import { type Cell, elementsOf, held, operandOf, registers, repeated } from "./cells";
import type { Folding } from "./folding";
import { knownInt, knownOf } from "./known";
import { Unfit } from "./measure";
import { type Allowance, copyElements, keepingFor, memoryOf, mostElements, place, roomFor } from "./places";

/** Inner loops of so many iterations are written out. */
const longestUnrolled = 4;

/** The tape without dead code; remembered, as it is walked when code is measured and again when it is emitted. */
export const pruned: (tape: Tape) => Tape = remembered(prune);

/** Writes a tape as code without memory: every element of every value is a value of the code. @throws Unfit */
export function evaluate(k: Folding, source: Tape, inputs: readonly Cell[], allow: Allowance): Cell[] {
  const tape = pruned(source);
  const cells = new Array<Cell>(tape.avals.length);
  tape.inputs.forEach((id, j) => (cells[id] = inputs[j]!));
  for (const { id, value } of tape.literals) cells[id] = repeated(tape.avals[id]!, value);
  evaluateNodes(k, tape, tape.nodes, cells, allow);
  return tape.outputs.map((id) => cells[id]!);
}

/** Some nodes of a tape: reads and writes the cells of its values. */
export function evaluateNodes(k: Folding, tape: Tape, nodes: readonly Node[], cells: Cell[], allow: Allowance): void {
  for (const node of nodes) {
    const ins = node.ins.map((id) => cells[id]!);
    const outs = evaluateNode(
      k,
      node,
      ins,
      node.outs.map((id) => tape.avals[id]!),
      allow,
    );
    node.outs.forEach((id, j) => (cells[id] = outs[j]!));
  }
}

function evaluateNode(k: Folding, node: Node, ins: readonly Cell[], outs: readonly Aval[], allow: Allowance): Cell[] {
  const { op, attributes } = node;
  if (op.control !== "loop" && op.control !== "call" && outs.some((x) => x.dynamic)) throw new Unfit();
  if (op.alias) return [{ aval: outs[0]!, read: (position) => ins[0]!.read(position) }];
  if (op.element || op.kernel) {
    const results = op.element
      ? [evaluateElements(k, node, ins, outs[0]!, allow)]
      : evaluateKernel(k, node, ins, outs, allow);
    if (op.fusion !== "view") allow.written?.(sizeOf(outs[0]!.shape));
    return results;
  }
  if (op.control === "call") return evaluate(k, (attributes as CallAttributes).tape, ins, allow);
  if (op.control === "cond") return evaluateCond(k, attributes as CondAttributes, ins, outs, allow);
  if (op.control === "loop") return evaluateLoop(k, attributes as unknown as LoopAttributes, ins, outs, allow);
  return invariant(false, `${op.name} has no rule that computes it`) as never;
}

function evaluateElements(
  k: Folding,
  { op, attributes }: Node,
  ins: readonly Cell[],
  out: Aval,
  allow: Allowance,
): Cell {
  const operands = ins.map(operandOf);
  const element = (position: Value): Value =>
    k.closed(() => op.element!(k, operands, k.flatIndex(out.shape, position), attributes));
  const size = sizeOf(out.shape);
  if (size > mostElements) {
    // A view of something large is read where it is.
    if (op.fusion === "view") return { aval: out, read: element };
    const room = roomFor(out, allow);
    k.loop(size, (i) => room.store(i, element(i)));
    return room;
  }
  return registers(
    k,
    out,
    Array.from({ length: size }, (_, n) => element(knownInt(n))),
  );
}

function evaluateKernel(
  k: Folding,
  { op, attributes }: Node,
  ins: readonly Cell[],
  outs: readonly Aval[],
  allow: Allowance,
): Cell[] {
  const types = ins.map(({ aval }) => aval);
  return k.closed(() => {
    const results = outs.map((aval) => place(k, aval, allow));
    const scratch = (op.kernel!.scratch?.(types, attributes) ?? []).map((aval) => place(k, aval, allow));
    op.kernel!.run(
      k,
      ins.map((cell): Memory => ({
        ...cell.aval,
        load: (position) => cell.read(position),
        store: () => invariant(false, `${op.name} writes to its input`),
      })),
      results.map(memoryOf),
      scratch.map(memoryOf),
      attributes,
    );
    return results.map((result) => result.settled());
  });
}

function evaluateCond(
  k: Folding,
  { onTrue, onFalse }: CondAttributes,
  [predicate, ...operands]: readonly Cell[],
  outs: readonly Aval[],
  allow: Allowance,
): Cell[] {
  const condition = predicate!.read(knownInt(0));
  const known = knownOf(condition);
  if (known !== undefined) return evaluate(k, known ? onTrue : onFalse, operands, allow);
  return k.closed(() => {
    const results = outs.map((aval) => place(k, aval, allow));
    const branch = (tape: Tape) => (): void =>
      evaluate(k, tape, operands, allow).forEach((cell, j) => copyElements(k, cell, results[j]!.store));
    k.if(condition, branch(onTrue), branch(onFalse));
    return results.map((result) => result.settled());
  });
}

/** Does every iteration hand on this carry as it was? */
export function isKept(a: LoopAttributes, carry: number): boolean {
  const body = pruned(a.body);
  return body.outputs[carry] === body.inputs[1 + carry];
}

/** Do loops within a tape keep rows of which only the numbers say how many there are? */
export const keepsRows: (tape: Tape) => boolean = remembered((source) => {
  const { nodes, avals } = pruned(source);
  return nodes.some(
    ({ outs, attributes }) =>
      outs.some((id) => avals[id]!.dynamic) ||
      Object.values(attributes).some((held) => held instanceof Tape && keepsRows(held)),
  );
});

/** A loop within the code. Its rows have no place but where they are few and the loop is written out. */
function evaluateLoop(
  k: Folding,
  a: LoopAttributes,
  ins: readonly Cell[],
  outs: readonly Aval[],
  allow: Allowance,
): Cell[] {
  const given = splitInputs(a, ins);
  const types = splitOutputs(a, outs, "loop");
  const few = types.ys.every(({ shape }) => sizeOf(shape) <= mostElements);
  if (a.length <= longestUnrolled && !a.condition && !a.counted && !a.ys.includes("row") && few)
    return unrolled(k, a, ins, types.ys, allow);
  const keeps = types.ys.some((aval) => aval.dynamic);
  if (a.length > allow.iterations || (keeps && a.reverse)) throw new Unfit();
  const keeping = keeps ? keepingFor(types.ys, allow) : undefined;
  const rooms = types.ys.map((aval) => (aval.dynamic ? undefined : roomFor(aval, allow)));
  for (const room of rooms) if (room) copyElements(k, repeated(room.aval, 0), room.store);
  const { carries, steps } = runLoop(
    k,
    a,
    {
      ...given,
      count: given.count[0]?.read(knownInt(0)),
      rows: (i) => given.xs.map((x) => rowOf(k, x, i)),
      put: (y, row, element, value) => {
        const room = rooms[y];
        if (!room) return keeping!.put(y, row, element, value);
        room.store(k.add(k.mul(row, knownInt(sizeOf(room.aval.shape.slice(1)))), element), value);
      },
      ...(keeping && { apart: true, begin: keeping.hold }),
    },
    allow,
  );
  const ys = rooms.map((room, y) => room ?? keeping!.cells[y]!);
  return [...carries, ...ys, ...types.steps.map((aval) => registers(k, aval, [steps]))];
}

/** What a loop within the code reads and writes. */
export interface LoopPorts {
  readonly count: Value | undefined;
  readonly carries: readonly Cell[];
  /** The rows of the xs that an iteration reads. */
  readonly rows: (i: Value) => Cell[];
  readonly constants: readonly Cell[];
  readonly conditionConstants: readonly Cell[];
  /** Writes an element of a row of result y. */
  readonly put: (y: number, row: Value, element: Value, value: Value) => void;
  /** Each lane has room of its own for the row of every iteration, so that those that have ended may write there, too. */
  readonly apart?: boolean;
  /** What comes before an iteration. */
  readonly begin?: (i: Value) => void;
}

/** Runs a loop within the code: its carries are variables. Gives the last ones and, of a loop with a condition, the number of iterations. */
export function runLoop(
  k: Folding,
  a: LoopAttributes,
  ports: LoopPorts,
  allow: Allowance,
): { carries: Cell[]; steps: Value } {
  if (ports.carries.some(({ aval }) => sizeOf(aval.shape) > mostElements)) throw new Unfit();
  return k.closed(() => {
    const [none, one] = [knownInt(0), knownInt(1)];
    const bound = ports.count ? k.max(k.min(ports.count, knownInt(a.length)), none) : knownInt(a.length);
    // Lanes that go back over fewer rows begin later than others, so that all read rows of the same number.
    const last = a.reverse && !a.condition ? k.most(bound) : bound;
    const done = k.counter(none);
    const steps = a.condition && k.variable(none);
    const slots = ports.carries.map((cell, j) =>
      isKept(a, j) ? undefined : elementsOf(cell).map((x) => k.variable(x)),
    );
    const read = (): Cell[] =>
      ports.carries.map((cell, j) => {
        const variables = slots[j];
        return variables ? held(k, cell.aval, variables) : cell;
      });
    let now: Cell[] = [];
    let step: Value = none;
    let counted: Value = none;
    let i: Value = none;
    k.repeat(
      () => {
        [step, now, counted] = [done.get(), read(), steps?.get() ?? none];
        i = a.reverse ? k.sub(k.sub(last, step), one) : step;
        const within = last === bound ? k.less(step, bound) : k.and(k.lessEqual(none, i), k.less(i, bound));
        return goesOn(k, a, ports.conditionConstants, now, within, allow);
      },
      () => {
        ports.begin?.(i);
        const run = (): readonly Cell[] => iteration(k, a, ports, i, now, allow);
        const next = allow.kept && keepsRows(a.body) ? allow.kept.within(run) : run();
        const values = slots.map((list, j) => list && elementsOf(next[j]!));
        const after = k.add(step, one);
        k.assign([
          ...slots.flatMap((list, j) =>
            (list ?? []).map((variable, n) => ({ variable, next: values[j]![n]!, before: now[j]!.read(knownInt(n)) })),
          ),
          ...(steps ? [{ variable: steps, next: after, before: counted }] : []),
        ]);
        done.set(after);
      },
    );
    return { carries: read(), steps: steps?.get() ?? bound };
  });
}

/** Is there another iteration? */
export function goesOn(
  k: Folding,
  a: LoopAttributes,
  constants: readonly Cell[],
  now: readonly Cell[],
  within: Value,
  allow: Allowance,
): Value {
  if (!a.condition) return within;
  const [answer] = evaluate(k, a.condition, [...now, ...constants], allow);
  return k.and(within, answer!.read(knownInt(0)));
}

/** One iteration: puts its rows where they belong and gives the next carries. */
export function iteration(
  k: Folding,
  a: LoopAttributes,
  ports: Pick<LoopPorts, "rows" | "constants" | "put" | "apart">,
  i: Value,
  now: readonly Cell[],
  allow: Allowance,
): readonly Cell[] {
  const next = evaluate(k, a.body, [index(k, i), ...now, ...ports.rows(i), ...ports.constants], allow);
  const { carries, row, ys } = splitOutputs(a, next, "body");
  const goes = k.meant(k.literal("bool", 1));
  ys.forEach((y, j) => {
    if (a.ys[j] === "row") putRow(k, a, y, row[0]!, (...at) => ports.put(j, ...at));
    else if (ports.apart) copyElements(k, y, (e, x) => ports.put(j, i, e, k.select(goes, x, k.literal(x.dtype, 0))));
    else k.if(goes, () => copyElements(k, y, (e, x) => ports.put(j, i, e, x)));
  });
  return carries;
}

/** Writes a row where the body wants it. */
function putRow(
  k: Folding,
  a: LoopAttributes,
  y: Cell,
  row: Cell,
  put: (row: Value, element: Value, value: Value) => void,
): void {
  const count = Math.max(a.lanes, 1);
  const part = sizeOf(y.aval.shape) / count;
  for (let lane = 0; lane < count; lane++) {
    const wanted = row.read(knownInt(lane));
    const fits = k.and(k.lessEqual(knownInt(0), wanted), k.less(wanted, knownInt(a.rows)));
    k.if(k.meant(fits), () =>
      k.loop(part, (e) => {
        const element = k.add(e, knownInt(lane * part));
        put(wanted, element, y.read(element));
      }),
    );
  }
}

function unrolled(k: Folding, a: LoopAttributes, ins: readonly Cell[], ys: readonly Aval[], allow: Allowance): Cell[] {
  const given = splitInputs(a, ins);
  let carries = given.carries;
  const rows: Value[][][] = ys.map(() => []);
  for (let n = 0; n < a.length; n++) {
    const i = knownInt(a.reverse ? a.length - 1 - n : n);
    const now = given.xs.map((x) => rowOf(k, x, i));
    const results = splitOutputs(
      a,
      evaluate(k, a.body, [index(k, i), ...carries, ...now, ...given.constants], allow),
      "body",
    );
    carries = results.carries;
    results.ys.forEach((y, j) => (rows[j]![i.number] = elementsOf(y)));
  }
  return [...carries, ...ys.map((aval, j) => registers(k, aval, rows[j]!.flat()))];
}

export const index = (k: Folding, i: Value): Cell => registers(k, { dtype: "int32", shape: [] }, [i]);

/** Row i of a cell. */
function rowOf(k: Folding, { aval, read, row }: Cell, i: Value): Cell {
  if (row) return row(i);
  const shape = aval.shape.slice(1);
  const from = k.mul(i, knownInt(sizeOf(shape)));
  return { aval: { dtype: aval.dtype, shape }, read: (position) => read(k.add(from, position)) };
}
