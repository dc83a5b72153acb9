import { keyOfAttribute } from "../key";
import type { Node } from "../tape";
import { Tape } from "../tape";
import { Tensor } from "../tensor";

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
  const numbers = new Int32Array(tape.avals.length);
  for (const id of tape.inputs) numbers[id] = result.input(tape.avals[id]!).id;
  for (const { id, value } of tape.literals)
    if (live[id]) numbers[id] = result.literal(value, tape.avals[id]!.dtype, tape.avals[id]!.weak).id;
  const known = new Map<string, readonly number[]>();
  for (const node of tape.nodes) {
    if (!isLive(node)) continue;
    const ins = new Array<number>(node.ins.length);
    for (let k = 0; k < ins.length; k++) ins[k] = numbers[node.ins[k]!]!;
    const key = keyOfNode(node, ins);
    let outs = known.get(key);
    if (!outs) {
      outs = result.extend(
        node,
        ins,
        node.outs.map((id) => tape.avals[id]!),
      );
      known.set(key, outs);
    }
    for (let k = 0; k < outs.length; k++) numbers[node.outs[k]!] = outs[k]!;
  }
  result.seal(tape.outputs.map((id) => Tensor.traced(result, numbers[id]!, tape.avals[id]!)));
  return result;
}

function keyOfNode({ op, attributes }: Node, ins: readonly number[]): string {
  let key = op.name;
  for (let k = 0; k < ins.length; k++) key += ` ${ins[k]!}`;
  return key + keyOfAttribute(attributes);
}
