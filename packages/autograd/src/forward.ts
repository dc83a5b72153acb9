import { invariant, isFloat, type Node, type Tape, type Tensor, type Traced, withinRule } from "@dzdt/tensor";
import { checkDerivative } from "./check";
import { define, derivativeOf, type Replay, replay, replayLiterals, replayNode, type Rules, valuesOf } from "./replay";

/** Records a node and gives the tangents of its results. */
function push(
  o: Rules,
  node: Node,
  given: readonly (Tensor | undefined)[],
  state: Replay,
): readonly (Tensor | undefined)[] {
  const { op, attributes } = node;
  const ins = valuesOf(node.ins, state.values);
  if (op.pushforward) {
    const { outs, tangents } = withinRule(() => op.pushforward!(o, ins, given, attributes));
    define(node, outs, state.values);
    return tangents;
  }
  replayNode(node, state);
  return withinRule(() => op.jvp(o, given, ins, valuesOf(node.outs, state.values), attributes));
}

/** Forward mode: (ins…, tangents of inputs marked in `moved`…) → (outs…, tangents of outs marked in `movedOuts`…). */
export function forward(
  o: Rules,
  tape: Tape,
  moved: readonly boolean[],
): Traced & { readonly movedOuts: readonly boolean[] } {
  const state = replay(tape);
  const { onto, values } = state;
  const tangents = new Array<Tensor | undefined>(tape.avals.length);
  tape.inputs.forEach((id, k) => {
    if (!moved[k]) return;
    const type = derivativeOf(tape.avals[id]!);
    invariant(isFloat(type.dtype), "moved inputs are floats");
    tangents[id] = onto.input(type);
  });
  replayLiterals(tape, state);
  for (const node of tape.nodes) {
    const { op } = node;
    const given = node.ins.map((id) => tangents[id]);
    if (op.constant || !given.some((t) => t)) {
      replayNode(node, state);
      continue;
    }
    const found = push(o, node, given, state);
    node.outs.forEach((id, k) => {
      const t = found[k];
      if (!t || !isFloat(tape.avals[id]!.dtype)) return;
      checkDerivative(`jvp of ${op.name}`, `the tangent of result ${k}`, t, tape.avals[id]!);
      tangents[id] = t;
    });
  }
  const movedOuts = tape.outputs.map((id) => tangents[id] !== undefined);
  const moving = tape.outputs.flatMap((id) => tangents[id] ?? []);
  onto.seal(valuesOf(tape.outputs, values).concat(moving));
  return { tape: onto, captured: onto.captured, movedOuts };
}
