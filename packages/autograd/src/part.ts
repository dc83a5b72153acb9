import { invariant, Tape, type Tensor, type Traced } from "@dzdt/tensor";
import { touches } from "./activity";
import { replayLiterals, valuesOf } from "./replay";

/**
 * The part of a tape that computes `outputs` from `inputs`. Any values may be its inputs, results of nodes among them; what is not
 * needed is left out. What the tape captured, the part captures.
 */
export function part(tape: Tape, inputs: readonly number[], outputs: readonly number[]): Traced {
  const given = new Uint8Array(tape.avals.length);
  const needed = new Uint8Array(tape.avals.length);
  for (const id of inputs) given[id] = 1;
  for (const id of outputs) if (!given[id]) needed[id] = 1;
  for (let n = tape.nodes.length - 1; n >= 0; n--) {
    const node = tape.nodes[n]!;
    if (!touches(node.outs, needed)) continue;
    for (const id of node.ins) if (!given[id]) needed[id] = 1;
  }

  const onto = new Tape(tape.where, { target: tape.target });
  const values = new Array<Tensor>(tape.avals.length);
  for (const id of inputs) values[id] = onto.input(tape.avals[id]!);
  tape.inputs.forEach((id, k) => {
    if (!needed[id]) return;
    invariant(k >= tape.declaredInputs, "a part of a tape was not given an input that it reads");
    values[id] = tape.captured[k - tape.declaredInputs]!;
  });
  replayLiterals(tape, { onto, values });
  for (const node of tape.nodes) {
    if (!touches(node.outs, needed)) continue;
    const outs = onto.repeat(node, valuesOf(node.ins, values), tape);
    node.outs.forEach((id, k) => {
      if (!given[id]) values[id] = outs[k]!;
    });
  }
  onto.seal(outputs.map((id) => values[id]!));
  return { tape: onto, captured: onto.captured };
}
