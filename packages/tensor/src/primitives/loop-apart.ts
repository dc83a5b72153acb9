import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { type LoopAttributes, type SingleLoop, splitInputs, splitOutputs } from "../lower/control";
import { sizeOf } from "../shape";
import { mostShared, swapFirst } from "./loop-batch";
import type { Given } from "./loop-each";
import { retrace } from "./retrace";

// The way back of a batch of loops is the batch of the ways back, as long as each element has sums of its own for what all have in common: then
// elements need nothing of each other there, either. Where that is large, as weights of networks are, they go back in lock step over common sums.

/** The most iterations of a loop with a condition: single precision has room for their number, and for so many more. */
const mostIterations = 2 ** 23;

/** Is all that moves each element's own, or small? */
export function canGoBackApart(a: LoopAttributes, single: SingleLoop, { ins, marks }: Given): boolean {
  const { constants } = splitInputs(a, ins);
  const moving = marks.slice(1 + a.carries + a.xs);
  // The batch's further constants are those of the condition, of which nothing flows back.
  const fits = single.constants.every((own, j) => own || !moving[j] || sizeOf(constants[j]!.shape) <= mostShared);
  return fits && a.xs === 0 && single.size > 0 && !(a.condition && a.length > mostIterations);
}

/** A value, and whether each element has a part of its own: along axis 0, or along axis 1 of rows of unknown number. */
export type Shared = readonly [x: Tensor, own: boolean];

/** The steps of a batch with a condition: of each element where the batch counts them, else the same for all. */
export const stepsOfEach = (a: LoopAttributes, { loop }: SingleLoop, outs: readonly Tensor[]): Shared =>
  a.carries > loop.carries ? [outs[loop.carries]!, true] : [outs.at(-1)!, false];

/**
 * Cotangents of a batch of loops, by input.
 * @param saved what was kept of each on the way there
 * @param back the same of one loop
 */
export function goBackApart(
  o: RuleOps,
  a: LoopAttributes,
  single: SingleLoop,
  { cts, ins, outs, marks }: Omit<Given, "saved">,
  saved: readonly Shared[],
  back: (one: LoopAttributes, given: Given) => (Tensor | undefined)[],
): (Tensor | undefined)[] {
  const { loop, size, count, constants: ownConstants, conditionConstants: ownAsked } = single;
  const given = splitInputs(a, ins);
  const ct = splitOutputs(a, cts, "loop");
  const counters = a.carries - loop.carries;
  const first = <T>(list: readonly T[]): readonly T[] => list.slice(0, ownConstants.length);
  const steps = a.condition ? [stepsOfEach(a, single, outs)] : [];
  const counts = count === undefined ? given.count : [given.constants[count]!];
  const flowing = [...ct.carries.slice(0, loop.carries), ...ct.ys.map((y) => y && swapFirst(o, y))];
  const inputs: readonly (readonly Shared[])[] = [
    counts.map((x) => [x, count !== undefined]),
    given.carries.slice(0, loop.carries).map((x) => [x, true]),
    first(given.constants).map((x, j) => [x, ownConstants[j] === true]),
    given.conditionConstants.slice(0, ownAsked.length).map((x, j) => [x, ownAsked[j]!]),
    flowing.flatMap((x): Shared[] => (x ? [[x, true]] : [])),
    saved,
    steps,
  ];
  const all = inputs.flat();
  const types = all.map(([x, own]) => {
    const axis = own ? (x.dynamic ? 1 : 0) : -1;
    return { dtype: x.dtype, shape: x.shape.filter((_, k) => k !== axis), ...(x.dynamic ? { dynamic: true } : {}) };
  });
  let found: (Tensor | undefined)[] = [];
  const { tape, captured } = retrace("loop", types, (list) => {
    const rest = [...list];
    const [counts, carries, constants, asked, flow, kept, ended] = inputs.map(({ length }) => rest.splice(0, length));
    const ofResults = flowing.map((x) => x && flow!.shift());
    found = back(loop, {
      cts: [...ofResults, ...ended!.map(() => undefined)],
      ins: [...counts!, ...carries!, ...constants!, ...asked!],
      outs: ended!,
      marks: [marks[0]!, ...marks.slice(1, 1 + loop.carries), ...first(marks.slice(1 + a.carries))],
      saved: kept!,
    });
    return found.filter((x) => x !== undefined);
  });
  const many = o.transforms.batch(
    tape,
    [...all.map(([, own]) => own), ...captured.map(() => false)],
    size,
    tape.outputs.map(() => true),
  );
  const results = o.applyTape(many.tape, [...all.map(([x]) => x), ...captured, ...many.captured]);
  const own = found.map((x) => x && results.shift());
  const ofLoop = splitInputs(loop, own);
  const none = (n: number): undefined[] => new Array<undefined>(n).fill(undefined);
  return [
    ...given.count.map(() => undefined),
    ...ofLoop.carries,
    ...none(counters),
    ...ofLoop.constants.map((x, j) => (x && !ownConstants[j] ? o.sum(x, 0) : x)),
    ...none(given.constants.length - ofLoop.constants.length),
    ...given.conditionConstants.map(() => undefined),
  ];
}
