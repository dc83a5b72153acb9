import type { Primitive } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tape } from "../tape";
import type { Tensor } from "../tensor";
import {
  hasRow,
  type LoopAttributes,
  type LoopInputs,
  type SingleLoop,
  splitInputs,
  splitOutputs,
} from "../lower/control";
import { canGoBackApart, goBackApart, type Shared, stepsOfEach } from "./loop-apart";
import { type Given, singleOfSegments, wayBackOfEach, wayThereOfEach } from "./loop-each";
import { movingInputs, type Pullback, pullbackOf, runBack, type Unwound, type WayBack } from "./loop-vjp";
import { counterType, retrace, typeOf } from "./retrace";

type Loop = Primitive<LoopAttributes>;

/** How many segments each segment is made of, where there are several lengths of segments. */
const branching = 16;

/**
 * Lengths of the segments that reverse mode cuts a loop into, each a multiple of the next: of the iterations between two ends of segments only
 * the first one's carries are kept, until their turn comes. None: all carries are kept.
 */
export function spansOf({ checkpoints = "all", length, carries }: LoopAttributes): number[] {
  if (checkpoints === "all" || carries === 0) return [];
  if (checkpoints === "log") {
    const spans: number[] = [];
    for (let span = branching; span < length; span *= branching) spans.unshift(span);
    return spans;
  }
  const span = checkpoints === "sqrt" ? Math.ceil(Math.sqrt(length)) : checkpoints;
  return span > 1 && span < length ? [span] : [];
}

/** Some iterations of a loop: at most `left`, from `start` on, which gives the first one's number. */
interface Stretch {
  readonly carries: readonly Tensor[];
  readonly start: Tensor;
  readonly left: Tensor;
}

/** What all stretches of a loop have in common. */
interface Segments {
  readonly o: RuleOps;
  readonly loop: Loop;
  readonly a: LoopAttributes;
  /** What iterations only read: the loop's constants, and its xs as a whole. */
  readonly fixed: readonly Tensor[];
  readonly conditionConstants: readonly Tensor[];
  /** (i from 0, carries…, fixed…, start) → carries…; and what is saved of each. */
  readonly body: Tape;
  readonly saving: Tape;
}

function segmentsOf(o: RuleOps, loop: Loop, a: LoopAttributes, given: LoopInputs<Tensor>): Segments {
  const fixed = [...given.constants, ...given.xs];
  const types = [counterType, ...given.carries.map(typeOf), ...fixed.map(typeOf), counterType];
  const stretch = (saves: boolean): Tape =>
    retrace("loop", types, ([position, ...rest], run) => {
      const carries = rest.splice(0, a.carries);
      const constants = rest.splice(0, given.constants.length);
      const i = numberOf(o, a, rest.pop()!, position!);
      const rows = rest.map((x) => o.take(x, i, 0));
      const outs = splitOutputs(a, run(a.body, [i, ...carries, ...rows, ...constants]), "body");
      return [...outs.carries, ...(saves ? [...carries, ...outs.row] : [])];
    }).tape;
  const { conditionConstants } = given;
  return { o, loop, a, fixed, conditionConstants, body: stretch(false), saving: stretch(true) };
}

/** The number of an iteration that is `position` ones after the first of a stretch. */
const numberOf = (o: RuleOps, { reverse }: LoopAttributes, start: Tensor, position: Tensor | number): Tensor =>
  reverse ? o.sub(start, position) : o.add(start, position);

/** Segment `j` of a stretch, from its first carries. */
function segment(
  { o, a }: Segments,
  { start, left }: Stretch,
  j: Tensor,
  span: number,
  carries: readonly Tensor[],
): Stretch {
  const done = o.mul(j, span);
  return { carries, start: numberOf(o, a, start, done), left: o.minimum(o.sub(left, done), span) };
}

/** Runs a stretch of at most `most` iterations, and may save each. */
function runStretch(s: Segments, { carries, start, left }: Stretch, most: number, save: boolean): Run {
  const { o, loop, a } = s;
  const saved = save ? a.carries + (hasRow(a) ? 1 : 0) : 0;
  const attributes: LoopAttributes = {
    body: save ? s.saving : s.body,
    condition: a.condition,
    carries: a.carries,
    xs: 0,
    length: most,
    counted: true,
    reverse: false,
    ys: new Array<"each">(saved).fill("each"),
    rows: 0,
    lanes: 0,
  };
  const found = splitOutputs(
    attributes,
    o.bind(loop, [left, ...carries, ...s.fixed, start, ...s.conditionConstants], attributes),
    "loop",
  );
  return { carries: found.carries, saved: found.ys, steps: found.steps[0] ?? left };
}

/** What came of a stretch: the last carries, what was saved, and the number of iterations. */
interface Run {
  readonly carries: readonly Tensor[];
  readonly saved: readonly Tensor[];
  readonly steps: Tensor;
}

/**
 * Runs a stretch segment by segment, saving the carries that each begins with. `count` is the number of segments.
 * @param single what each element does there, of a loop over a batch
 */
function runSegments(
  s: Segments,
  stretch: Stretch,
  most: number,
  span: number,
  single?: SingleLoop,
): Run & { readonly count: Tensor } {
  const { o, loop, a } = s;
  const { carries, start, left } = stretch;
  const constants = [...s.fixed, start, left, ...s.conditionConstants];
  const types = carries.map(typeOf);
  const body = retrace("segments", [counterType, ...types, counterType, ...constants.map(typeOf)], (ins) => {
    const [j, ...now] = ins.slice(0, 1 + a.carries) as [Tensor, ...Tensor[]];
    const [steps, ...rest] = ins.slice(1 + a.carries) as [Tensor, ...Tensor[]];
    const fixed = rest.splice(0, s.fixed.length);
    const [startNow, leftNow] = rest.splice(0, 2) as [Tensor, Tensor];
    const inner = { ...s, fixed, conditionConstants: rest };
    const own = segment(inner, { carries: now, start: startNow, left: leftNow }, j, span, now);
    const found = runStretch(inner, own, span, false);
    return [...found.carries, o.add(steps, found.steps), ...now];
  });
  const conditionTypes = s.conditionConstants.map(typeOf);
  const unfinished = retrace("segments", [...types, counterType, counterType, ...conditionTypes], (ins, run) => {
    const [steps, most] = ins.slice(a.carries) as [Tensor, Tensor];
    const within = o.less(steps, most);
    if (!a.condition) return [within];
    return [o.and(within, run(a.condition, [...ins.slice(0, a.carries), ...ins.slice(a.carries + 2)])[0]!)];
  });
  const attributes: LoopAttributes = {
    body: body.tape,
    condition: unfinished.tape,
    carries: a.carries + 1,
    xs: 0,
    length: Math.ceil(most / span),
    counted: false,
    reverse: false,
    ys: carries.map(() => "each" as const),
    rows: 0,
    lanes: 0,
    single,
  };
  const zero = o.mul(start, 0);
  const inputs = [...carries, zero, ...constants, ...body.captured, left, ...s.conditionConstants];
  const found = splitOutputs(attributes, o.bind(loop, inputs, attributes), "loop");
  return {
    carries: found.carries.slice(0, a.carries),
    steps: found.carries[a.carries]!,
    saved: found.ys,
    count: found.steps[0]!,
  };
}

/** The whole loop as a stretch. */
function wholeOf(o: RuleOps, a: LoopAttributes, given: LoopInputs<Tensor>): Stretch {
  const int = (value: number): Tensor => o.numberLike(value, o.cast(given.carries[0]!, "int32"));
  const [count] = given.count;
  const left = count ? o.maximum(o.minimum(count, a.length), 0) : int(a.length);
  return { carries: given.carries, start: a.reverse ? o.sub(left, 1) : int(0), left };
}

/** The loop, that also saves the carries that each of its longest segments began with. Rows of ys come from a loop of their own. */
export function forwardSegments(
  o: RuleOps,
  loop: Loop,
  ins: readonly Tensor[],
  a: LoopAttributes,
): { outs: readonly Tensor[]; saved: readonly Tensor[] } {
  const single = singleOfSegments(ins, a);
  const there = (a: LoopAttributes, ins: readonly Tensor[], single?: SingleLoop): ReturnType<typeof runSegments> => {
    const given = splitInputs(a, ins);
    return runSegments(segmentsOf(o, loop, a, given), wholeOf(o, a, given), a.length, spansOf(a)[0]!, single);
  };
  const made = single && wayThereOfEach(o, a, single, ins, [...stretchOnly, ...single.conditionConstants], there);
  const each = made && { ...made, conditionConstants: [false, ...made.conditionConstants] };
  const { carries, steps, saved, count } = there(a, ins, each);
  const ys = a.ys.length > 0 ? splitOutputs(a, o.bind(loop, ins, a), "loop").ys : [];
  return { outs: [...carries, ...ys, ...(a.condition ? [steps] : [])], saved: [...saved, count] };
}

/** Where a stretch begins, and how many iterations are left, are the same for all elements of a batch. */
const stretchOnly = [false, false];

/** Runs the loop backwards, segment by segment. */
export function backwardSegments(
  o: RuleOps,
  loop: Loop,
  cts: readonly (Tensor | undefined)[],
  ins: readonly Tensor[],
  outs: readonly Tensor[],
  a: LoopAttributes,
  wanted: readonly boolean[],
  saved: readonly Tensor[],
): (Tensor | undefined)[] {
  const given = { cts, ins, outs, marks: movingInputs(a, wanted), saved };
  const single = singleOfSegments(ins, a);
  if (!single || !canGoBackApart(a, single, given)) return goBack(o, loop, a, given, single);
  const rows = saved.slice(0, single.loop.carries).map((x): Shared => [x, true]);
  return goBackApart(o, a, single, given, [...rows, segmentsOfEach(o, a, single, outs, saved.at(-1)!)], (one, its) =>
    goBack(o, loop, one, its),
  );
}

/** The number of segments: of each element where it has steps of its own. */
function segmentsOfEach(
  o: RuleOps,
  a: LoopAttributes,
  single: SingleLoop,
  outs: readonly Tensor[],
  count: Tensor,
): Shared {
  if (!a.condition) return [count, false];
  const [span] = spansOf(a);
  const [steps, own] = stepsOfEach(a, single, outs);
  const more = o.add(steps, span! - 1);
  // Whole numbers of single precision, whose quotient is one, too.
  return [o.cast(o.round(o.div(o.sub(more, o.mod(more, span!)), span!)), "int32"), own];
}

/** @param single what each element does there, of a loop over a batch */
function goBack(o: RuleOps, loop: Loop, a: LoopAttributes, all: Given, single?: SingleLoop): (Tensor | undefined)[] {
  const { cts, ins, marks, saved } = all;
  const pullback = pullbackOf(o, cts, ins, a, marks);
  const { given } = pullback;
  const read = [...given.constants, ...given.xs, ...pullback.eachCts, ...pullback.rowCts, ...pullback.captured];
  const s: Backward = { ...segmentsOf(o, loop, a, given), pullback, read };
  const segments = { saved: saved.slice(0, -1), count: saved.at(-1)! };
  const each = pullback.captured.length === 0 ? single : undefined;
  const last = [...stretchOnly, ...(each?.conditionConstants ?? [])];
  const back = each && wayBackOfEach(o, a, each, all, last, (one, its) => void goBack(o, loop, one, its));
  const own = back && { ...back, xs: segments.saved.map(() => true) };
  const found = unwind(s, wholeOf(o, a, given), a.length, spansOf(a), segments, pullback.cotangents, own);
  const rows = found.xs.map((x) => {
    const inOrder = o.slice(x, [0], [a.length]);
    return a.reverse ? o.flip(inOrder, 0) : inOrder;
  });
  return pullback.results(found.cotangents, rows);
}

interface Backward extends Segments {
  readonly pullback: Pullback;
  /** What iterations of the backward pass only read: constants and xs, as in `fixed`; cotangents of ys; what is captured. */
  readonly read: readonly Tensor[];
}

/** Goes backwards through a stretch: saves its carries, or those at the ends of its segments, on the way there. */
function pullStretch(
  s: Backward,
  stretch: Stretch,
  most: number,
  spans: readonly number[],
  cts: readonly Tensor[],
): Unwound {
  if (spans.length > 0) return unwind(s, stretch, most, spans, runSegments(s, stretch, most, spans[0]!), cts);
  const { saved, steps } = runStretch(s, stretch, most, true);
  const { o, loop, a, pullback, read } = s;
  const way = wayBack(s, saved, steps, most, cts, [...read, stretch.start]);
  return runBack(o, loop, way, (run, { i: j, cotangents, xs, constants: rest }) => {
    const take = (count: number): Tensor[] => rest.splice(0, count);
    const i = numberOf(o, a, rest.pop()!, j);
    const row = (x: Tensor): Tensor => o.take(x, i, 0);
    return pullback.step(run, {
      i,
      cotangents,
      saved: xs,
      constants: take(pullback.given.constants.length),
      xs: take(a.xs).map(row),
      eachCts: take(pullback.eachCts.length).map(row),
      rowCts: take(pullback.rowCts.length),
      captured: rest,
    });
  });
}

/** Goes backwards through the segments of a stretch, whose first carries are there. */
function unwind(
  s: Backward,
  { start, left }: Stretch,
  most: number,
  [span, ...spans]: readonly number[],
  { saved, count }: Pick<ReturnType<typeof runSegments>, "saved" | "count">,
  cts: readonly Tensor[],
  single?: SingleLoop,
): Unwound {
  const length = Math.ceil(most / span!);
  const constants = [...s.read, start, left, ...s.conditionConstants];
  const way = wayBack(s, saved, count, length, cts, constants, single);
  const found = runBack(s.o, s.loop, way, (_run, { i: j, cotangents, xs, constants: rest }) => {
    const read = rest.splice(0, s.read.length);
    const [startNow, leftNow] = rest.splice(0, 2) as [Tensor, Tensor];
    const inner: Backward = { ...s, read, fixed: read.slice(0, s.fixed.length), conditionConstants: rest };
    const own = segment(inner, { carries: xs, start: startNow, left: leftNow }, j, span!, xs);
    return pullStretch(inner, own, span!, spans, cotangents);
  });
  return { ...found, xs: found.xs.map((x) => s.o.reshape(x, [length * span!, ...x.shape.slice(2)])) };
}

/** A loop backwards over rows that were saved on the way there, `count` of them and at most `most`. */
const wayBack = (
  { pullback }: Backward,
  saved: readonly Tensor[],
  count: Tensor,
  most: number,
  cotangents: readonly Tensor[],
  constants: readonly Tensor[],
  single?: SingleLoop,
): WayBack => ({
  count: [count],
  cotangents,
  xs: saved,
  constants,
  // Named by their number, as the rows that a counted loop gathers would not be of known number.
  kinds: pullback.movingXs.filter(Boolean).map(() => "row"),
  length: most,
  reverse: true,
  single,
});
