import { isFloat, type Node, type Tape } from "@dzdt/tensor";

/** A set of values of a tape, one byte for each. */
export type ValueSet = Uint8Array;

/** Float values that depend on the marked inputs through float values. Integers and booleans carry no derivative. */
export function dependents(tape: Tape, marked: readonly boolean[]): ValueSet {
  const live = new Uint8Array(tape.avals.length);
  tape.inputs.forEach((id, k) => {
    if (marked[k] && isFloat(tape.avals[id]!.dtype)) live[id] = 1;
  });
  for (const node of tape.nodes) {
    if (node.op.constant || !touches(node.ins, live)) continue;
    for (const id of node.outs) if (isFloat(tape.avals[id]!.dtype)) live[id] = 1;
  }
  return live;
}

/** The values among `live` that the marked outputs depend on. */
export function contributors(tape: Tape, live: ValueSet, marked: readonly boolean[]): ValueSet {
  const reached = new Uint8Array(tape.avals.length);
  tape.outputs.forEach((id, k) => {
    if (marked[k] && live[id]) reached[id] = 1;
  });
  for (let n = tape.nodes.length - 1; n >= 0; n--) {
    const node = tape.nodes[n]!;
    if (!touches(node.outs, reached)) continue;
    for (const id of node.ins) if (live[id]) reached[id] = 1;
  }
  return reached;
}

/** Whether any of the values is in the set. */
export function touches(ids: Node["ins"], set: ValueSet): boolean {
  for (const id of ids) if (set[id]) return true;
  return false;
}
