import type { Attribute, Aval } from "./primitive";
import { sameShape } from "./shape";
import { Tape } from "./tape";

const keys = new WeakMap<Tape, string>();

/** The exact structure of a sealed tape as text: two tapes have one key if and only if they are the same program. */
export function keyOfTape(tape: Tape): string {
  let key = keys.get(tape);
  if (key === undefined) keys.set(tape, (key = structureOf(tape, keyOfTape)));
  return key;
}

/** The structure of a sealed tape, in which `keyOfInner` says what stands for the tapes that its nodes hold. */
export function structureOf(tape: Tape, keyOfInner: (inner: Tape) => string): string {
  const parts: string[] = [];
  // With the inputs' numbers, those of all other values follow.
  for (const id of tape.inputs) parts.push(String(id), keyOfAval(tape.avals[id]!), ",");
  for (const { id, value } of tape.literals)
    parts.push("#", String(id), keyOfAval(tape.avals[id]!), keyOfNumber(value));
  for (const { op, ins, attributes } of tape.nodes)
    parts.push(";", op.name, "(", ins.join(), ")", keyOfAttribute(attributes, keyOfInner));
  parts.push(">", tape.outputs.join());
  return parts.join("");
}

export const keyOfAval = ({ dtype, shape, weak, dynamic }: Aval): string =>
  `${dtype}${weak ? "?" : ""}${dynamic ? "~" : ""}[${shape.join()}]`;

/**
 * Attributes as text. Functions (rules of custom derivatives) do not change what a node computes, so they are left out. Among options of users there may be
 * null.
 */
export function keyOfAttribute(attribute: Attribute, keyOfInner: (inner: Tape) => string = keyOfTape): string {
  if (typeof attribute === "number") return keyOfNumber(attribute);
  if (typeof attribute === "string") return `"${attribute.length}:${attribute}`;
  if (typeof attribute === "function") return "";
  if (typeof attribute !== "object" || !attribute) return String(attribute);
  if (attribute instanceof Tape) return `{${keyOfInner(attribute)}}`;
  let key = "";
  if (Array.isArray(attribute)) {
    for (let i = 0; i < attribute.length; i++)
      key += `${i > 0 ? "," : ""}${keyOfAttribute(attribute[i] as Attribute, keyOfInner)}`;
    return `[${key}]`;
  }
  const named = attribute as Named;
  for (const name in named) key += `${key && ","}${name}:${keyOfAttribute(named[name], keyOfInner)}`;
  return `{${key}}`;
}

const keyOfNumber = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** Whether two types have one key. */
export function sameType(a: Aval, b: Aval): boolean {
  if (a.dtype !== b.dtype || (a.weak ?? false) !== (b.weak ?? false) || (a.dynamic ?? false) !== (b.dynamic ?? false))
    return false;
  return sameShape(a.shape, b.shape);
}

/** Whether two attributes have one key, for attributes that {@link copyOfAttribute} can copy. */
export function sameAttribute(a: Attribute, b: Attribute): boolean {
  if (a === b) return a !== 0 || Object.is(a, b);
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return Object.is(a, b);
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!sameAttribute(a[i] as Attribute, b[i] as Attribute)) return false;
    return true;
  }
  if (Array.isArray(b) || b instanceof Tape) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  for (const name of names) if (!(name in b) || !sameAttribute((a as Named)[name], (b as Named)[name])) return false;
  return true;
}

/** A copy that later changes of the attribute do not reach; undefined for one that holds tapes or functions. */
export function copyOfAttribute(attribute: Attribute): Attribute {
  if (typeof attribute === "function" || attribute instanceof Tape) return undefined;
  if (typeof attribute !== "object" || !attribute) return attribute;
  if (Array.isArray(attribute)) {
    const items = attribute as readonly Attribute[];
    const copies = items.map(copyOfAttribute);
    return copies.some((copy, i) => copy === undefined && items[i] !== undefined) ? undefined : copies;
  }
  const copy: Record<string, Attribute> = {};
  for (const [name, value] of Object.entries(attribute)) {
    const inner = copyOfAttribute(value);
    if (inner === undefined && value !== undefined) return undefined;
    copy[name] = inner;
  }
  return copy;
}

type Named = Readonly<Record<string, Attribute>>;
