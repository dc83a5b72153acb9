import { inlineTape, type Node, Tape, type Tensor } from "@dzdt/tensor";
import type { CallAttributes } from "@dzdt/tensor/lower";

/** Nodes of a call that are recorded where it stands, so that each can be parallel: no more than this in all. */
const mostInlined = 2000;

/** The tape with the nodes of its calls in their places. */
export function withoutCalls(tape: Tape): Tape {
  const calls = tape.nodes.filter(({ op }) => op.control === "call");
  const inside = calls.reduce((sum, { attributes }) => sum + (attributes as CallAttributes).tape.nodes.length, 0);
  if (calls.length === 0 || tape.nodes.length + inside > mostInlined) return tape;
  return withoutCalls(
    rerecorded(tape, ({ op, attributes }, given, result) =>
      op.control === "call"
        ? inlineTape((attributes as CallAttributes).tape, given, result)
        : result.record(op, given, attributes),
    ),
  );
}

/** The tape with each node as `record` records it, which may leave out results that nobody reads any more. */
export function rerecorded(
  tape: Tape,
  record: (node: Node, given: readonly Tensor[], result: Tape) => readonly (Tensor | undefined)[],
): Tape {
  const result = new Tape(tape.where, { target: tape.target });
  const values = new Array<Tensor>(tape.avals.length);
  for (const id of tape.inputs) values[id] = result.input(tape.avals[id]!);
  for (const { id, value } of tape.literals)
    values[id] = result.literal(value, tape.avals[id]!.dtype, tape.avals[id]!.weak);
  for (const node of tape.nodes) {
    const made = record(
      node,
      node.ins.map((id) => values[id]!),
      result,
    );
    node.outs.forEach((id, k) => (values[id] = made[k]!));
  }
  result.seal(tape.outputs.map((id) => values[id]!));
  return result;
}
