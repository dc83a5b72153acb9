import { cast, inlineTape, type Node, permute, Tape, type Tensor } from "@dzdt/tensor";
import { type LoopAttributes, type SingleLoop, splitInputs } from "@dzdt/tensor/lower";
import { withoutCalls } from "./inlined";

/** Do iterations need nothing of each other? */
export const isMap = (a: LoopAttributes): boolean =>
  a.carries === 0 && !a.condition && !a.counted && a.length > 1 && a.ys.every((kind) => kind === "each");

/** A map of which each iteration is `body`. Its bools are numbers, as the bools of two rows may share a word, which only one may write. */
export function mapOf(
  op: Node["op"],
  body: Tape,
  a: Pick<LoopAttributes, "xs" | "length" | "reverse">,
  given: readonly Tensor[],
  result: Tape,
): Tensor[] {
  const types = body.outputs.map((id) => body.avals[id]!.dtype);
  const numbers = types.includes("bool") ? withNumbers(body) : body;
  const map: LoopAttributes = {
    body: withoutCalls(numbers),
    condition: undefined,
    carries: 0,
    xs: a.xs,
    length: a.length,
    counted: false,
    reverse: a.reverse,
    ys: types.map(() => "each" as const),
    rows: 0,
    lanes: 0,
  };
  return result.record(op, given, map).map((y, k) => cast(y, types[k]!));
}

/** The tape with int32 in place of bools in its outputs. */
function withNumbers(tape: Tape): Tape {
  const result = new Tape(tape.where, { target: tape.target });
  const outs = inlineTape(
    tape,
    tape.inputs.map((id) => result.input(tape.avals[id]!)),
    result,
  );
  result.seal(outs.map((x) => (x.dtype === "bool" ? cast(x, "int32") : x)));
  return result;
}

/** Something that the elements of a batch are given: each its own part along an axis, or all the same. */
export interface Given<T> {
  readonly all: T;
  readonly axis: 0 | 1 | undefined;
}

/** What each element of a batch of loops is given, as its loop takes it, of what the batch is given. */
export function inputsOfEach<T>(a: LoopAttributes, single: SingleLoop, given: readonly T[]): Given<T>[] {
  const { loop, count } = single;
  const { carries, constants, ...all } = splitInputs(a, given);
  const parts = (list: readonly T[], batched: SingleLoop["constants"], axis: 0 | 1): Given<T>[] =>
    batched.map((own, j) => ({ all: list[j]!, axis: own === "rows" ? 1 : own ? axis : undefined }));
  return [
    ...(count === undefined
      ? all.count.map((each) => ({ all: each, axis: undefined }))
      : [{ all: constants[count]!, axis: 0 as const }]),
    ...parts(carries, carriesOfEach(a, loop), 0),
    ...parts(all.xs, single.xs, 1),
    ...parts(constants, single.constants, 0),
    ...parts(all.conditionConstants, single.conditionConstants, 0),
  ];
}

/** Which carries of the loop of each element are its own: those of the batch have one more axis. */
export const carriesOfEach = (a: LoopAttributes, { body, carries }: LoopAttributes): boolean[] =>
  body.inputs
    .slice(1, 1 + carries)
    .map((id, j) => body.avals[id]!.shape.length < a.body.avals[a.body.inputs[1 + j]!]!.shape.length);

/** A map over the elements of a batch. `record` gives what is done with the parts of one on the tape of its own. */
export function mapOfElements(
  op: Node["op"],
  size: number,
  inputs: readonly Given<Tensor>[],
  record: (body: Tape, parts: readonly Tensor[]) => readonly Tensor[],
  { where, target }: Tape,
  result: Tape,
): Tensor[] {
  const body = new Tape(where, { target });
  body.input({ dtype: "int32", shape: [] });
  const [xs, constants] = [true, false].map((own) => inputs.filter(({ axis }) => (axis !== undefined) === own));
  const given = [
    ...xs!.map(({ all, axis }) => (axis === 1 ? swapFirst(all) : all)),
    ...constants!.map(({ all }) => all),
  ];
  const declared = new Map(
    [...xs!, ...constants!].map((input, j) => {
      const { dtype, shape } = given[j]!;
      return [input, body.input({ dtype, shape: j < xs!.length ? shape.slice(1) : shape })];
    }),
  );
  body.seal(
    record(
      body,
      inputs.map((input) => declared.get(input)!),
    ),
  );
  return mapOf(op, body, { xs: xs!.length, length: size, reverse: false }, given, result);
}

/** Swaps the first two axes. */
export const swapFirst = (x: Tensor): Tensor => permute(x, [1, 0, ...x.shape.slice(2).map((_, k) => k + 2)]);
