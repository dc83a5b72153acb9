import { broadcastTo, inlineTape, type Node, sum, Tape, type Tensor } from "@dzdt/tensor";
import { bytesOf, type LoopAttributes, prune, type SingleLoop, splitInputs, splitOutputs } from "@dzdt/tensor/lower";
import { rerecorded } from "./inlined";
import { type Given, inputsOfEach, mapOfElements, swapFirst } from "./maps";

/**
 * The tape with ways back through loops over a batch, which read rows of unknown number that the loops kept on the way there, as maps over the
 * elements: each runs its loop again, keeps rows of its own, and goes back through these. The loops keep no rows that nobody reads any more.
 * @param most bytes that the terms of a way's sums may take
 */
export function withOwnWaysBack(tape: Tape, most: number): Tape {
  const ways = waysBack(tape, most);
  if (ways.size === 0) return tape;
  const there = new Set([...ways.values()].flat());
  const known = new Map<number, Tensor>();
  return rerecorded(tape, (node, given, result) => {
    const loops = ways.get(node);
    if (!loops && !there.has(node)) return result.record(node.op, given, node.attributes);
    node.ins.forEach((id, k) => known.set(id, given[k]!));
    return loops ? thereAndBack(node, loops, known, result) : withoutRows(tape, node, given, result);
  });
}

const loopOf = ({ attributes }: Node): LoopAttributes => attributes as unknown as LoopAttributes;

/** What each element does alone, for loops over a batch. */
const singleOf = (node: Node): SingleLoop | undefined => (node.op.control === "loop" ? loopOf(node).single : undefined);

/** Ways back that can be the elements' own, and the loops whose rows they read: these rows nobody else reads. */
function waysBack(tape: Tape, most: number): ReadonlyMap<Node, readonly Node[]> {
  const dynamic = (ids: readonly number[]): number[] => ids.filter((id) => tape.avals[id]!.dynamic);
  const makers = new Map(tape.nodes.flatMap((node) => dynamic(node.outs).map((id) => [id, node] as const)));
  const ways = new Map<Node, readonly Node[]>();
  for (const node of tape.nodes) {
    const made = new Set(dynamic(node.ins).map((id) => makers.get(id)));
    if (made.size > 0)
      ways.set(
        node,
        tape.nodes.filter((maker) => made.has(maker)),
      );
  }
  // Rows that somebody needs for all elements. A way that reads such needs all that it reads.
  const needed = new Set(dynamic([...tape.inputs, ...tape.outputs]));
  const isOwn = (node: Node, loops: readonly Node[]): boolean => {
    const single = singleOf(node);
    // One alone is not worth a map, which would be one dispatch: the loop itself is a chain of them.
    if (!single || single.size < 2 || dynamic(node.outs).length > 0) return false;
    if (bytesOfSums(tape, node, single) > most) return false;
    const alike = loops.every((loop) => singleOf(loop)?.size === single.size && dynamic(loop.ins).length === 0);
    return alike && ![...node.ins, ...loops.flatMap(({ outs }) => outs)].some((id) => needed.has(id));
  };
  for (let before = -1; before !== needed.size;) {
    before = needed.size;
    for (const [node, loops] of ways) {
      if (isOwn(node, loops)) continue;
      ways.delete(node);
      for (const id of dynamic([...node.ins, ...loops.flatMap(({ outs }) => outs)])) needed.add(id);
    }
  }
  return ways;
}

/** Which carries, and then which ys, are sums over the elements: they have no axis of the batch. */
function sumsOf(node: Node): boolean[] {
  const { single, ...all } = loopOf(node);
  const [ofAll, ofOne] = [all as LoopAttributes, single!.loop].map((a) => {
    const { carries, ys } = splitOutputs(a, a.body.outputs, "body");
    return [...carries, ...ys].map((id) => a.body.avals[id]!.shape.length);
  });
  return ofAll!.map((axes, j) => axes === ofOne![j]);
}

/** Bytes of the terms of such sums. */
const bytesOfSums = (tape: Tape, node: Node, { size }: SingleLoop): number =>
  sumsOf(node).reduce((bytes, is, j) => (is ? bytes + size * bytesOf(tape.avals[node.outs[j]!]!) : bytes), 0);

/** @param known what nodes are given, by its number */
function thereAndBack(node: Node, loops: readonly Node[], known: ReadonlyMap<number, Tensor>, result: Tape): Tensor[] {
  const a = loopOf(node);
  const { loop, size } = a.single!;
  const sums = sumsOf(node);
  const inputs = new Map([...loops, node].map((each) => [each, inputsOfEach(loopOf(each), singleOf(each)!, each.ins)]));
  const { carries: starts } = splitInputs(loop, inputs.get(node)!);
  const isStart = new Set(starts.filter((_, j) => sums[j]));
  const made = new Set(loops.flatMap(({ outs }) => outs));
  const given = [...inputs.values()].flat().filter((input) => !made.has(input.all) && !isStart.has(input));
  const outs = mapOfElements(
    node.op,
    size,
    given.map(({ all, axis }) => ({ all: known.get(all)!, axis })),
    (body, parts) => {
      const own = new Map<Given<number>, Tensor>(given.map((input, j) => [input, parts[j]!]));
      for (const start of isStart) {
        const { dtype, shape } = known.get(start.all)!;
        own.set(start, broadcastTo(body.literal(0, dtype), shape));
      }
      const rows = new Map<number, Tensor>();
      const run = (each: Node): Tensor[] => {
        const ins = inputs.get(each)!.map((input) => own.get(input) ?? rows.get(input.all)!);
        return body.record(each.op, ins, singleOf(each)!.loop);
      };
      for (const there of loops) {
        const outs = run(there);
        outsOfEach(there).forEach((k, j) => rows.set(there.outs[j]!, outs[k]!));
      }
      return run(node);
    },
    a.body,
    result,
  );
  const ofAll = (rows: Tensor, j: number): Tensor => {
    if (!sums[j]) return j < a.carries ? rows : swapFirst(rows);
    const terms = sum(rows, 0);
    return j < a.carries ? known.get(starts[j]!.all)!.add(terms) : terms;
  };
  return outs.map(ofAll);
}

/** Which result of an element's loop stands for each of the batch's. */
function outsOfEach(node: Node): number[] {
  const { single, ...all } = loopOf(node);
  const { carries, ys } = single!.loop;
  const steps = carries + ys.length;
  // The batch may have one more carry: the numbers of iterations.
  return node.outs.map((_, j) => (j < carries ? j : j < all.carries ? steps : j - (all.carries - carries)));
}

/** The loop over a batch without results that nobody reads. */
function withoutRows(
  tape: Tape,
  { op, outs, attributes }: Node,
  given: readonly Tensor[],
  result: Tape,
): (Tensor | undefined)[] {
  const a = attributes as unknown as LoopAttributes;
  const kept = splitOutputs(a, outs, "loop").ys.map((id) => !tape.avals[id]!.dynamic);
  const single = a.single && { ...a.single, loop: withYs(a.single.loop, kept) };
  const found = result.record(op, given, { ...withYs(a, kept), single });
  return outs.map((id) => (tape.avals[id]!.dynamic ? undefined : found.shift()));
}

function withYs(a: LoopAttributes, kept: readonly boolean[]): LoopAttributes {
  const body = new Tape(a.body.where, { target: a.body.target });
  const ins = a.body.inputs.map((id) => body.input(a.body.avals[id]!));
  const { carries, row, ys } = splitOutputs(a, inlineTape(a.body, ins, body), "body");
  body.seal([...carries, ...row, ...ys.filter((_, k) => kept[k])]);
  return { ...a, body: prune(body), ys: a.ys.filter((_, k) => kept[k]) };
}
