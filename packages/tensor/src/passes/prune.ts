import { keyOfAttribute } from "../key";
import type { Node } from "../tape";
import { Tape } from "../tape";
import type { Tensor } from "../tensor";

/**
 * The same program without nodes that no output needs (dead code), and with equal nodes computed once (common subexpressions).
 * Inputs stay as they are.
 */
export function prune(tape: Tape): Tape {
  const live = new Uint8Array(tape.avals.length);
  for (const id of tape.outputs) live[id] = 1;
  for (let n = tape.nodes.length - 1; n >= 0; n--) {
    const node = tape.nodes[n]!;
    if (node.outs.some((id) => live[id])) for (const id of node.ins) live[id] = 1;
  }
  const result = new Tape(tape.where, { target: tape.target });
  const values = new Array<Tensor>(tape.avals.length);
  for (const id of tape.inputs) values[id] = result.input(tape.avals[id]!);
  for (const { id, value } of tape.literals)
    if (live[id]) values[id] = result.literal(value, tape.avals[id]!.dtype, tape.avals[id]!.weak);
  const known = new Map<string, readonly Tensor[]>();
  for (const node of tape.nodes) {
    if (!node.outs.some((id) => live[id])) continue;
    const ins = node.ins.map((id) => values[id]!);
    const key = keyOfNode(node, ins);
    let outs = known.get(key);
    if (!outs) known.set(key, (outs = result.record(node.op, ins, node.attributes)));
    node.outs.forEach((id, k) => (values[id] = outs[k]!));
  }
  result.seal(tape.outputs.map((id) => values[id]!));
  return result;
}

const keyOfNode = (node: Node, ins: readonly Tensor[]): string =>
  `${node.op.name}(${ins.map((x) => x.id).join()})${keyOfAttribute(node.attributes)}`;
