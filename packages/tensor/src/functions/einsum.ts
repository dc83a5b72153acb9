import { kindOf } from "../arguments";
import { composite } from "../composite";
import { ShapeError } from "../errors";
import type { TensorLike } from "../literals";
import { printShape } from "../shape";
import { Tensor } from "../tensor";
import { arrange, type Labelled, multiply } from "./labels";
import { settle } from "./operands";
import { countable } from "./reduce";
import { diagonal, squeeze } from "./structure";

/**
 * Einstein's summation: a letter for each axis; products are summed over letters that the result does not name. Without `->` the result has
 * the letters that occur once, in alphabetical order. `...` stands for further axes, which broadcast. A letter twice in one term takes
 * the diagonal. Operands are multiplied from left to right.
 * @example einsum("ij,jk->ik", a, b) // matrix product
 * @example einsum("ii", a) // trace
 */
export const einsum = (spec: string, ...operands: readonly TensorLike[]): Tensor =>
  einsumOf(operands.every((x) => x instanceof Tensor) ? operands : settleAll(spec, operands), spec);

const einsumOf = composite("einsum", (operands: readonly Tensor[], spec: string) => {
  const tensors = settleAll(spec, operands);
  const [inputs, output] = parse(spec, tensors);
  checkLengths(spec, inputs);
  const known = new Set(inputs.flatMap((a) => a.labels));
  const result = output ?? implicitOutput(inputs);
  for (const label of result)
    if (!known.has(label) || result.indexOf(label) !== result.lastIndexOf(label))
      throw fail(
        spec,
        `the result names "${label}" ${known.has(label) ? "twice" : "that no operand has"}`,
        "name letters of the operands, each once",
      );
  const single = inputs.map((a) => takeDiagonals(stretch(a, inputs)));
  let product = single[0]!;
  for (let j = 1; j < single.length; j++)
    product = multiply(product, single[j]!, new Set([...result, ...single.slice(j + 1).flatMap((a) => a.labels)]));
  return arrange(product, result);
});

const fail = (spec: string, wrong: string, remedy: string): ShapeError =>
  new ShapeError(`einsum: in "${spec}" ${wrong}; ${remedy}`);

function settleAll(spec: string, operands: readonly TensorLike[]): Tensor[] {
  if (typeof spec !== "string")
    throw new TypeError(
      `einsum: ${kindOf(spec)} in place of an equation; give a string first, as in einsum("ij,jk->ik", x, y)`,
    );
  const terms = spec.split("->")[0]!.split(",").length;
  if (terms !== operands.length || operands.length === 0)
    throw fail(spec, `there are ${terms} terms for ${operands.length} operands`, "give one tensor for each term");
  return settle("einsum", operands).map(countable);
}

function parse(spec: string, tensors: readonly Tensor[]): [Labelled[], string[] | undefined] {
  const [left, right, more] = spec.replace(/\s/g, "").split("->");
  if (more !== undefined || !/^[A-Za-z.,]*$/.test(left!) || !/^[A-Za-z.]*$/.test(right ?? ""))
    throw fail(spec, "a character is not understood", `write letters, commas, "..." and at most one "->"`);
  const inputs = left!.split(",").map((term, j) => ({ x: tensors[j]!, labels: labelsOf(spec, term, tensors[j]!) }));
  const most = Math.max(0, ...inputs.map((a) => a.labels.filter(isEllipsis).length));
  return [inputs, right === undefined ? undefined : expand(spec, right, most)];
}

const isEllipsis = (label: string): boolean => label.length > 1;

function labelsOf(spec: string, term: string, x: Tensor): string[] {
  const letters = term.replace("...", "").length;
  const open = term.includes("...");
  if (open ? letters > x.ndim : letters !== x.ndim)
    throw fail(
      spec,
      `"${term}" has ${letters} letters for shape ${printShape(x.shape)}`,
      "give one letter for each axis",
    );
  return expand(spec, term, x.ndim - letters);
}

/** Letters of a term; axes behind the dots are named by their distance from the last of them. */
function expand(spec: string, term: string, dots: number): string[] {
  const parts = term.split("...");
  if (parts.length > 2 || parts.some((part) => part.includes(".")))
    throw fail(spec, `"${term}" has dots that are not one "..."`, `write "..." once in a term`);
  return parts.length === 1
    ? [...term]
    : [...parts[0]!, ...Array.from({ length: dots }, (_, j) => `...${dots - j}`), ...parts[1]!];
}

function implicitOutput(inputs: readonly Labelled[]): string[] {
  const all = inputs.flatMap((a) => a.labels);
  const dots = inputs.map((a) => a.labels.filter(isEllipsis)).reduce((a, b) => (b.length > a.length ? b : a));
  const once = all.filter((label) => !isEllipsis(label) && all.indexOf(label) === all.lastIndexOf(label));
  return [...dots, ...once.sort()];
}

const lengthOf = (label: string, inputs: readonly Labelled[]): number =>
  inputs
    .flatMap((a) => a.labels.flatMap((l, axis) => (l === label ? [a.x.shape[axis]!] : [])))
    .reduce((n, m) => (n === 1 ? m : n));

function checkLengths(spec: string, inputs: readonly Labelled[]): void {
  for (const { x, labels } of inputs)
    labels.forEach((label, axis) => {
      const length = lengthOf(label, inputs);
      const repeated = labels.indexOf(label) !== labels.lastIndexOf(label);
      if (x.shape[axis] !== length && (x.shape[axis] !== 1 || repeated))
        throw fail(
          spec,
          `"${label}" is ${length} long and ${x.shape[axis]} in shape ${printShape(x.shape)}`,
          "one letter is one length, or 1",
        );
    });
}

/** Without axes of length 1 whose letter is longer elsewhere. */
function stretch({ x, labels }: Labelled, inputs: readonly Labelled[]): Labelled {
  const short = labels.flatMap((label, axis) => (x.shape[axis] === 1 && lengthOf(label, inputs) !== 1 ? [axis] : []));
  return short.length
    ? { x: squeeze(x, short), labels: labels.filter((_, axis) => !short.includes(axis)) }
    : { x, labels };
}

function takeDiagonals(a: Labelled): Labelled {
  const second = a.labels.findIndex((label, axis) => a.labels.indexOf(label) !== axis);
  if (second < 0) return a;
  const label = a.labels[second]!;
  const first = a.labels.indexOf(label);
  const rest = a.labels.filter((_, axis) => axis !== first && axis !== second);
  return takeDiagonals({ x: diagonal(a.x, first, second), labels: [...rest, label] });
}
