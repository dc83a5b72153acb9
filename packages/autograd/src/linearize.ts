import { type Node, sizeOf, type Tape, type Traced } from "@dzdt/tensor";
import { touches, type ValueSet } from "./activity";
import { part } from "./part";
import type { ThereAndBack } from "./reverse";

/** A forward and a backward computation on tapes of their own. */
export interface Halves {
  /** ins → (outs…, saved…) */
  readonly forward: Traced;
  /** (passed ins…, saved…, cotangents…) → cotangents */
  readonly backward: Traced;
  /** Positions of inputs that the backward half reads, besides what the forward half saves. */
  readonly passed: readonly number[];
}

/**
 * Cuts a tape in two. Values of the forward half that the backward half reads are saved; but those that are mere views of a value
 * no larger are made again.
 * @param pass inputs that are read again are named in `passed`; otherwise they are saved like other values
 */
export function halve(whole: ThereAndBack, pass: boolean): Halves {
  const { tape, ins, cotangents } = whole;
  const read = readBackward(whole);
  const passed = ins.flatMap((id, k) => (read[id] ? [k] : []));
  const passedIds = passed.map((k) => ins[k]!);
  const saved: number[] = pass ? [] : [...passedIds];
  for (const node of tape.nodes.slice(0, whole.forwardNodes))
    for (const id of node.outs) if (read[id] === 1) saved.push(id);
  return {
    forward: part(tape, ins, whole.outs.concat(saved)),
    backward: part(tape, (pass ? passedIds : []).concat(saved, cotangents), whole.results),
    passed: pass ? passed : [],
  };
}

const again = 2;

/** Marks what the backward half reads of the forward half: 1 to be saved, 2 to be made again. */
function readBackward({ tape, results, forwardNodes, cotangents }: ThereAndBack): ValueSet {
  const read = new Uint8Array(tape.avals.length);
  for (const id of results) read[id] = 1;
  for (let n = tape.nodes.length - 1; n >= 0; n--) {
    const node = tape.nodes[n]!;
    if (!touches(node.outs, read)) continue;
    if (n < forwardNodes) {
      if (!isCheapView(tape, node, read)) continue;
      for (const id of node.outs) read[id] = again;
    }
    for (const id of node.ins) if (!read[id]) read[id] = 1;
  }
  for (const id of cotangents) read[id] = 0;
  return read;
}

/** A view is made again unless that would keep a larger value alive. */
function isCheapView(tape: Tape, { op, ins, outs }: Node, read: ValueSet): boolean {
  if (op.fusion !== "view" && !op.alias) return false;
  const room = outs.reduce((sum, id) => sum + sizeAt(tape, id), 0);
  const extra = ins.reduce((sum, id) => sum + (read[id] ? 0 : sizeAt(tape, id)), 0);
  return extra <= room;
}

const sizeAt = (tape: Tape, id: number): number => sizeOf(tape.avals[id]!.shape);
