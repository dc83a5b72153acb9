import { sameShape, type Shape, sizeOf } from "../shape";
import type { Node, Tape } from "../tape";

/** Code for so many nodes at most is written into one loop, so that functions stay small however long a chain is. */
const mostNodes = 48;

/** Results that one loop writes. */
const mostResults = 8;

/** Loops that share nothing but an input become one only if they are this near to each other: what they read must live for longer. */
const nearby = 16;

/** A view that so many read is computed anew by each. */
const mostReaders = 4;

/** Which nodes share code. */
export interface Fused {
  /** Nodes that are computed where they are read, instead of into memory of their own. */
  readonly inlined: readonly boolean[];
  /** Nodes whose results one loop computes, in order, by the last of them, which stands for all; only where there are several. */
  readonly groups: ReadonlyMap<Node, readonly Node[]>;
  /** Where in the tape the code of a node stands that is not inlined: at itself, or at the last of its group. */
  readonly emittedAt: Int32Array;
}

export interface FusionOptions {
  /** May elements of a product be computed in the one loop over elements that reads them? */
  readonly epilogues?: boolean;
}

/** A loop to be. */
interface Kernel {
  /** The kernel that took this one in. */
  into: Kernel | undefined;
  /** Its nodes whose results are in memory; code stands at the last. */
  members: number[];
  last: number;
  nodes: number;
  /** Does it compute elements of a product? No more than one, and no bools then, which are smaller than its numbers. */
  multiplies: boolean;
  /** The shape that elementwise results have that may join; undefined where none may. */
  readonly shape: Shape | undefined;
}

/** Where a value is computed: in a kernel, at the index of its result (0) or at another that some node makes. */
interface Spot {
  readonly kernel: Kernel;
  readonly at: number;
}

function find(kernel: Kernel): Kernel {
  let root = kernel;
  while (root.into) root = root.into;
  if (kernel !== root) kernel.into = root;
  return root;
}

/**
 * Chains of elementwise operations and views become one loop; so do elementwise results of one shape that use each other or the same values.
 * A node is inlined if all that read it stand in one loop and want the element at the same place (it is computed once then), or if it is read once
 * in all, or if it is a view.
 */
export function fuse(tape: Tape, { epilogues = false }: FusionOptions = {}): Fused {
  const { nodes, avals } = tape;
  const readers: number[][] = avals.map(() => []);
  for (let n = 0; n < nodes.length; n++) for (const id of nodes[n]!.ins) readers[id]!.push(n);
  const kept = new Uint8Array(avals.length);
  for (const id of tape.outputs) kept[id] = 1;

  const inlined = new Array<boolean>(nodes.length).fill(false);
  const spots = new Array<readonly Spot[]>(nodes.length);
  let indices = 0;
  /** Where the readers of a value want its elements. */
  const wanted = (id: number): Spot[] => {
    const found: Spot[] = [];
    for (const c of readers[id]!) {
      const inStep = isPointwise(nodes[c]!);
      for (const spot of spots[c]!) found.push(inStep ? spot : { kernel: spot.kernel, at: ++indices });
    }
    return found;
  };

  /** A value in memory in another shape is that memory: what it is made of is computed there, in its own shape. */
  const isOtherForm = (n: number): boolean => nodes[n]!.op.alias === true && !inlined[n];

  /** May the results of `early` be computed as late as those of `late`? All other readers must stand behind, and those in it read in step. */
  const mayMove = (early: Kernel, late: Kernel): boolean => {
    const follows = (c: number, sameForm: boolean): boolean =>
      spots[c]!.every(({ kernel, at }) => {
        const home = find(kernel);
        const together = home === early || home === late;
        return together ? sameForm && at === 0 && isPointwise(nodes[c]!) : home.last > late.last;
      });
    const forms: number[] = [];
    for (const m of early.members)
      for (const c of readers[nodes[m]!.outs[0]!]!)
        if (isOtherForm(c)) forms.push(c);
        else if (!follows(c, true)) return false;
    for (let form = forms.pop(); form !== undefined; form = forms.pop())
      for (const c of readers[nodes[form]!.outs[0]!]!)
        if (isOtherForm(c)) forms.push(c);
        else if (!follows(c, false)) return false;
    return true;
  };
  const merge = (a: Kernel, b: Kernel): void => {
    if (a === b || !a.shape || !b.shape || !sameShape(a.shape, b.shape)) return;
    const [early, late] = a.last < b.last ? [a, b] : [b, a];
    if (a.nodes + b.nodes > mostNodes || a.members.length + b.members.length > mostResults) return;
    if ((a.multiplies && !mayMultiply(b)) || (b.multiplies && !mayMultiply(a))) return;
    if (!mayMove(early, late)) return;
    early.into = late;
    late.members.push(...early.members);
    late.nodes += early.nodes;
    late.multiplies ||= early.multiplies;
  };
  /** May elements of a product become part of a loop? */
  const mayMultiply = ({ shape, multiplies, members }: Kernel): boolean =>
    shape !== undefined && !multiplies && members.every((m) => avals[nodes[m]!.outs[0]!]!.dtype !== "bool");
  /** Makes one kernel of those that read the same value in step. */
  const gather = (readings: readonly Spot[], reach: number): void => {
    if (readings.length < 2) return;
    const kernels = new Set<Kernel>();
    for (const { kernel, at } of readings) if (at === 0) kernels.add(find(kernel));
    if (kernels.size < 2) return;
    const inOrder = [...kernels].sort((a, b) => b.last - a.last);
    for (let j = 1; j < inOrder.length; j++) {
      const [late, early] = [find(inOrder[j - 1]!), find(inOrder[j]!)];
      if (late.last - early.last <= reach) merge(early, late);
    }
  };

  for (let n = nodes.length - 1; n >= 0; n--) {
    const node = nodes[n]!;
    const [out] = node.outs;
    const own = out !== undefined && node.outs.length === 1 && !avals[out]!.dynamic;
    const pointwise = own && isPointwise(node);
    const multiplies = epilogues && node.op.product !== undefined;
    const inlinable = own && (isInlinable(node) || multiplies);
    const uses = inlinable || pointwise ? wanted(out) : [];
    if (pointwise) gather(uses, Infinity);
    if (inlinable && !kept[out]) {
      const accepted = readers[out]!.every((c) => acceptsInlined(nodes[c]!) && !isOtherForm(c));
      const [first] = uses;
      const size = sizeOf(avals[out]!.shape);
      const together =
        first !== undefined &&
        uses.every(({ kernel, at }) => at === first.at && find(kernel) === find(first.kernel)) &&
        find(first.kernel).nodes < mostNodes &&
        !readers[out]!.some((c) => repeats(nodes[c]!, size, tape)) &&
        (!multiplies || (first.at === 0 && mayMultiply(find(first.kernel))));
      if (first && accepted && (together || (isView(node) && uses.length <= mostReaders))) {
        inlined[n] = true;
        const computedAt = together ? [first] : uses;
        spots[n] = computedAt;
        for (const { kernel } of computedAt) find(kernel).nodes++;
        if (multiplies) find(first.kernel).multiplies = true;
        // Computed in several places: what it reads must be in memory.
        if (!together) for (const id of node.ins) kept[id] = 1;
        continue;
      }
    }
    const joins = pointwise && !node.op.alias;
    const kernel: Kernel = {
      into: undefined,
      members: [n],
      last: n,
      nodes: 1,
      multiplies: false,
      shape: joins ? avals[out]!.shape : undefined,
    };
    spots[n] = [{ kernel, at: 0 }];
    if (joins) for (const use of uses) if (use.at === 0) merge(find(kernel), find(use.kernel));
  }
  for (const id of tape.inputs) gather(wanted(id), nearby);

  const groups = new Map<Node, readonly Node[]>();
  const emittedAt = Int32Array.from(nodes, (_, n) => n);
  nodes.forEach((node, n) => {
    if (inlined[n]) return;
    const { members, last } = find(spots[n]![0]!.kernel);
    emittedAt[n] = last;
    if (n !== last || members.length === 1) return;
    groups.set(
      node,
      members.sort((a, b) => a - b).map((m) => nodes[m]!),
    );
  });
  return { inlined, groups, emittedAt };
}

/** Does element i of the result need element i of the inputs, and no other? */
const isPointwise = ({ op }: Node): boolean => op.alias === true || (op.element !== undefined && op.fusion === "map");

const isInlinable = ({ op }: Node): boolean =>
  op.alias === true ||
  (op.element !== undefined && (op.fusion === "map" || op.fusion === "view" || op.fusion === "make"));

const isView = ({ op }: Node): boolean => op.alias === true || op.fusion === "view";

/** Element rules read operands at indices, so an operand may be code; all other rules need memory. */
const acceptsInlined = ({ op }: Node): boolean =>
  op.alias === true || (op.element !== undefined && op.fusion !== "expand" && op.fusion !== "make");

/** Does the node read elements of an operand of this size more than once? */
const repeats = (node: Node, size: number, tape: Tape): boolean =>
  node.op.fusion !== "reduce" && sizeOf(tape.avals[node.outs[0]!]!.shape) > size;
