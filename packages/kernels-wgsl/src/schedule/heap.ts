import type { Node, Tape } from "@dzdt/tensor";
import {
  type CallAttributes,
  type CondAttributes,
  isDynamic,
  layRows,
  type LoopAttributes,
  remembered,
  splitOutputs,
} from "@dzdt/tensor/lower";

/** Loops that do not know their end make room for so many rows at a time. */
const reserve = 256;

/** The most bytes of dynamic rows that a run of the tape can hold at once: all of them if every loop goes to its bound. */
export const heapBound: (tape: Tape) => number = remembered((tape) =>
  tape.nodes.reduce((sum, node) => sum + heapOfNode(tape, node), 0),
);

/** Those of one node. */
export function heapOfNode(tape: Tape, { op, attributes, outs }: Node): number {
  if (op.control === "call") return heapBound((attributes as CallAttributes).tape);
  if (op.control === "cond") {
    const { onTrue, onFalse } = attributes as CondAttributes;
    return Math.max(heapBound(onTrue), heapBound(onFalse));
  }
  const rows = (ids: readonly number[]): number => {
    const avals = ids.map((id) => tape.avals[id]!).filter(({ dynamic }) => dynamic);
    return layRows(avals).stride * (Math.max(0, ...avals.map(({ shape }) => shape[0]!)) + reserve);
  };
  if (op.control !== "loop") return rows(outs);
  const a = attributes as unknown as LoopAttributes;
  // An iteration gives back what it took.
  const inside = heapBound(a.body) + (a.condition ? heapBound(a.condition) : 0);
  return inside + (isDynamic(a) ? rows(splitOutputs(a, outs, "loop").ys) : 0);
}
