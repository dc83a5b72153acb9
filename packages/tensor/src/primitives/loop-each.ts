import type { Aval } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { type LoopAttributes, type SingleLoop, splitInputs, splitOutputs } from "../lower/control";
import { counterType, inputTypes, retrace, typeOf } from "./retrace";

// What each element of a batch does there and back, if the batch is a loop, is found by the rules that find it for the batch: they are asked again
// for one element, whose values have the types that are the batch's without its axis.

/** What the way back through a loop is given. */
export interface Given {
  readonly cts: readonly (Tensor | undefined)[];
  readonly ins: readonly Tensor[];
  readonly outs: readonly Tensor[];
  /** Which inputs of the body move. */
  readonly marks: readonly boolean[];
  /** What was kept on the way there. */
  readonly saved: readonly Tensor[];
}

/** What each element of a batch does alone, where reverse mode says it, too. */
export function differentiableSingle(ins: readonly Tensor[], a: LoopAttributes): SingleLoop | undefined {
  return a.carries > 0 && !a.ys.includes("each") && !ins.some((x) => x.dynamic) ? a.single : undefined;
}

/** The same of a loop that is cut into segments: where all elements have the same count, and no rows of their own. */
export function singleOfSegments(ins: readonly Tensor[], a: LoopAttributes): SingleLoop | undefined {
  const single = differentiableSingle(ins, a);
  return a.xs === 0 && single?.count === undefined ? single : undefined;
}

/** An element's loop with all that the batch has, and the types of what it is given. */
interface Element {
  readonly one: LoopAttributes;
  readonly types: readonly Aval[];
}

/** The batch may have one more carry, numbers of iterations, and more constants, which no element asks for. */
function elementOf(o: RuleOps, a: LoopAttributes, single: SingleLoop, ins: readonly Tensor[]): Element {
  const { loop } = single;
  const given = splitInputs(a, ins);
  const counters = a.carries - loop.carries;
  const constants = given.constants.map((x, j) => (single.constants[j] ? part(x, 0) : typeOf(x)));
  const own = inputTypes(loop.body);
  const before = own.slice(0, 1 + loop.carries);
  const after = own.slice(before.length);
  const counter = new Array<Aval>(counters).fill(counterType);
  const types = [...before, ...counter, ...after, ...constants.slice(single.constants.length)];
  const body = retrace("loop", types, (inputs, run) => {
    const rest = [...inputs];
    const carries = rest.splice(0, before.length);
    const steps = rest.splice(0, counters).map((n) => o.add(n, 1));
    const outs = run(loop.body, [...carries, ...rest.slice(0, after.length)]);
    return [...outs.slice(0, loop.carries), ...steps, ...outs.slice(loop.carries)];
  });
  const condition =
    loop.condition &&
    retrace("loop", [...before.slice(1), ...counter, ...inputTypes(loop.condition).slice(loop.carries)], (ins, run) =>
      run(loop.condition!, [...ins.slice(0, loop.carries), ...ins.slice(a.carries)]),
    );
  return {
    one: { ...loop, body: body.tape, condition: condition?.tape, carries: a.carries },
    types: [
      ...given.count.map(typeOf),
      ...given.carries.map((x) => part(x, 0)),
      ...given.xs.map((x, j) => (single.xs[j] ? part(x, 1) : typeOf(x))),
      ...constants,
      ...single.conditionConstants.map((is, j) => part(given.conditionConstants[j]!, is ? 0 : -1)),
    ],
  };
}

/** The attributes of the loop that `record` records first; undefined if it reads more than it is given. */
function loopMade(types: readonly Aval[], record: (ins: readonly Tensor[]) => void): LoopAttributes | undefined {
  const { tape, captured } = retrace("loop", types, (ins) => {
    record(ins);
    return [];
  });
  const made = tape.nodes.find(({ op }) => op.control === "loop");
  return captured.length > 0 ? undefined : (made?.attributes as LoopAttributes | undefined);
}

/** Constants of a loop of the way there or back, of which the first are those of the loop itself, as they are batched. */
function constantsOf(
  { body, carries, xs }: LoopAttributes,
  { constants }: SingleLoop,
  last: SingleLoop["constants"],
): SingleLoop["constants"] {
  const count = body.inputs.length - 1 - carries - xs;
  const extra = new Array<false>(Math.max(0, count - constants.length - last.length)).fill(false);
  return [...constants, ...extra, ...last];
}

/**
 * What each element does on the way there: undefined where that reads more than it is given.
 * @param last how the constants are batched that come after those of the loop
 */
export function wayThereOfEach(
  o: RuleOps,
  a: LoopAttributes,
  single: SingleLoop,
  ins: readonly Tensor[],
  last: SingleLoop["constants"],
  there: (one: LoopAttributes, ins: readonly Tensor[]) => void,
): SingleLoop | undefined {
  const { one, types } = elementOf(o, a, single, ins);
  const loop = loopMade(types, (inputs) => there(one, inputs));
  return loop && { ...single, loop, constants: constantsOf(loop, single, last) };
}

/**
 * What each element does on the way back: undefined where that reads more than it is given.
 * @param last how the constants are batched that come after those of the loop and the cotangents of rows
 */
export function wayBackOfEach(
  o: RuleOps,
  a: LoopAttributes,
  single: SingleLoop,
  { cts, ins, marks, saved }: Given,
  last: SingleLoop["constants"],
  back: (one: LoopAttributes, given: Given) => void,
): SingleLoop | undefined {
  const { one, types } = elementOf(o, a, single, ins);
  const ct = splitOutputs(a, cts, "loop");
  const results = [...ct.carries, ...ct.ys];
  const flowing = results.flatMap((x, j) => (x ? [part(x, j < a.carries ? 0 : 1)] : []));
  const steps = a.condition ? [counterType] : [];
  const loop = loopMade([...types, ...flowing, ...saved.map((x) => part(x, 1)), ...steps], (inputs) => {
    const rest = [...inputs];
    const take = (count: number): Tensor[] => rest.splice(0, count);
    const [ins, ofResults, rows] = [take(types.length), take(flowing.length), take(saved.length)];
    const itsCts = [...results.map((x) => x && ofResults.shift()), ...steps.map(() => undefined)];
    back(one, { cts: itsCts, ins, outs: rest, marks, saved: rows });
  });
  const rowCts = ct.ys.flatMap((x) => (x ? ["rows" as const] : []));
  if (!loop) return undefined;
  const constants = constantsOf(loop, single, [...rowCts, ...last]);
  return { ...single, loop, constants, conditionConstants: [], ragged: a.condition !== undefined };
}

/** The type of a part of a tensor, or of its rows of unknown number, along an axis. */
const part = ({ dtype, shape, dynamic }: Aval, axis: number): Aval => ({
  dtype,
  shape: shape.filter((_, k) => k !== axis),
  ...(dynamic ? { dynamic } : {}),
});
