import { keyOfAttribute } from "../key";
import type { Attributes } from "../primitive";
import type { Node } from "../tape";
import { Tape } from "../tape";
import { Tensor } from "../tensor";
import { type Add, computedOnce } from "./repeats";
import { undone, withoutViews } from "./views";

/**
 * The same program without nodes that no output needs (dead code), and with equal nodes computed once (common subexpressions); operations that
 * can do without views of their operands read what those were made of, and axes that are moved there and back stay. Inputs stay as they are.
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
  const known = new Map<string, Done[]>();
  const views = new Map<number, Node>();
  let absorbed = false;
  const add: Add = (node, ins, avals) => {
    const key = `${node.op.name} ${ins.join(" ")}`;
    const before = known.get(key);
    let outs = before?.find(({ attributes }) => equalAttributes(attributes, node.attributes))?.outs;
    if (!outs) {
      outs = result.extend(node, ins, avals);
      const done = { attributes: node.attributes, outs };
      if (before) before.push(done);
      else known.set(key, [done]);
      if (node.op.fusion === "view") views.set(outs[0]!, result.nodes.at(-1)!);
    }
    return outs;
  };
  for (const given of tape.nodes) {
    if (!isLive(given)) continue;
    const ins = new Array<number>(given.ins.length);
    for (let k = 0; k < ins.length; k++) ins[k] = numbers[given.ins[k]!]!;
    const same = undone(given, ins, views);
    if (same !== undefined) {
      numbers[given.outs[0]!] = same;
      absorbed = true;
      continue;
    }
    const node = withoutViews(given, ins, views);
    if (node !== given) absorbed = true;
    const avals = node.outs.map((id) => tape.avals[id]!);
    const { op } = node;
    const mayRepeat = op.fusion === "map" && !op.positional;
    let outs = mayRepeat ? computedOnce(node, ins, avals[0]!, views, result.avals, add) : undefined;
    if (outs) absorbed = true;
    else outs = add(node, ins, avals);
    for (let k = 0; k < outs.length; k++) numbers[node.outs[k]!] = outs[k]!;
  }
  result.seal(tape.outputs.map((id) => Tensor.traced(result, numbers[id]!, tape.avals[id]!)));
  // Views that nobody reads any more are dead.
  return absorbed ? prune(result) : result;
}

/** What an operation on certain inputs was with some attributes. */
interface Done {
  readonly attributes: Attributes;
  readonly outs: readonly number[];
}

/** Asked only for operations of one name on the same inputs: as text, attributes that hold tapes are long. */
const equalAttributes = (a: Attributes, b: Attributes): boolean => a === b || keyOfAttribute(a) === keyOfAttribute(b);
