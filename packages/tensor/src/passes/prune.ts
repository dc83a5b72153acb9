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
  const isLive = ({ outs }: Node): boolean => {
    for (let k = 0; k < outs.length; k++) if (live[outs[k]!]) return true;
    return false;
  };
  for (let n = tape.nodes.length - 1; n >= 0; n--) {
    const node = tape.nodes[n]!;
    if (isLive(node)) for (let k = 0; k < node.ins.length; k++) live[node.ins[k]!] = 1;
  }
  const result = new Tape(tape.where, { target: tape.target });
  const values = new Array<Tensor>(tape.avals.length);
  for (const id of tape.inputs) values[id] = result.input(tape.avals[id]!);
  for (const { id, value } of tape.literals)
    if (live[id]) values[id] = result.literal(value, tape.avals[id]!.dtype, tape.avals[id]!.weak);
  const known = new Map<string, readonly Tensor[]>();
  for (const node of tape.nodes) {
    if (!isLive(node)) continue;
    const ins = node.ins.map((id) => values[id]!);
    const key = keyOfNode(node, ins);
    let outs = known.get(key);
    if (!outs) {
      const avals = node.outs.map((id) => tape.avals[id]!);
      known.set(key, (outs = result.append(node.op, ins, node.attributes, avals)));
    }
    node.outs.forEach((id, k) => (values[id] = outs[k]!));
  }
  result.seal(tape.outputs.map((id) => values[id]!));
  return result;
}

function keyOfNode({ op, attributes }: Node, ins: readonly Tensor[]): string {
  let key = op.name;
  for (let k = 0; k < ins.length; k++) key += ` ${ins[k]!.id}`;
  return key + keyOfAttribute(attributes);
}
