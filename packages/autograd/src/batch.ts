import { type Aval, type Tape, type Traced, withinRule } from "@dzdt/tensor";
import { checkDerivative } from "./check";
import { define, replay, replayLiterals, replayNode, type Rules, valuesOf } from "./replay";

/**
 * The tape for `size` inputs at once: inputs marked in `batched` carry an axis 0 of length `size`, and so do outputs marked in
 * `batchedOuts`, among them all in `forced`. What depends on no batched input is computed once.
 */
export function batch(
  o: Rules,
  tape: Tape,
  batched: readonly boolean[],
  size: number,
  forced: readonly boolean[] = [],
): Traced & { readonly batchedOuts: readonly boolean[] } {
  const wide = new Uint8Array(tape.avals.length);
  tape.inputs.forEach((id, k) => (wide[id] = batched[k] ? 1 : 0));
  const state = replay(tape, (aval, k) => (batched[k] ? widened(aval, size) : aval));
  const { onto, values } = state;
  replayLiterals(tape, state);
  for (const node of tape.nodes) {
    const flags = node.ins.map((id) => wide[id] === 1);
    if (!flags.includes(true)) {
      replayNode(node, state);
      continue;
    }
    const { op, attributes } = node;
    const outs = withinRule(() => op.batch(o, valuesOf(node.ins, values), flags, attributes, size));
    define(node, outs, values);
    node.outs.forEach((id, k) => {
      const { dtype, shape, dynamic } = tape.avals[id]!;
      wide[id] = outs[k]!.shape.length > shape.length ? 1 : 0;
      const expected = wide[id] ? [size, ...shape] : shape;
      if (!dynamic) checkDerivative(`batch of ${op.name}`, `result ${k}`, outs[k]!, { dtype, shape: expected });
    });
  }
  const outs = tape.outputs.map((id, k) => {
    const x = values[id]!;
    return forced[k] && !wide[id] ? withinRule(() => o.broadcastTo(x, [size, ...x.shape])) : x;
  });
  onto.seal(outs);
  const batchedOuts = tape.outputs.map((id, k) => wide[id] === 1 || (forced[k] ?? false));
  return { tape: onto, captured: onto.captured, batchedOuts };
}

/** The type with a batch axis: axis 0, but of a dynamic value axis 1, for its rows come first. */
const widened = ({ dtype, shape, dynamic }: Aval, size: number): Aval =>
  dynamic ? { dtype, shape: [shape[0]!, size, ...shape.slice(1)], dynamic } : { dtype, shape: [size, ...shape] };
