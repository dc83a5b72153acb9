import { copyOfAttribute, keyOfAttribute, keyOfAval, keyOfTape, sameAttribute, sameType } from "./key";
import { doNotMix } from "./move";
import type { Attributes, Aval, Primitive } from "./primitive";
import { Tape } from "./tape";
import { defaultTarget } from "./targets/default";
import type { Program, Storage, Target } from "./targets/target";
import { Tensor } from "./tensor";

/**
 * Performs an operation: records it on the innermost open tape among its inputs', or runs it at once when all of them are concrete.
 */
export function bind(op: Primitive, ins: readonly Tensor[], attributes: Attributes = {}): Tensor[] {
  const tape = innermost(ins);
  return tape ? tape.record(op, ins, attributes) : evaluate(op, ins, attributes);
}

/** The latest of the tapes that values are recorded on. */
export function innermost(values: readonly Tensor[]): Tape | undefined {
  let tape: Tape | undefined;
  for (const x of values) if (x.tape && (!tape || x.tape.serial > tape.serial)) tape = x.tape;
  return tape;
}

/** Runs one operation on concrete tensors: a program of one node, found in the target's cache by its exact structure. */
export function evaluate(op: Primitive, ins: readonly Tensor[], attributes: Attributes): Tensor[] {
  return evaluateOn(op, ins, attributes, plain);
}

/** What is done with the inputs of an operation before it, in the same program. A function of the inputs' types alone. */
export interface Preparation {
  readonly name: string;
  readonly prepare: (tape: Tape, ins: readonly Tensor[]) => readonly Tensor[];
}

const plain: Preparation = { name: "", prepare: (_tape, ins) => ins };

/** Like {@link evaluate}, for inputs that are prepared first. */
export function evaluateOn(
  op: Primitive,
  ins: readonly Tensor[],
  attributes: Attributes,
  preparation: Preparation,
): Tensor[] {
  const target = targetOf(op.name, ins);
  const { name } = preparation;
  const { program, outs } =
    findCase(target, op, ins, attributes, name) ?? makeCase(target, op, ins, attributes, preparation);
  if (op.alias) return [ins[0]!.alias(outs[0]!)];
  return results(program, ins, outs, target);
}

/** An operation with attributes and types of inputs that has a program. */
interface Case {
  readonly preparation: string;
  readonly attributes: Attributes;
  readonly ins: readonly Aval[];
  readonly outs: readonly Aval[];
  readonly program: Program;
}

/** Latest cases by operation: found by comparing, in a tenth of the time that it takes to write the key of the target's cache. */
interface Cases {
  readonly byOp: Map<Primitive, Case[]>;
  /** What the target's cache had forgotten by then. */
  forgotten: number;
}

const casesOf = new WeakMap<Target, Cases>();
let latest: { readonly target: Target; readonly cases: Cases } | undefined;
/** Cases kept for one operation. */
const kept = 8;

function recentCases(target: Target): Map<Primitive, Case[]> {
  if (latest?.target !== target) {
    let cases = casesOf.get(target);
    if (!cases) casesOf.set(target, (cases = { byOp: new Map(), forgotten: 0 }));
    latest = { target, cases };
  }
  const { cases } = latest;
  if (cases.forgotten !== target.programs.forgotten) {
    cases.byOp.clear();
    cases.forgotten = target.programs.forgotten;
  }
  return cases.byOp;
}

function findCase(
  target: Target,
  op: Primitive,
  ins: readonly Tensor[],
  attributes: Attributes,
  preparation: string,
): Case | undefined {
  const cases = recentCases(target).get(op);
  if (!cases) return undefined;
  for (let n = 0; n < cases.length; n++) {
    const found = cases[n]!;
    const fits =
      found.preparation === preparation &&
      sameTypes(found.ins, ins) &&
      (found.attributes === attributes || sameAttribute(found.attributes, attributes));
    if (!fits) continue;
    if (n > 0) {
      cases[n] = cases[n - 1]!;
      cases[n - 1] = found;
    }
    return found;
  }
  return undefined;
}

function makeCase(
  target: Target,
  op: Primitive,
  ins: readonly Tensor[],
  attributes: Attributes,
  { name, prepare }: Preparation,
): Case {
  let key = `${name}/${op.name}${keyOfAttribute(attributes)}`;
  for (const x of ins) key += keyOfAval(x);
  const tape = new Tape(op.name, { target });
  const inputs = ins.map((x) => tape.input(x.aval));
  const values = tape.record(op, prepare(tape, inputs), attributes);
  tape.seal(values);
  const program = target.programs.get(key, () => target.program(tape));
  const outs = values.map((x) => frozenAval(x.aval));
  const copy = copyOfAttribute(attributes);
  const made: Case = {
    preparation: name,
    attributes: (copy ?? attributes) as Attributes,
    ins: ins.map(frozenAval),
    outs,
    program,
  };
  if (copy === undefined) return made;
  const byOp = recentCases(target);
  const cases = byOp.get(op) ?? [];
  cases.unshift(made);
  if (cases.length > kept) cases.pop();
  byOp.set(op, cases);
  return made;
}

/** A copy that nobody changes; results share it. */
const frozenAval = ({ dtype, shape, weak = false, dynamic = false }: Aval): Aval =>
  Object.freeze({ dtype, shape: Object.freeze([...shape]), weak, dynamic });

function sameTypes(avals: readonly Aval[], ins: readonly Tensor[]): boolean {
  if (avals.length !== ins.length) return false;
  for (let k = 0; k < avals.length; k++) if (!sameType(avals[k]!, ins[k]!)) return false;
  return true;
}

/** Runs a sealed tape on concrete tensors, one for each of its inputs. */
export function runTape(tape: Tape, ins: readonly Tensor[]): Tensor[] {
  const target = targetOf(tape.where, ins);
  const program = target.programs.get(keyOfTape(tape), () => target.program(tape));
  return results(
    program,
    ins,
    tape.outputs.map((id) => tape.avals[id]!),
    target,
  );
}

/** The results of a tape for given inputs: run at once if all are concrete, else recorded node by node. */
export function applyTape(tape: Tape, ins: readonly Tensor[]): Tensor[] {
  const outer = innermost(ins);
  return outer ? inlineTape(tape, ins, outer) : runTape(tape, ins);
}

/** Records a tape's nodes on another, open one. */
export function inlineTape(tape: Tape, ins: readonly Tensor[], outer: Tape): Tensor[] {
  const values = new Array<Tensor>(tape.avals.length);
  tape.inputs.forEach((id, k) => (values[id] = ins[k]!));
  for (const { id, value } of tape.literals)
    values[id] = outer.literal(value, tape.avals[id]!.dtype, tape.avals[id]!.weak);
  const asTraced = tape.inputs.every((id, k) => sameType(tape.avals[id]!, ins[k]!));
  for (const node of tape.nodes) {
    const given = node.ins.map((id) => values[id]!);
    const outs = asTraced ? outer.repeat(node, given, tape) : outer.record(node.op, given, node.attributes);
    node.outs.forEach((id, k) => (values[id] = outs[k]!));
  }
  return tape.outputs.map((id) => values[id]!);
}

function targetOf(where: string, ins: readonly Tensor[]): Target {
  const target = ins.length ? ins[0]!.target : defaultTarget();
  for (let k = 0; k < ins.length; k++) {
    const x = ins[k]!;
    x.checkUsable(where);
    if (x.target !== target) throw doNotMix(where, ins[0]!, x);
  }
  return target;
}

function results(program: Program, ins: readonly Tensor[], avals: readonly Aval[], target: Target): Tensor[] {
  const given = new Array<Storage>(ins.length);
  for (let k = 0; k < ins.length; k++) given[k] = ins[k]!.storage;
  const storages = program.run(given);
  const tensors = new Array<Tensor>(avals.length);
  for (let k = 0; k < avals.length; k++) tensors[k] = Tensor.concrete(storages[k], avals[k]!, target);
  return tensors;
}
