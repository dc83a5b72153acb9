import type { Primitive } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { carryActivity } from "./activity";
import { hasRow, isDynamic, type LoopAttributes, splitInputs, splitOutputs } from "../lower/control";
import { counterType, inputTypes, pick, place, retrace, rowType, typeOf } from "./retrace";

type Loop = Primitive<LoopAttributes>;

/** The loop, that also saves the carries each iteration began with, and the row it named. */
export function forwardLoop(
  o: RuleOps,
  loop: Loop,
  ins: readonly Tensor[],
  a: LoopAttributes,
): { outs: readonly Tensor[]; saved: readonly Tensor[] } {
  const { tape: body } = retrace("loop", inputTypes(a.body), (inputs, run) => {
    const outs = run(a.body, inputs);
    return [...outs, ...inputs.slice(1, 1 + a.carries), ...splitOutputs(a, outs, "body").row];
  });
  const saving = body.outputs.length - a.body.outputs.length;
  const all = o.bind(loop, ins, {
    ...a,
    single: undefined,
    body,
    ys: [...a.ys, ...new Array<"each">(saving).fill("each")],
  });
  const first = a.carries + a.ys.length;
  return {
    outs: [...all.slice(0, first), ...all.slice(first + saving)],
    saved: all.slice(first, first + saving),
  };
}

/**
 * Runs the loop backwards over the saved carries, each iteration being the body's vjp. Its carries are the cotangents of the carries, and
 * the sums of those of the constants.
 */
export function backwardLoop(
  o: RuleOps,
  loop: Loop,
  cotangents: readonly (Tensor | undefined)[],
  ins: readonly Tensor[],
  outs: readonly Tensor[],
  a: LoopAttributes,
  wanted: readonly boolean[],
  saved: readonly Tensor[],
): (Tensor | undefined)[] {
  const given = splitInputs(a, ins);
  const want = splitInputs(a, wanted);
  const ct = splitOutputs(a, cotangents, "loop");
  const marks = carryActivity(a.body, [false, ...want.carries, ...want.xs, ...want.constants], 1, a.carries);
  const moving = marks.slice(1, 1 + a.carries);
  const movingXs = marks.slice(1 + a.carries, 1 + a.carries + a.xs);
  const movingConstants = marks.slice(1 + a.carries + a.xs);
  const flowing = ct.ys.map((y) => y !== undefined);
  const pulled = o.transforms.vjp(a.body, marks, [...moving, ...(hasRow(a) ? [false] : []), ...flowing]);

  const ctCarries = pick(given.carries, moving).map((x, j) => pick(ct.carries, moving)[j] ?? o.zerosLike(x));
  const sums = pick(given.constants, movingConstants).map((x) => o.zerosLike(x));
  const rowCts = ct.ys.filter((y, k): y is Tensor => y !== undefined && a.ys[k] === "row");
  const eachCts = ct.ys.filter((y, k): y is Tensor => y !== undefined && a.ys[k] === "each");
  const carries = [...ctCarries, ...sums];
  const xs = [...saved, ...given.xs, ...eachCts];
  const constants = [...given.constants, ...rowCts, ...pulled.captured];
  const types = [counterType, ...carries.map(typeOf), ...xs.map(rowType), ...constants.map(typeOf)];

  const backward = retrace("loop", types, ([i, ...rest], run) => {
    const take = (count: number): Tensor[] => rest.splice(0, count);
    const [ctNow, sumsNow] = [take(ctCarries.length), take(sums.length)];
    const [savedNow, xsNow, eachNow] = [take(saved.length), take(a.xs), take(eachCts.length)];
    const [constantsNow, rowCtsNow, captured] = [take(given.constants.length), take(rowCts.length), rest];
    const carriesNow = savedNow.slice(0, a.carries);
    const ofYs = a.ys.flatMap((kind, k) => {
      if (!flowing[k]) return [];
      return [kind === "row" ? rowOf(o, rowCtsNow.shift()!, savedNow[a.carries]!, a.lanes) : eachNow.shift()!];
    });
    const results = run(pulled.tape, [i!, ...carriesNow, ...xsNow, ...constantsNow, ...ctNow, ...ofYs, ...captured]);
    const ofCarries = results.slice(0, ctNow.length);
    const ofXs = results.slice(ctNow.length, results.length - sumsNow.length);
    const ofConstants = results.slice(results.length - sumsNow.length);
    return [...ofCarries, ...sumsNow.map((sum, j) => o.add(sum, ofConstants[j]!)), ...ofXs];
  });

  const counted = isDynamic(a);
  const steps = a.condition ? [outs.at(-1)!] : given.count;
  const results = o.bind(loop, [...steps, ...carries, ...xs, ...constants, ...backward.captured], {
    body: backward.tape,
    condition: undefined,
    carries: carries.length,
    xs: xs.length,
    length: a.length,
    counted,
    reverse: !a.reverse,
    ys: pick(given.xs, movingXs).map(() => "each" as const),
    rows: 0,
    lanes: 0,
  });
  const ofCarries = results.slice(0, ctCarries.length);
  const ofConstants = results.slice(ctCarries.length, carries.length);
  return [
    ...given.count.map(() => undefined),
    ...place(ofCarries, moving),
    ...place(results.slice(carries.length), movingXs),
    ...place(ofConstants, movingConstants),
    ...given.conditionConstants.map(() => undefined),
  ];
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
