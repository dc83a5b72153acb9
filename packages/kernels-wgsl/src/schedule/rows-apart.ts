import { max, type Node, sameShape, sum, Tape, type Tensor } from "@dzdt/tensor";
import { bytesOf, type LoopAttributes, modeOf, type SingleLoop, splitInputs, splitOutputs } from "@dzdt/tensor/lower";
import { rerecorded } from "./inlined";
import { carriesOfEach, inputsOfEach, isMap, mapOf, mapOfElements, swapFirst } from "./maps";
import { hasRounds } from "./rounds";

/**
 * The tape with loops whose iterations, but for what they are asked, know nothing of each other: those over the elements of a batch, of which
 * each loops on its own, and those that add to sums, such as the gradients of what all rows share, which are summed afterwards.
 * @param most bytes that the terms of a loop's sums may take
 */
export function withRowsApart(tape: Tape, most: number): Tape {
  if (!tape.nodes.some(({ op }) => op.control === "loop")) return tape;
  return rerecorded(tape, (node, given, result) => {
    const { op, attributes } = node;
    const dynamic = [...node.ins, ...node.outs].some((id) => tape.avals[id]!.dynamic);
    if (op.control !== "loop" || dynamic || modeOf(tape, node) || hasRounds(node))
      return result.record(op, given, attributes);
    const a = attributes as unknown as LoopAttributes;
    if (a.single && a.single.size > 1) return mapOfLoops(node, a, a.single, given, result);
    const terms = termsOf(a);
    const bytes = a.body.outputs.slice(0, a.carries).reduce((all, id) => all + bytesOf(a.body.avals[id]!), 0);
    if (terms && a.length * bytes <= most) return mapAndSums(node, a, terms, given, result);
    return isMap(a) ? mapOf(op, a.body, a, given, result) : result.record(op, given, attributes);
  });
}

/** What iterations add to the carries, if that is all that is done with them: values of the body. */
function termsOf(a: LoopAttributes): readonly number[] | undefined {
  const { body, carries } = a;
  if (carries === 0 || !isMap({ ...a, carries: 0 })) return undefined;
  const uses = new Map<number, number>();
  for (const id of [...body.nodes.flatMap(({ ins }) => ins), ...body.outputs]) uses.set(id, (uses.get(id) ?? 0) + 1);
  const makers = new Map(body.nodes.flatMap((node) => node.outs.map((id) => [id, node] as const)));
  const terms: number[] = [];
  for (let j = 0; j < carries; j++) {
    const [carry, out] = [body.inputs[1 + j]!, body.outputs[j]!];
    const adds = makers.get(out);
    if (adds?.op.name !== "add" || !adds.ins.includes(carry) || uses.get(carry) !== 1 || uses.get(out) !== 1)
      return undefined;
    const [term] = adds.ins.filter((id) => id !== carry);
    if (!sameShape(body.avals[term!]!.shape, body.avals[carry]!.shape)) return undefined;
    terms.push(term!);
  }
  return terms;
}

/** A loop that adds to its carries as a map that gives the terms, and their sums. */
function mapAndSums(
  node: Node,
  a: LoopAttributes,
  terms: readonly number[],
  given: readonly Tensor[],
  result: Tape,
): Tensor[] {
  const { body, carries } = a;
  const own = new Set(body.inputs.slice(1, 1 + carries));
  const adds = new Set(body.outputs.slice(0, carries));
  const apart = new Tape(body.where, { target: body.target });
  const values = new Array<Tensor>(body.avals.length);
  for (const id of body.inputs) if (!own.has(id)) values[id] = apart.input(body.avals[id]!);
  for (const { id, value } of body.literals)
    values[id] = apart.literal(value, body.avals[id]!.dtype, body.avals[id]!.weak);
  for (const inner of body.nodes) {
    if (adds.has(inner.outs[0]!)) continue;
    const outs = apart.repeat(
      inner,
      inner.ins.map((id) => values[id]!),
      body,
    );
    inner.outs.forEach((id, k) => (values[id] = outs[k]!));
  }
  apart.seal([...body.outputs.slice(carries), ...terms].map((id) => values[id]!));
  const starts = splitInputs(a, given).carries;
  const outs = mapOf(node.op, apart, a, given.slice(carries), result);
  const ys = outs.slice(0, a.ys.length);
  return [...outs.slice(a.ys.length).map((rows, j) => starts[j]!.add(sum(rows, 0))), ...ys];
}

/** The loop over a batch as a map over its elements, of which each is a loop. */
function mapOfLoops(
  { op }: Node,
  a: LoopAttributes,
  single: SingleLoop,
  given: readonly Tensor[],
  result: Tape,
): Tensor[] {
  const { loop, size } = single;
  const inputs = inputsOfEach(a, single, given);
  const outs = mapOfElements(op, size, inputs, (body, values) => body.record(op, values, loop), a.body, result);
  const found = splitOutputs(loop, outs, "loop");
  const own = carriesOfEach(a, loop);
  return [
    ...found.carries.map((carry, j) => (own[j] ? carry : max(carry, 0))),
    // The numbers of iterations, where each element has its own.
    ...(a.carries > loop.carries ? found.steps : []),
    ...found.ys.map(swapFirst),
    ...found.steps.map((steps) => max(steps)),
  ];
}
