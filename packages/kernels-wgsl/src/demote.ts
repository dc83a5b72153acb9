import { type Attribute, type Attributes, type Aval, Tape, type Tensor } from "@dzdt/tensor";
import { remembered } from "@dzdt/tensor/lower";
import { noDoubles } from "./wgsl/types";

/**
 * Numbers of the host language arrive as weak float64 scalars, which take the dtype of what they meet. On a GPU they are single from the start.
 * @throws UnsupportedError where a tape computes in float64 proper
 */
export const demote: (tape: Tape) => Tape = remembered((tape) => {
  if (!mentionsDoubles(tape)) return tape;
  const result = new Tape(tape.where, { target: tape.target });
  const single = (aval: Aval): Aval => {
    if (aval.dtype !== "float64") return aval;
    return aval.weak ? { ...aval, dtype: "float32" } : noDoubles(tape.where);
  };
  const values = new Array<Tensor>(tape.avals.length);
  for (const id of tape.inputs) values[id] = result.input(single(tape.avals[id]!));
  for (const { id, value } of tape.literals) {
    const { dtype, weak } = single(tape.avals[id]!);
    values[id] = result.literal(value, dtype, weak);
  }
  for (const node of tape.nodes) {
    const ins = node.ins.map((id) => values[id]!);
    const outs = result.record(node.op, ins, inside(node.attributes));
    node.outs.forEach((id, k) => (values[id] = outs[k]!));
    for (const { dtype } of outs) if (dtype === "float64") noDoubles(`${tape.where}: ${node.op.name}`);
  }
  result.seal(tape.outputs.map((id) => values[id]!));
  return result;
});

const inside = (attributes: Attributes): Attributes => within(attributes) as Attributes;

function within(attribute: Attribute): Attribute {
  if (attribute instanceof Tape) return demote(attribute);
  if (Array.isArray(attribute)) return attribute.map(within);
  if (typeof attribute !== "object") return attribute;
  return Object.fromEntries(Object.entries(attribute).map(([name, value]) => [name, within(value)]));
}

const mentionsDoubles: (tape: Tape) => boolean = remembered(
  ({ avals, nodes }) =>
    avals.some(({ dtype }) => dtype === "float64") || nodes.some(({ attributes }) => holdsDoubles(attributes)),
);

function holdsDoubles(attribute: Attribute): boolean {
  if (attribute instanceof Tape) return mentionsDoubles(attribute);
  return typeof attribute === "object" && Object.values(attribute).some((x) => holdsDoubles(x));
}
