import { allocate, type TypedArray } from "../../dtype";
import { invariant } from "../../errors";
import type { Index, Memory, Operand } from "../../lower/emitter";
import type { Attributes, Aval } from "../../primitive";
import {
  type CallAttributes,
  type CondAttributes,
  hasRow,
  isDynamic,
  type LoopAttributes,
  splitInputs,
  splitOutputs,
} from "../../lower/control";
import { sizeOf } from "../../shape";
import type { Node, Tape } from "../../tape";
import { JsEmitter } from "./emit";

type Values = readonly TypedArray[];

/** Runs a tape: values of its inputs to those of its outputs. Arrays may be shared between values; nothing writes to them. */
export type Runner = (inputs: Values) => TypedArray[];

/**
 * The oracle: node after node, element after element, loops as loops of the host. No fusion, no reuse of memory, no code generation,
 * so that what it computes is what the tape says.
 */
export function interpreter(tape: Tape): Runner {
  const steps = tape.nodes.map((node) => ({ node, run: runnerOf(node, tape) }));
  const literals = tape.literals.map(({ id, value }) => ({ id, array: filled(tape.avals[id]!, value) }));
  return (inputs) => {
    const values = new Array<TypedArray>(tape.avals.length);
    tape.inputs.forEach((id, k) => (values[id] = inputs[k]!));
    for (const { id, array } of literals) values[id] = array;
    for (const { node, run } of steps) {
      const outs = run(node.ins.map((id) => values[id]!));
      node.outs.forEach((id, k) => (values[id] = outs[k]!));
    }
    return tape.outputs.map((id) => values[id]!);
  };
}

function filled(aval: Aval, value: number): TypedArray {
  return allocate(aval.dtype, sizeOf(aval.shape)).fill(value);
}

function runnerOf(node: Node, tape: Tape): Runner {
  const { op, attributes } = node;
  const ins = node.ins.map((id) => tape.avals[id]!);
  const outs = node.outs.map((id) => tape.avals[id]!);
  if (op.alias) return (given) => [given[0]!];
  if (op.element) return elementRunner(node, ins, outs[0]!);
  if (op.kernel) return kernelRunner(node, ins, outs);
  if (op.control === "loop") return loopRunner(attributes as unknown as LoopAttributes, outs);
  if (op.control === "cond") return condRunner(attributes as CondAttributes);
  if (op.control === "call") return interpreter((attributes as CallAttributes).tape);
  return invariant(false, `${op.name} has no rule that computes it`) as never;
}

function elementRunner({ op, attributes }: Node, ins: readonly Aval[], out: Aval): Runner {
  const k = new JsEmitter();
  let current: Values = [];
  let result: TypedArray = allocate(out.dtype, 0);
  const memories = ins.map((aval, j) => k.memory(aval, () => current[j]!));
  const operands = memories.map((memory): Operand => ({ ...memory, at: (index: Index) => memory.load(index.flat()) }));
  const flat = k.parameter("int32");
  const index = k.flatIndex(out.shape, flat);
  k.memory(out, () => result).store(flat, op.element!(k, operands, index, attributes));
  const row = sizeOf(out.shape.slice(1));
  const boundedBy = out.dynamic ? ins.findIndex((x) => x.dynamic) : -1;
  return (given) => {
    current = given;
    // A dynamic value has as many rows as the array that holds it.
    const size = boundedBy < 0 ? sizeOf(out.shape) : given[boundedBy]!.length;
    invariant(boundedBy < 0 || row === 0 || size % row === 0, "a dynamic value holds whole rows");
    result = allocate(out.dtype, size);
    for (let i = 0; i < size; i++) k.run([i]);
    return [result];
  };
}

function kernelRunner({ op, attributes }: Node, ins: readonly Aval[], outs: readonly Aval[]): Runner {
  const k = new JsEmitter();
  const scratchTypes = op.kernel!.scratch?.(ins, attributes) ?? [];
  let current: Values = [];
  let results: TypedArray[] = [];
  let scratch: TypedArray[] = [];
  const memories = (types: readonly Aval[], arrays: () => Values): Memory[] =>
    types.map((aval, j) => k.memory(aval, () => arrays()[j]!));
  op.kernel!.run(
    k,
    memories(ins, () => current),
    memories(outs, () => results),
    memories(scratchTypes, () => scratch),
    attributes,
  );
  const make = (types: readonly Aval[]): TypedArray[] => types.map((aval) => allocate(aval.dtype, sizeOf(aval.shape)));
  return (given) => {
    current = given;
    results = make(outs);
    scratch = make(scratchTypes);
    k.run();
    return results;
  };
}

function condRunner({ onTrue, onFalse }: Attributes & CondAttributes): Runner {
  const [yes, no] = [interpreter(onTrue), interpreter(onFalse)];
  return ([predicate, ...operands]) => (predicate![0] ? yes(operands) : no(operands));
}

function loopRunner(a: LoopAttributes, outs: readonly Aval[]): Runner {
  const body = interpreter(a.body);
  const condition = a.condition && interpreter(a.condition);
  const { ys: yTypes } = splitOutputs(a, outs, "loop");
  return (ins) => {
    const given = splitInputs(a, ins);
    let carries: Values = given.carries;
    const bound = a.counted ? Math.min(given.count[0]![0]!, a.length) : a.length;
    const rowSizes = given.xs.map((_, j) => sizeOf(a.body.avals[a.body.inputs[1 + a.carries + j]!]!.shape));
    const ySizes = yTypes.map((aval) => sizeOf(aval.shape.slice(1)));
    const ys = yTypes.map((aval, k) =>
      a.ys[k] === "each" && isDynamic(a) ? undefined : allocate(aval.dtype, sizeOf(aval.shape)),
    );
    const grown: (TypedArray[] | undefined)[] = ys.map((y) => (y ? undefined : []));
    let steps = 0;
    while (steps < bound && (!condition || condition([...carries, ...given.conditionConstants])[0]![0])) {
      const i = a.reverse ? bound - 1 - steps : steps;
      const rows = given.xs.map((x, j) => x.subarray(i * rowSizes[j]!, (i + 1) * rowSizes[j]!));
      const results = splitOutputs(a, body([Int32Array.of(i), ...carries, ...rows, ...given.constants]), "body");
      carries = results.carries;
      results.ys.forEach((y, k) => {
        if (grown[k]) grown[k][i] = y;
        else if (a.ys[k] === "each") ys[k]!.set(y, i * ySizes[k]!);
        else storeRow(ys[k]!, y, results.row[0]!, ySizes[k]!);
      });
      steps++;
    }
    const stored = ys.map((y, k) => y ?? joined(grown[k]!, ySizes[k]!, yTypes[k]!));
    invariant(hasRow(a) || !a.rows, "rows without a row output");
    return [...carries, ...stored, ...(condition ? [Int32Array.of(steps)] : [])];
  };
}

/** Writes each lane's part of a row where the lane wants it. */
function storeRow(target: TypedArray, y: TypedArray, row: TypedArray, rowSize: number): void {
  const laneSize = rowSize / row.length;
  row.forEach((at, lane) => {
    if (at >= 0 && (at + 1) * rowSize <= target.length)
      target.set(y.subarray(lane * laneSize, (lane + 1) * laneSize), at * rowSize + lane * laneSize);
  });
}

function joined(rows: readonly TypedArray[], rowSize: number, aval: Aval): TypedArray {
  const all = allocate(aval.dtype, rows.length * rowSize);
  rows.forEach((row, i) => all.set(row, i * rowSize));
  return all;
}
