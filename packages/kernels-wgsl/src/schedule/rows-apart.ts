import { cast, inlineTape, max, type Node, permute, sameShape, sum, Tape, type Tensor } from "@dzdt/tensor";
import { bytesOf, type LoopAttributes, modeOf, type SingleLoop, splitInputs, splitOutputs } from "@dzdt/tensor/lower";
import { rerecorded, withoutCalls } from "./inlined";
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
    const dynamic = node.ins.some((id) => tape.avals[id]!.dynamic);
    if (op.control !== "loop" || dynamic || modeOf(tape, node) || hasRounds(node))
      return result.record(op, given, attributes);
    const a = attributes as unknown as LoopAttributes;
    if (a.single) return mapOfLoops(node, a, a.single, given, result);
    const terms = termsOf(a);
    const bytes = a.body.outputs.slice(0, a.carries).reduce((all, id) => all + bytesOf(a.body.avals[id]!), 0);
    if (terms && a.length * bytes <= most) return mapAndSums(node, a, terms, given, result);
    return isMap(a) ? mapOf(node, a.body, a, given, result) : result.record(op, given, attributes);
  });
}

/** A map of which each iteration is `body`. Its bools are numbers, as the bools of two rows may share a word, which only one may write. */
function mapOf(node: Node, body: Tape, a: LoopAttributes, given: readonly Tensor[], result: Tape): Tensor[] {
  const types = body.outputs.map((id) => body.avals[id]!.dtype);
  const numbers = types.includes("bool") ? withNumbers(body) : body;
  const map: LoopAttributes = {
    body: withoutCalls(numbers),
    condition: undefined,
    carries: 0,
    xs: a.xs,
    length: a.length,
    counted: false,
    reverse: a.reverse,
    ys: types.map(() => "each" as const),
    rows: 0,
    lanes: 0,
  };
  return result.record(node.op, given, map).map((y, k) => cast(y, types[k]!));
}

/** The tape with int32 in place of bools in its outputs. */
function withNumbers(tape: Tape): Tape {
  const result = new Tape(tape.where, { target: tape.target });
  const outs = inlineTape(
    tape,
    tape.inputs.map((id) => result.input(tape.avals[id]!)),
    result,
  );
  result.seal(outs.map((x) => (x.dtype === "bool" ? cast(x, "int32") : x)));
  return result;
}

/** Do iterations need nothing of each other? */
export const isMap = (a: LoopAttributes): boolean =>
  a.carries === 0 && !a.condition && !a.counted && a.length > 1 && a.ys.every((kind) => kind === "each");

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
  const outs = mapOf(node, apart, a, given.slice(carries), result);
  const ys = outs.slice(0, a.ys.length);
  return [...outs.slice(a.ys.length).map((rows, j) => starts[j]!.add(sum(rows, 0))), ...ys];
}

/** The loop over a batch as a map over its elements, of which each is a loop. */
function mapOfLoops(
  node: Node,
  a: LoopAttributes,
  single: SingleLoop,
  given: readonly Tensor[],
  result: Tape,
): Tensor[] {
  const { loop, size } = single;
  const all = splitInputs(a, given);
  const part = (list: readonly Tensor[], batched: readonly boolean[]): Part[] =>
    batched.map((own, j) => ({ x: list[j]!, own }));
  const inputs: readonly Part[] = [
    ...(single.count === undefined
      ? part(
          all.count,
          all.count.map(() => false),
        )
      : [{ x: all.constants[single.count]!, own: true }]),
    ...part(all.carries.slice(0, loop.carries), new Array<boolean>(loop.carries).fill(true)),
    ...part(
      all.xs.map((x, j) => (single.xs[j] ? swapFirst(x) : x)),
      single.xs,
    ),
    ...part(all.constants, single.constants),
    ...part(all.conditionConstants, single.conditionConstants),
  ];
  const [xs, constants] = [true, false].map((own) => inputs.filter((input) => input.own === own));
  const body = new Tape(a.body.where, { target: a.body.target });
  body.input({ dtype: "int32", shape: [] });
  const values = new Map<Part, Tensor>();
  for (const input of xs!) values.set(input, body.input({ dtype: input.x.dtype, shape: input.x.shape.slice(1) }));
  for (const input of constants!) values.set(input, body.input({ dtype: input.x.dtype, shape: input.x.shape }));
  const outs = body.record(
    node.op,
    inputs.map((input) => values.get(input)!),
    loop,
  );
  body.seal(outs);
  const map = { ...loop, xs: xs!.length, length: size, reverse: false };
  const found = splitOutputs(
    loop,
    mapOf(
      node,
      body,
      map,
      [...xs!, ...constants!].map(({ x }) => x),
      result,
    ),
    "loop",
  );
  return [
    ...found.carries,
    // The numbers of iterations, where each element has its own.
    ...(a.carries > loop.carries ? found.steps : []),
    ...found.ys.map(swapFirst),
    ...found.steps.map((steps) => max(steps)),
  ];
}

/** An input of the loop of each element, and whether each has its own. */
interface Part {
  readonly x: Tensor;
  readonly own: boolean;
}

const swapFirst = (x: Tensor): Tensor => permute(x, [1, 0, ...x.shape.slice(2).map((_, k) => k + 2)]);
