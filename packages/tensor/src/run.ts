import { UnsupportedError } from "./errors";
import { keyOfAttribute, keyOfAval, keyOfTape } from "./key";
import type { Attributes, Aval, Primitive } from "./primitive";
import { Tape } from "./tape";
import { defaultTarget } from "./targets/default";
import type { Program, Target } from "./targets/target";
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
  const target = targetOf(op.name, ins);
  let key = op.name + keyOfAttribute(attributes);
  for (const x of ins) key += keyOfAval(x);
  const program = target.programs.get(key, () => {
    const tape = new Tape(op.name);
    const inputs = ins.map((x) => tape.input(x.aval));
    tape.seal(tape.record(op, inputs, attributes));
    return target.program(tape);
  });
  return results(program, ins, op.shape(ins, attributes), target);
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
  for (const node of tape.nodes) {
    const outs = outer.record(
      node.op,
      node.ins.map((id) => values[id]!),
      node.attributes,
    );
    node.outs.forEach((id, k) => (values[id] = outs[k]!));
  }
  return tape.outputs.map((id) => values[id]!);
}

function targetOf(where: string, ins: readonly Tensor[]): Target {
  const target = ins[0]?.target ?? defaultTarget();
  for (const x of ins) {
    x.checkUsable(where);
    if (x.target !== target)
      throw new UnsupportedError(
        `${where}: tensors on ${target.name} and on ${x.target.name} do not mix; move one with to(target)`,
      );
  }
  return target;
}

function results(program: Program, ins: readonly Tensor[], avals: readonly Aval[], target: Target): Tensor[] {
  const storages = program.run(ins.map((x) => x.storage));
  return avals.map((aval, k) => Tensor.concrete(storages[k], aval, target));
}
