import { type Aval, invariant, type Node, ops, type RuleOps, Tape, type Tensor, withinRule } from "@dzdt/tensor";

/** A tape that is being made from another one. */
export interface Replay {
  readonly from: Tape;
  readonly onto: Tape;
  /** Values of the old tape, as values of the new one. */
  readonly values: Tensor[];
}

/** Opens a tape with the inputs of an old one; captured inputs become ordinary ones. */
export function replay(tape: Tape, avalOf: (aval: Aval, position: number) => Aval = (aval) => aval): Replay {
  const onto = new Tape(tape.where, { target: tape.target });
  const values = new Array<Tensor>(tape.avals.length);
  tape.inputs.forEach((id, k) => (values[id] = onto.input(avalOf(tape.avals[id]!, k))));
  return { from: tape, onto, values };
}

/** Remakes the literals of the old tape on the new one; after its inputs have been declared. */
export function replayLiterals(tape: Tape, { onto, values }: Pick<Replay, "onto" | "values">): void {
  for (const { id, value } of tape.literals)
    values[id] = onto.literal(value, tape.avals[id]!.dtype, tape.avals[id]!.weak);
}

/** Records a node as it is, on values of the types that they had. */
export function replayNode(node: Node, { from, onto, values }: Replay): void {
  define(node, onto.repeat(node, valuesOf(node.ins, values), from), values);
}

/** Gives the results of a node their values. */
export function define(node: Node, results: readonly Tensor[], values: Tensor[]): void {
  if (results.length !== node.outs.length)
    invariant(false, `a rule of ${node.op.name} returned ${results.length} results for ${node.outs.length}`);
  node.outs.forEach((id, k) => (values[id] = results[k]!));
}

/** Values by number. */
export const valuesOf = (ids: readonly number[], values: readonly Tensor[]): Tensor[] => ids.map((id) => values[id]!);

/** The type of a derivative of a value: like it, but never weak. */
export const derivativeOf = ({ dtype, shape, dynamic }: Aval): Aval => ({
  dtype,
  shape,
  ...(dynamic ? { dynamic } : {}),
});

/** Zeros (or ones…) of a type, as part of the program. */
export function filled(onto: Tape, value: number, { dtype, shape }: Aval): Tensor {
  const literal = onto.literal(value, dtype);
  return shape.length ? withinRule(() => ops.broadcastTo(literal, shape)) : literal;
}

/** What the rules are written in. */
export type Rules = RuleOps;
