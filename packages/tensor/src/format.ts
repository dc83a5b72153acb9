import { type DType, isFloat } from "./dtype";
import type { Attribute } from "./primitive";
import { printShape, type Shape, sizeOf, stridesOf } from "./shape";
import type { Tape } from "./tape";

/** Tensors with more elements than this are printed by their edges. */
const threshold = 1000;
/** Items kept at either end of an axis that is cut. */
const edge = 3;
/** Digits after the point, at most. */
const precision = 8;

/**
 * Values as NumPy prints them: nested brackets, columns aligned, at most 8 decimals, the middle of a long axis left out. What a reader
 * could not tell from the numbers follows: the dtype where it is not float32, the shape where items were left out or there are none.
 * @example formatTensor(new Float32Array([1, 2.5]), [2], "float32") // "[1. , 2.5]"
 */
export function formatTensor(values: ArrayLike<number>, shape: Shape, dtype: DType): string {
  const cut = sizeOf(shape) > threshold;
  const shown = positionsShown(shape, cut);
  const words = formatNumbers(
    shown.map((i) => values[i]!),
    dtype,
  );
  const text = nest(words, shape, cut);
  const suffix = `${dtype === "float32" ? "" : dtype}${cut || shown.length === 0 ? printShape(shape) : ""}`;
  return suffix === "" ? text : `${text} ${suffix}`;
}

/**
 * A tape for people: one line a node, as in `%5: float32[3, 4] = mul %1 2`; literals stand where they are used, tapes inside a node
 * (loops, branches, calls) follow it, indented, each the first time that it stands there; then it is `as %5`, or `as %5 of f`, where another's node holds it.
 * @param shown what is printed in place of a tape inside a node. @defaultValue that tape
 */
export function formatTape(tape: Tape, shown: (inner: Tape) => Tape = (inner) => inner): string {
  return tapeLines(tape, "", { shown, printed: new Map() }).join("\n");
}

/** A node that was printed with the tape it holds: its first result, and the tape that it is on. */
export interface Printed {
  readonly tape: Tape;
  readonly id: number;
}

/** What is printed for a node of `tape` in place of a tape that was printed with another node. */
export const printedAs = (tape: Tape, { tape: before, id }: Printed): string =>
  `as %${id}${before === tape ? "" : ` of ${before.where}`}`;

/** What is printed in place of tapes inside nodes, and which have been. */
interface Inner {
  readonly shown: (inner: Tape) => Tape;
  readonly printed: Map<Tape, Printed>;
}

const indicesShown = (length: number, cut: boolean): number[] => {
  const all = Array.from({ length }, (_, i) => i);
  return cut && length > 2 * edge ? [...all.slice(0, edge), ...all.slice(length - edge)] : all;
};

function positionsShown(shape: Shape, cut: boolean): number[] {
  const strides = stridesOf(shape);
  return shape.reduce<number[]>(
    (found, length, axis) => found.flatMap((at) => indicesShown(length, cut).map((i) => at + i * strides[axis]!)),
    [0],
  );
}

function nest(words: readonly string[], shape: Shape, cut: boolean): string {
  let next = 0;
  const build = (axis: number): string => {
    if (axis === shape.length) return words[next++]!;
    const last = axis === shape.length - 1;
    const items = indicesShown(shape[axis]!, cut).map(() => build(axis + 1));
    if (items.length < shape[axis]!) items.splice(edge, 0, "…");
    return `[${items.join(last ? ", " : `,${"\n".repeat(shape.length - axis - 1)}${" ".repeat(axis + 1)}`)}]`;
  };
  return build(0);
}

function formatNumbers(values: readonly number[], dtype: DType): string[] {
  if (dtype === "bool") return alignRight(values.map((x) => (x === 0 ? "false" : "true")));
  if (!isFloat(dtype)) return alignRight(values.map(String));
  const finite = values.filter((x) => Number.isFinite(x));
  const sizes = finite.filter((x) => x !== 0).map(Math.abs);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (finite.every(Number.isInteger) && (sizes.length === 0 || most < 1e16)) return alignRight(values.map(plain));
  // NumPy's rule for when fixed columns would mislead.
  const scientific = sizes.length > 0 && (most >= 1e8 || least < 1e-4 || most / least > 1000);
  const words = values.map((x) =>
    Number.isFinite(x) ? (scientific ? exponential(x, dtype) : fixed(x, dtype)) : plain(x),
  );
  return scientific ? alignRight(words) : alignPoint(words);
}

const plain = (x: number): string =>
  Number.isNaN(x) ? "nan" : Number.isFinite(x) ? (Object.is(x, -0) ? "-0" : String(x)) : x > 0 ? "inf" : "-inf";

/** The fewest significant digits that read back as the same number of this dtype, at most `precision` + 1. */
function exponential(x: number, dtype: DType): string {
  for (let digits = 0; ; digits++) {
    const text = x.toExponential(digits);
    if (digits === precision || readsAs(text, x, dtype)) return text;
  }
}

function fixed(x: number, dtype: DType): string {
  for (let digits = 0; ; digits++) {
    const text = `${Object.is(x, -0) ? "-" : ""}${x.toFixed(digits)}`;
    if (digits === precision || readsAs(text, x, dtype)) return digits === 0 ? `${text}.` : text;
  }
}

const readsAs = (text: string, x: number, dtype: DType): boolean =>
  dtype === "float32" ? Math.fround(Number(text)) === x : Number(text) === x;

const alignRight = (words: readonly string[]): string[] => {
  const width = words.reduce((most, word) => Math.max(most, word.length), 0);
  return words.map((word) => word.padStart(width));
};

function alignPoint(words: readonly string[]): string[] {
  const decimals = words.map((word) => (word.includes(".") ? word.length - word.indexOf(".") - 1 : -1));
  const most = decimals.reduce((a, b) => Math.max(a, b), 0);
  // Words without a point (nan, inf) end where the columns end.
  return alignRight(words.map((word, i) => (decimals[i]! < 0 ? word : word + " ".repeat(most - decimals[i]!))));
}

/** The type of a value of a tape, as in `float32[3, 4]`. */
export const typeOf = (tape: Tape, id: number): string => {
  const { dtype, shape, weak, dynamic } = tape.avals[id]!;
  const lengths = shape.map((length, axis) => (dynamic && axis === 0 ? `≤${length}` : String(length)));
  return `${dtype}${weak ? "?" : ""}[${lengths.join(", ")}]`;
};

function tapeLines(tape: Tape, indent: string, inside: Inner): string[] {
  const names = new Map<number, string>(tape.literals.map(({ id, value }) => [id, plain(value)]));
  const name = (id: number): string => names.get(id) ?? `%${id}`;
  const input = (id: number, k: number): string =>
    `%${id}: ${typeOf(tape, id)}${k < tape.declaredInputs ? "" : " captured"}`;
  return [
    `${indent}${tape.where} (${tape.inputs.map(input).join(", ")})`,
    ...tape.nodes.flatMap((node) => {
      const [words, inner] = attributeWords(node.attributes, (sub) => {
        const body = inside.shown(sub);
        const before = inside.printed.get(body);
        if (before) return printedAs(tape, before);
        if (node.outs.length > 0) inside.printed.set(body, { tape, id: node.outs[0]! });
        return body;
      });
      const outs = node.outs.map((id) => `%${id}: ${typeOf(tape, id)}`).join(", ");
      const head = [...(outs ? [outs, "="] : []), node.op.name, ...node.ins.map(name), ...words].join(" ");
      return [`${indent}  ${head}`, ...inner.flatMap(([label, body]) => subTape(label, body, `${indent}    `, inside))];
    }),
    `${indent}  return ${tape.outputs.map(name).join(", ")}`,
  ];
}

function subTape(label: string, tape: Tape, indent: string, inside: Inner): string[] {
  const [first, ...rest] = tapeLines(tape, indent, inside);
  return [`${indent}${label} = ${first!.trimStart()}`, ...rest];
}

/** Rows of words as aligned columns, those from `numbers` on aligned right. */
export function formatColumns(rows: readonly (readonly string[])[], numbers: number): string {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  const lines = rows.map((row) =>
    row.map((word, c) => (c < numbers ? word.padEnd(widths[c]!) : word.padStart(widths[c]!))).join("  "),
  );
  return lines.map((line) => line.trimEnd()).join("\n");
}

/** A number with its digits in groups of three. */
export const formatCount = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

/**
 * Attributes as `name=value` words, and those of the tapes among them that are printed below the node.
 * @param show what is printed there for a tape, or the word for it
 */
function attributeWords(
  attributes: Readonly<Record<string, Attribute>>,
  show: (tape: Tape) => Tape | string,
): [string[], [string, Tape][]] {
  const inner: [string, Tape][] = [];
  const word = (path: string, value: Attribute): string => {
    if (isTape(value)) {
      const body = show(value);
      if (typeof body === "string") return body;
      inner.push([path, body]);
      return "↓";
    }
    if (typeof value === "function") return value.name || "function";
    if (typeof value === "number") return plain(value);
    if (Array.isArray(value))
      return `[${(value as readonly Attribute[]).map((item, k) => word(`${path}[${k}]`, item)).join(", ")}]`;
    if (typeof value === "object")
      return `{${Object.entries(value)
        .map(([key, item]) => `${key}=${word(`${path}.${key}`, item)}`)
        .join(", ")}}`;
    return String(value);
  };
  const words = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${word(key, value)}`);
  return [words, inner];
}

// By what it has, not by its class: tensors import this file, and tapes import tensors.
const isTape = (value: Attribute): value is Tape =>
  typeof value === "object" && "nodes" in value && "literals" in value;
