import type { Attribute, Aval } from "./primitive";
import { Tape } from "./tape";

const keys = new WeakMap<Tape, string>();

/** The exact structure of a sealed tape as text: two tapes have one key if and only if they are the same program. */
export function keyOfTape(tape: Tape): string {
  let key = keys.get(tape);
  if (key === undefined) {
    const parts: string[] = [];
    // With the inputs' numbers, those of all other values follow.
    for (const id of tape.inputs) parts.push(String(id), keyOfAval(tape.avals[id]!), ",");
    for (const { id, value } of tape.literals)
      parts.push("#", String(id), keyOfAval(tape.avals[id]!), keyOfNumber(value));
    for (const { op, ins, attributes } of tape.nodes)
      parts.push(";", op.name, "(", ins.join(), ")", keyOfAttribute(attributes));
    parts.push(">", tape.outputs.join());
    keys.set(tape, (key = parts.join("")));
  }
  return key;
}

export const keyOfAval = ({ dtype, shape, weak, dynamic }: Aval): string =>
  `${dtype}${weak ? "?" : ""}${dynamic ? "~" : ""}[${shape.join()}]`;

/** Attributes as text. Functions (rules of custom derivatives) do not change what a node computes, so they are left out. */
export function keyOfAttribute(attribute: Attribute): string {
  if (typeof attribute === "number") return keyOfNumber(attribute);
  if (typeof attribute === "string") return `"${attribute.length}:${attribute}`;
  if (attribute === undefined || typeof attribute === "boolean") return String(attribute);
  if (typeof attribute === "function") return "";
  if (attribute instanceof Tape) return `{${keyOfTape(attribute)}}`;
  if (Array.isArray(attribute)) return `[${attribute.map(keyOfAttribute).join()}]`;
  return `{${Object.entries(attribute)
    .map(([name, value]) => `${name}:${keyOfAttribute(value)}`)
    .join()}}`;
}

const keyOfNumber = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));
