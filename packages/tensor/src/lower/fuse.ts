import { sizeOf } from "../shape";
import type { Node, Tape } from "../tape";

/** Nested inlining deeper than this is cut, so that code and recursion stay small however long a chain is. */
const deepest = 24;

/**
 * Which nodes are computed where they are read, instead of into memory of their own: chains of elementwise operations and views become
 * one loop. A node is inlined if it is cheap to compute again, or is read once in all.
 */
export function inlinedNodes(tape: Tape): boolean[] {
  const { nodes, avals } = tape;
  const producer = new Int32Array(avals.length).fill(-1);
  nodes.forEach((node, n) => node.outs.forEach((id) => (producer[id] = n)));
  const consumers: number[][] = nodes.map(() => []);
  nodes.forEach((node, n) => node.ins.forEach((id) => producer[id]! >= 0 && consumers[producer[id]!]!.push(n)));
  const kept = new Uint8Array(nodes.length);
  for (const id of tape.outputs) if (producer[id]! >= 0) kept[producer[id]!] = 1;

  const inlined = new Array<boolean>(nodes.length).fill(false);
  const depth = new Int32Array(nodes.length);
  for (let n = nodes.length - 1; n >= 0; n--) {
    const node = nodes[n]!;
    const [out] = node.outs;
    const readers = consumers[n]!;
    if (kept[n] || readers.length === 0 || !isInlinable(node) || avals[out!]!.dynamic) continue;
    const here = 1 + Math.max(...readers.map((c) => (inlined[c] ? depth[c]! : 0)));
    const size = sizeOf(avals[out!]!.shape);
    const once = readers.length === 1 && !repeats(nodes[readers[0]!]!, size, tape);
    const accepted = readers.every((c) => acceptsInlined(nodes[c]!));
    if (!accepted || here > deepest || !(once || (isView(node) && readers.length <= 4))) continue;
    inlined[n] = true;
    depth[n] = here;
    // Read several times: what it reads must be in memory.
    if (!once) for (const id of node.ins) if (producer[id]! >= 0) kept[producer[id]!] = 1;
  }
  return inlined;
}

const isInlinable = ({ op }: Node): boolean =>
  op.alias === true || (op.element !== undefined && (op.fusion === "map" || op.fusion === "view"));

const isView = ({ op }: Node): boolean => op.alias === true || op.fusion === "view";

/** Element rules read operands at indices, so an operand may be code; all other rules need memory. */
const acceptsInlined = ({ op }: Node): boolean =>
  op.alias === true || (op.element !== undefined && op.fusion !== "expand");

/** Does the node read elements of an operand of this size more than once? */
const repeats = (node: Node, size: number, tape: Tape): boolean =>
  node.op.fusion !== "reduce" && sizeOf(tape.avals[node.outs[0]!]!.shape) > size;
