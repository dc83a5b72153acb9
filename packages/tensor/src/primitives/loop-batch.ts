import type { Primitive } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tape } from "../tape";
import type { Tensor } from "../tensor";
import { hasRow, isDynamic, type LoopAttributes, splitInputs, splitOutputs } from "../lower/control";
import { sizeOf } from "../shape";
import { counterType, inputTypes, retrace, rowType, typeOf } from "./retrace";
import { maskOf, shielded } from "./shield";

/** The most elements of a value that all of a batch have in common, and each may have for itself. */
export const mostShared = 16;

/**
 * The loop over a batch: its body batched. Where each element has its own number of iterations, all run in lock step until the last has
 * ended, and those that have ended keep their carries.
 */
export function batchLoop(
  o: RuleOps,
  loop: Primitive<LoopAttributes>,
  ins: readonly Tensor[],
  batched: readonly boolean[],
  a: LoopAttributes,
  size: number,
): Tensor[] {
  const given = splitInputs(a, ins);
  const flags = splitInputs(a, batched);
  const inner = (marks: readonly boolean[]): boolean[] => [false, ...marks, ...flags.xs, ...flags.constants];
  const plan = settle(o, a, flags, inner, size);
  const { masked, marks } = plan;
  const ownCounts = flags.count[0] ?? false;

  const spread = (x: Tensor, is: boolean, should: boolean): Tensor =>
    should && !is ? o.broadcastTo(x, [size, ...x.shape]) : x;
  // Rows of xs come first, then the batch.
  const xs = given.xs.map((x, j) => (flags.xs[j] && !x.dynamic ? swapFirst(o, x) : x));
  const rowsBatched = hasRow(a) && (masked || plan.outs.row[0]! || plan.outs.ys.some((y, k) => y && a.ys[k] === "row"));
  const forced = [
    ...marks,
    ...plan.outs.row.map(() => rowsBatched),
    // Rows whose number is not known cannot be repeated afterwards.
    ...a.ys.map((kind, k) => masked || plan.outs.ys[k]! || (kind === "row" ? rowsBatched : isDynamic(a))),
  ];
  const ysApart = a.ys.every((kind, k) =>
    kind === "row" ? rowsBatched : forced[marks.length + plan.outs.row.length + k]!,
  );
  const few = given.carries.every((x, j) => marks[j]! || (sizeOf(x.shape) <= mostShared && !a.condition && size > 0));
  const apart = marks.includes(true) && few && ysApart && a.lanes === 0 && !a.single;
  // What all elements count in common, such as steps, each has for itself, so that it can go on alone; the batch reads that of the first.
  const common = marks.map((mark) => apart && !mark);
  const firsts = (list: readonly Tensor[]): Tensor[] =>
    list.map((x, j) => (common[j] ? o.reshape(o.slice(x, [0], [1]), x.shape.slice(1)) : x));
  const carries = given.carries.map((x, j) => spread(x, flags.carries[j]!, marks[j]! || common[j]!));
  // Loops within loops within loops: a body that is batched once more than need be costs a power of their depth.
  const enough = forced.every((must, k) => !must || plan.body.batchedOuts[k]!);
  const body = enough ? plan.body : o.transforms.batch(a.body, inner(marks), size, forced);
  const { batchedOuts } = body;
  const lanes = rowsBatched ? size * Math.max(a.lanes, 1) : a.lanes;
  const condition = a.condition && o.transforms.batch(a.condition, [...marks, ...flags.conditionConstants], size);

  // No elements, no iterations: there is a greatest of some only, but a sum of none.
  const count = ownCounts ? [size > 0 ? o.max(given.count[0]!) : o.sum(given.count[0]!)] : given.count;
  // In lock step: which elements still run is known from their own counts, or asked again of the condition, for which its constants join the body's.
  const extra = masked
    ? [...(ownCounts ? given.count : []), ...given.conditionConstants, ...(condition?.captured ?? [])]
    : [];
  const counter =
    masked && a.condition
      ? [
          o.broadcastTo(
            o.numberLike(0, o.cast(carries[0] ?? given.constants[0] ?? given.conditionConstants[0]!, "int32")),
            [size],
          ),
        ]
      : [];
  const all = [...carries, ...counter];
  const constants = [...given.constants, ...body.captured, ...extra];
  const types = [counterType, ...all.map(typeOf), ...xs.map(rowType), ...constants.map(typeOf)];
  const traced = retrace("loop", types, ([i, ...rest], run) => {
    const take = (n: number): Tensor[] => rest.splice(0, n);
    const [c, counts, x] = [firsts(take(a.carries)), take(counter.length), take(a.xs)];
    const [k, captured] = [take(given.constants.length), take(body.captured.length)];
    const asked = (): Tensor => run(condition!.tape, [...c, ...rest])[0]!;
    const running = masked ? (ownCounts ? o.less(i!, take(1)[0]!) : asked()) : undefined;
    // Elements that have ended go through the body all the same.
    const seen = (list: readonly Tensor[], batched: readonly boolean[]): Tensor[] =>
      list.map((value, j) => (running && batched[j] ? shielded(o, running, value) : value));
    const read = [...seen(c, marks), ...seen(x, flags.xs), ...seen(k, flags.constants)];
    const outs = splitOutputs(a, run(body.tape, [i!, ...read, ...captured]), "body");
    const flat = outs.row.map((row) => (rowsBatched && a.lanes ? o.reshape(row, [lanes]) : row));
    const ys = outs.ys.map((y, j) =>
      a.ys[j] === "row" && rowsBatched && a.lanes ? o.reshape(y, [lanes, ...y.shape.slice(2)]) : y,
    );
    if (!running) return [...outs.carries.map((next, j) => spread(next, !common[j], true)), ...flat, ...ys];
    const keep = (next: Tensor, before: Tensor | number): Tensor => o.where(maskOf(o, running, next), next, before);
    return [
      ...outs.carries.map((next, j) => keep(next, c[j]!)),
      ...counts.map((n) => o.add(n, o.cast(running, "int32"))),
      ...flat.map((row) => (a.lanes ? keepLanes(o, running, row, size, a.lanes) : keep(row, -1))),
      ...(rowsBatched || !hasRow(a)
        ? ys.map((y, j) => (a.ys[j] === "each" ? keep(y, o.numberLike(false, y)) : y))
        : ys),
    ];
  });

  const together: LoopAttributes = {
    ...a,
    body: traced.tape,
    condition: condition && anyRuns(o, condition.tape, condition.batchedOuts[0]!, all, a.carries),
    carries: all.length,
    lanes: rowsBatched ? lanes : a.lanes,
    single: undefined,
  };
  const { xs: batchedXs, constants: batchedConstants, conditionConstants: batchedConditionConstants } = flags;
  const attributes: LoopAttributes = apart
    ? {
        ...together,
        single: {
          loop: a,
          size,
          count: ownCounts ? given.constants.length + body.captured.length : undefined,
          xs: batchedXs,
          constants: batchedConstants,
          conditionConstants: batchedConditionConstants,
        },
      }
    : together;
  const conditionConstants = a.condition ? [...given.conditionConstants, ...(condition?.captured ?? [])] : [];
  const results = splitOutputs(
    attributes,
    o.bind(loop, [...count, ...all, ...xs, ...constants, ...traced.captured, ...conditionConstants], attributes),
    "loop",
  );
  const ysBatched = splitOutputs(a, batchedOuts, "body").ys;
  const steps = counter.length ? [results.carries.at(-1)!] : results.steps;
  return [
    ...firsts(results.carries.slice(0, a.carries)),
    ...results.ys.map((y, k) => {
      if (a.ys[k] === "row" && rowsBatched)
        return swapFirst(o, a.lanes ? o.reshape(y, [a.rows, size, a.lanes, ...y.shape.slice(2)]) : y);
      return y.dynamic || !ysBatched[k] ? y : swapFirst(o, y);
    }),
    ...steps,
  ];
}

/** Which carries become batched, and whether iterations must be masked. */
function settle(
  o: RuleOps,
  a: LoopAttributes,
  flags: ReturnType<typeof splitInputs<boolean>>,
  inner: (marks: readonly boolean[]) => boolean[],
  size: number,
): {
  readonly masked: boolean;
  readonly marks: boolean[];
  readonly body: ReturnType<RuleOps["transforms"]["batch"]>;
  readonly outs: ReturnType<typeof splitOutputs<boolean>>;
} {
  let marks = [...flags.carries];
  let masked = flags.count[0] ?? false;
  for (;;) {
    const decides = a.condition
      ? o.transforms.batch(a.condition, [...marks, ...flags.conditionConstants], size).batchedOuts[0]!
      : false;
    masked ||= decides;
    if (masked) marks = marks.map(() => true);
    const body = o.transforms.batch(a.body, inner(marks), size);
    const outs = splitOutputs(a, body.batchedOuts, "body");
    const next = marks.map((mark, j) => mark || masked || outs.carries[j]!);
    if (next.every((mark, j) => mark === marks[j])) return { masked, marks, body, outs };
    marks = next;
  }
}

/** The condition of the batch: does any element still run? */
function anyRuns(o: RuleOps, condition: Tape, batched: boolean, carries: readonly Tensor[], own: number): Tape {
  const types = [...carries.map(typeOf), ...inputTypes(condition).slice(own)];
  return retrace("loop", types, (ins, run) => {
    const [runs] = run(condition, [...ins.slice(0, own), ...ins.slice(carries.length)]);
    return [batched ? o.any(runs!) : runs!];
  }).tape;
}

/** Swaps the first two axes. */
export const swapFirst = (o: RuleOps, x: Tensor): Tensor =>
  o.permute(x, [1, 0, ...x.shape.slice(2).map((_, k) => k + 2)]);

function keepLanes(o: RuleOps, running: Tensor, row: Tensor, size: number, lanes: number): Tensor {
  const spread = o.reshape(o.broadcastTo(o.reshape(running, [size, 1]), [size, lanes]), [size * lanes]);
  return o.where(spread, row, -1);
}
