import type { Primitive } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tape } from "../tape";
import type { Tensor } from "../tensor";
import { carryActivity } from "./activity";
import {
  hasRow,
  isDynamic,
  type LoopAttributes,
  type LoopInputs,
  type SingleLoop,
  splitInputs,
  splitOutputs,
} from "../lower/control";
import { mostShared, swapFirst } from "./loop-batch";
import { canGoBackApart, goBackApart } from "./loop-apart";
import { differentiableSingle, type Given, wayBackOfEach } from "./loop-each";
import { checkSize, sizeOf } from "../shape";
import { counterType, inputTypes, pick, place, retrace, rowType, typeOf } from "./retrace";

type Loop = Primitive<LoopAttributes>;

/** The loop, that also saves the carries each iteration began with, and the row it named. */
export function forwardLoop(
  o: RuleOps,
  loop: Loop,
  ins: readonly Tensor[],
  a: LoopAttributes,
): { outs: readonly Tensor[]; saved: readonly Tensor[] } {
  checkKept(ins, a);
  const single = differentiableSingle(ins, a);
  const saving = savingLoop(a, false);
  // Where elements count their iterations, the batch carries their numbers.
  const counts = single && a.carries > single.loop.carries;
  const all = o.bind(loop, ins, {
    ...saving,
    single: single && { ...single, loop: savingLoop(single.loop, counts!) },
  });
  const first = a.carries + a.ys.length;
  const end = first + saving.ys.length - a.ys.length;
  return { outs: [...all.slice(0, first), ...all.slice(end)], saved: all.slice(first, end) };
}

/** @throws ShapeError where the rows of a carry, one for each iteration, are more than a tensor holds; of dynamic rows there may be fewer */
function checkKept(ins: readonly Tensor[], a: LoopAttributes): void {
  if (isDynamic(a)) return;
  for (const { shape } of splitInputs(a, ins).carries)
    checkSize(
      "gradient of a loop",
      [a.length, ...shape],
      `it holds what each iteration began with: give the loop checkpoints, "sqrt" or "log", and few are kept`,
    );
}

/** @param counted save the number of the iteration, too, after the carries */
function savingLoop(a: LoopAttributes, counted: boolean): LoopAttributes {
  const { tape: body } = retrace("loop", inputTypes(a.body), (inputs, run) => {
    const outs = run(a.body, inputs);
    const number = counted ? [inputs[0]!] : [];
    return [...outs, ...inputs.slice(1, 1 + a.carries), ...number, ...splitOutputs(a, outs, "body").row];
  });
  const saving = body.outputs.length - a.body.outputs.length;
  return { ...a, body, ys: [...a.ys, ...new Array<"each">(saving).fill("each")] };
}

/** Reverse mode of a loop apart from how its carries come back. */
export interface Pullback {
  readonly given: LoopInputs<Tensor>;
  /** What goes from iteration to iteration, backwards: the cotangents of the carries, and the sums of those of the constants. */
  readonly cotangents: readonly Tensor[];
  /** Cotangents of the ys: of those with a row for each iteration, and of those whose rows the body names. */
  readonly eachCts: readonly Tensor[];
  readonly rowCts: readonly Tensor[];
  /** What an iteration reads beside all this. */
  readonly captured: readonly Tensor[];
  /** Which xs have cotangents. */
  readonly movingXs: readonly boolean[];
  /** One iteration. */
  step(run: Run, at: BackwardStep): Unwound;
  /** By input of the loop. */
  results(cotangents: readonly Tensor[], xs: readonly Tensor[]): (Tensor | undefined)[];
}

type Run = (tape: Tape, ins: readonly Tensor[]) => Tensor[];

/** Cotangents after an iteration, or several, have been gone through backwards, and those of the rows of xs, in the order of the iterations. */
export interface Unwound {
  readonly cotangents: readonly Tensor[];
  readonly xs: readonly Tensor[];
}

/** What one iteration of the backward pass is given. */
export interface BackwardStep {
  readonly i: Tensor;
  readonly cotangents: readonly Tensor[];
  /** The carries, and the row that the iteration named. */
  readonly saved: readonly Tensor[];
  readonly xs: readonly Tensor[];
  readonly eachCts: readonly Tensor[];
  readonly constants: readonly Tensor[];
  readonly rowCts: readonly Tensor[];
  readonly captured: readonly Tensor[];
}

/** Which inputs of a loop's body move. @param wanted which inputs of the loop have cotangents */
export function movingInputs(a: LoopAttributes, wanted: readonly boolean[]): boolean[] {
  const { carries, xs, constants } = splitInputs(a, wanted);
  return carryActivity(a.body, [false, ...carries, ...xs, ...constants], 1, a.carries);
}

/** @param marks which inputs of the body move */
export function pullbackOf(
  o: RuleOps,
  cotangents: readonly (Tensor | undefined)[],
  ins: readonly Tensor[],
  a: LoopAttributes,
  marks: readonly boolean[],
): Pullback {
  const given = splitInputs(a, ins);
  const ct = splitOutputs(a, cotangents, "loop");
  const moving = marks.slice(1, 1 + a.carries);
  const movingXs = marks.slice(1 + a.carries, 1 + a.carries + a.xs);
  const movingConstants = marks.slice(1 + a.carries + a.xs);
  const flowing = ct.ys.map((y) => y !== undefined);
  const pulled = o.transforms.vjp(a.body, marks, [...moving, ...(hasRow(a) ? [false] : []), ...flowing]);
  const ofCarries = pick(given.carries, moving).map((x, j) => pick(ct.carries, moving)[j] ?? o.zerosLike(x));
  const sums = pick(given.constants, movingConstants).map((x) => o.zerosLike(x));
  const flowingYs = (kind: "row" | "each"): Tensor[] =>
    ct.ys.filter((y, k): y is Tensor => y !== undefined && a.ys[k] === kind);
  return {
    given,
    cotangents: [...ofCarries, ...sums],
    eachCts: flowingYs("each"),
    rowCts: flowingYs("row"),
    captured: pulled.captured,
    movingXs,
    step: (run, { i, cotangents, saved, xs, eachCts, constants, rowCts, captured }) => {
      const [each, rows] = [[...eachCts], [...rowCts]];
      const [ctNow, sumsNow] = [cotangents.slice(0, ofCarries.length), cotangents.slice(ofCarries.length)];
      const ofYs = a.ys.flatMap((kind, k) => {
        if (!flowing[k]) return [];
        return [kind === "row" ? rowOf(o, rows.shift()!, saved[a.carries]!, a.lanes) : each.shift()!];
      });
      const carries = saved.slice(0, a.carries);
      const results = run(pulled.tape, [i, ...carries, ...xs, ...constants, ...ctNow, ...ofYs, ...captured]);
      const ofConstants = results.slice(results.length - sumsNow.length);
      return {
        cotangents: [...results.slice(0, ctNow.length), ...sumsNow.map((sum, j) => o.add(sum, ofConstants[j]!))],
        xs: results.slice(ctNow.length, results.length - sumsNow.length),
      };
    },
    results: (found, xs) => [
      ...given.count.map(() => undefined),
      ...place(found.slice(0, ofCarries.length), moving),
      ...place(xs, movingXs),
      ...place(found.slice(ofCarries.length), movingConstants),
      ...given.conditionConstants.map(() => undefined),
    ],
  };
}

/** Runs the loop backwards over the saved carries, each iteration being the body's vjp. */
export function backwardLoop(
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
  const single = differentiableSingle(ins, a);
  if (!single || !canGoBackApart(a, single, given)) return goBack(o, loop, a, given, single);
  const rows = [...saved.slice(0, single.loop.carries), ...(hasRow(a) ? [saved[a.carries]!] : [])];
  return goBackApart(
    o,
    a,
    single,
    given,
    rows.map((x) => [x.dynamic ? x : swapFirst(o, x), true]),
    (one, its) => goBack(o, loop, one, its),
  );
}

/** @param single what each element does there, of a loop over a batch */
function goBack(o: RuleOps, loop: Loop, a: LoopAttributes, all: Given, single?: SingleLoop): (Tensor | undefined)[] {
  const { cts, ins, outs, marks, saved } = all;
  const pullback = pullbackOf(o, cts, ins, a, marks);
  const { given, cotangents, eachCts, rowCts, captured, movingXs } = pullback;
  const terms = addsTerms(a, pullback) ? cotangents.length : 0;
  const back = single && wayBackOfEach(o, a, single, all, [], (one, its) => goBack(o, loop, one, its));
  const way: WayBack = {
    count: a.condition ? [outs.at(-1)!] : given.count,
    cotangents: terms > 0 ? [] : cotangents,
    xs: [...saved, ...given.xs, ...eachCts],
    constants: [...given.constants, ...rowCts, ...captured],
    // Cotangents have as many rows as the xs: those of iterations that did not come are 0.
    kinds: [
      ...pick(given.xs, movingXs).map((x) => (isDynamic(a) && !x.dynamic ? ("row" as const) : ("each" as const))),
      ...cotangents.slice(0, terms).map(() => "each" as const),
    ],
    length: a.length,
    reverse: !a.reverse,
    single: back && { ...back, xs: [...saved.map(() => true), ...back.xs] },
  };
  const found = runBack(o, loop, way, (run, { i, cotangents, xs, constants }) =>
    pullback.step(run, {
      i,
      cotangents,
      saved: xs.splice(0, saved.length),
      xs: xs.splice(0, a.xs),
      eachCts: xs,
      constants: constants.splice(0, given.constants.length),
      rowCts: constants.splice(0, rowCts.length),
      captured: constants,
    }),
  );
  if (terms === 0) return pullback.results(found.cotangents, found.xs);
  const first = found.xs.length - terms;
  const sums = found.xs.slice(first).map((x) => o.sum(x, 0));
  return pullback.results(sums, found.xs.slice(0, first));
}

/**
 * Are iterations without carries to give terms that are summed afterwards, in place of sums that they carry? They need nothing of each other then.
 * Not where those are large, as of weights of networks.
 */
const addsTerms = (a: LoopAttributes, { cotangents }: Pullback): boolean =>
  a.carries === 0 && !isDynamic(a) && a.length > 1 && cotangents.every(({ shape }) => sizeOf(shape) <= mostShared);

/** A loop that carries cotangents, and gathers those of rows. */
export interface WayBack {
  /** The number of iterations, where that is not `length`. */
  readonly count: readonly Tensor[];
  readonly cotangents: readonly Tensor[];
  readonly xs: readonly Tensor[];
  readonly constants: readonly Tensor[];
  /** Of each row that is gathered; `row`: it is named by the number of the iteration. */
  readonly kinds: LoopAttributes["ys"];
  readonly length: number;
  readonly reverse: boolean;
  readonly single: SingleLoop | undefined;
}

/** Runs it; `step` is an iteration, and may take the lists apart that it is given. */
export function runBack(
  o: RuleOps,
  loop: Loop,
  { count, cotangents, xs, constants, kinds, length, reverse, single }: WayBack,
  step: (run: Run, at: { i: Tensor; cotangents: Tensor[]; xs: Tensor[]; constants: Tensor[] }) => Unwound,
): Unwound {
  const named = kinds.includes("row");
  const types = [counterType, ...cotangents.map(typeOf), ...xs.map(rowType), ...constants.map(typeOf)];
  const body = retrace("loop", types, ([i, ...rest], run) => {
    const take = (n: number): Tensor[] => rest.splice(0, n);
    const found = step(run, { i: i!, cotangents: take(cotangents.length), xs: take(xs.length), constants: rest });
    return [...found.cotangents, ...(named ? [i!] : []), ...found.xs];
  });
  const results = o.bind(loop, [...count, ...cotangents, ...xs, ...constants, ...body.captured], {
    body: body.tape,
    condition: undefined,
    carries: cotangents.length,
    xs: xs.length,
    length,
    counted: count.length > 0,
    reverse,
    ys: kinds,
    rows: named ? length : 0,
    lanes: 0,
    single,
  });
  return { cotangents: results.slice(0, cotangents.length), xs: results.slice(cotangents.length) };
}

/** The cotangent of the row that an iteration wrote: a row of the result's cotangent, or zeros where it wrote none. */
function rowOf(o: RuleOps, cts: Tensor, row: Tensor, lanes: number): Tensor {
  const at = o.maximum(row, 0);
  if (lanes === 0) return o.where(o.less(row, 0), 0, o.take(cts, at, 0));
  const inner = cts.shape.slice(2);
  const flat = o.reshape(cts, [cts.shape[0]! * lanes, ...inner]);
  const lane = o.sub(o.cumsum(o.broadcastTo(o.numberLike(1, row), [lanes]), 0), 1);
  const found = o.take(flat, o.add(o.mul(at, lanes), lane), 0);
  return o.where(o.reshape(o.less(row, 0), [lanes, ...inner.map(() => 1)]), 0, found);
}
