import type { Composite } from "./composite";
import { copyOfAttribute, keyOfAttribute, keyOfAval, keyOfTape, sameAttribute, sameType } from "./key";
import { invariant } from "./errors";
import { withinRule } from "./literals";
import { doNotMix } from "./move";
import type { Attribute, Attributes, Aval, Primitive } from "./primitive";
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

/** Runs an operation, or a function of several, on concrete tensors: a program of its own, found by its attributes and the inputs' types. */
export function evaluate(op: Primitive | Composite, ins: readonly Tensor[], attributes: Attribute): Tensor[] {
  const target = targetOf(op.name, ins);
  return results(findCase(target, op, ins, attributes) ?? makeCase(target, op, ins, attributes), ins, target);
}

/** What computes results of certain types. */
interface Computed {
  readonly outs: readonly Aval[];
  /** For each result the number of the input that has its elements in their order: it shares the input's memory. Undefined for others. */
  readonly views: readonly (number | undefined)[];
  /** Gives the others, if there are any. */
  readonly program: Program | undefined;
}

/** An operation with attributes and types of inputs that has a program. */
interface Case extends Computed {
  readonly attributes: Attribute;
  readonly ins: readonly Aval[];
}

/** Latest cases by operation: found by comparing, in a tenth of the time that it takes to write the key of the target's cache. */
interface Cases {
  readonly byOp: Map<Primitive | Composite, Case[]>;
  /** What the target's cache had forgotten by then. */
  forgotten: number;
}

const casesOf = new WeakMap<Target, Cases>();
let latest: { readonly target: Target; readonly cases: Cases } | undefined;
/** Cases kept for one operation. */
const kept = 32;

function recentCases(target: Target): Cases["byOp"] {
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
  op: Primitive | Composite,
  ins: readonly Tensor[],
  attributes: Attribute,
): Case | undefined {
  const cases = recentCases(target).get(op);
  if (!cases) return undefined;
  for (let n = 0; n < cases.length; n++) {
    const found = cases[n]!;
    if (!sameTypes(found.ins, ins) || !sameAttribute(found.attributes, attributes)) continue;
    if (n > 0) {
      cases[n] = cases[n - 1]!;
      cases[n - 1] = found;
    }
    return found;
  }
  return undefined;
}

function makeCase(target: Target, op: Primitive | Composite, ins: readonly Tensor[], attributes: Attribute): Case {
  const tape = new Tape(op.name, { target });
  const inputs = ins.map((x) => tape.input(x.aval));
  const values = record(tape, op, inputs, attributes);
  invariant(tape.captured.length === 0, "an operation depends on nothing but its inputs");
  const views = viewsOf(tape, values);
  const computed = values.filter((_, k) => views[k] === undefined);
  tape.seal(computed);
  // Attributes of operations are records, those of functions lists: no two have one key.
  const key = (): string => `${op.name}${keyOfAttribute(attributes)}${ins.map(keyOfAval).join("")}`;
  const copy = copyOfAttribute(attributes);
  const made: Case = {
    attributes: copy ?? attributes,
    ins: ins.map(frozenAval),
    outs: values.map((x) => frozenAval(x.aval)),
    views,
    program: computed.length > 0 ? target.programs.get(key(), () => target.program(tape)) : undefined,
  };
  if (copy === undefined) return made;
  const byOp = recentCases(target);
  const cases = byOp.get(op) ?? [];
  cases.unshift(made);
  if (cases.length > kept) cases.pop();
  byOp.set(op, cases);
  return made;
}

function record(
  tape: Tape,
  op: Primitive | Composite,
  ins: readonly Tensor[],
  attributes: Attribute,
): readonly Tensor[] {
  return "compose" in op
    ? withinRule(() => op.compose(ins, ...(attributes as readonly unknown[])))
    : tape.record(op, ins, attributes as Attributes);
}

/** The inputs of an open tape whose memory values have. */
function viewsOf(tape: Tape, values: readonly Tensor[]): (number | undefined)[] {
  const views = new Map(tape.inputs.map((id, k) => [id, k]));
  for (const { op, ins, outs } of tape.nodes) {
    const view = op.alias ? views.get(ins[0]!) : undefined;
    if (view !== undefined) views.set(outs[0]!, view);
  }
  return values.map((x) => views.get(x.id));
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
  const outs = tape.outputs.map((id) => tape.avals[id]!);
  return results({ program, outs, views: outs.map(() => undefined) }, ins, target);
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

function results({ program, outs, views }: Computed, ins: readonly Tensor[], target: Target): Tensor[] {
  const given = new Array<Storage>(ins.length);
  for (let k = 0; k < ins.length; k++) given[k] = ins[k]!.storage;
  const storages = program ? program.run(given) : given;
  const tensors = new Array<Tensor>(outs.length);
  let next = 0;
  for (let k = 0; k < outs.length; k++) {
    const view = views[k];
    tensors[k] = view === undefined ? Tensor.concrete(storages[next++], outs[k]!, target) : ins[view]!.alias(outs[k]!);
  }
  return tensors;
}
